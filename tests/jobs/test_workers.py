"""The sweep takes up what the dead left and rings for what waits; the rest of what the clock calls."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from jobs import queue, workers
from jobs.holder import Holder, this_process
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle.job import open_job
from jobs.models import Cluster, Delivery, Event, Job, Process, Receipt, Review, Run, Task, Trigger
from jobs.states import NEVER
from tests.jobs.conftest import claimed, document_result, done, message_result, sending, together

pytestmark = pytest.mark.django_db

ELSEWHERE = Holder(host="another machine", pid=1, started="1")
PASSED = timedelta(seconds=-1)
LASTS = timedelta(hours=1)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A living process."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def holder_of(process: subprocess.Popen[bytes]) -> Holder:
    """The holder that this child is."""
    started = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()[19]
    return Holder(host=this_process().host, pid=process.pid, started=started)


def hold(row: Run | Delivery, holder: Holder, lease: timedelta) -> None:
    """Let the row be held by somebody else."""
    columns = {"host": holder.host, "pid": holder.pid, "pid_started": holder.started}
    type(row).objects.filter(pk=row.pk).update(lease_until=Now() + lease, **columns)


def bells() -> set[str]:
    """The clusters whose bell is outstanding."""
    return set(Cluster.objects.filter(bell_at__isnull=False).values_list("name", flat=True))


# sweep


def test_with_nothing_wrong_a_sweep_changes_nothing(planned: Callable[..., Job]) -> None:
    planned()
    claimed()
    Cluster.objects.all().delete()
    before = Event.objects.count()
    workers.sweep()
    assert Event.objects.count() == before
    assert bells() == set()


def test_the_task_of_a_dead_process_is_ready_again(
    planned: Callable[..., Job], child: subprocess.Popen[bytes]
) -> None:
    planned()
    run = claimed()
    hold(run, holder_of(child), LASTS)
    workers.sweep()
    assert Task.objects.get().state == "in_progress", "it lives, and its lease lasts"
    child.kill()
    child.wait()
    workers.sweep()
    run.refresh_from_db()
    assert (run.state, Task.objects.get().state) == ("abandoned", "pending")
    assert Event.objects.get(name="task.given_back").actor == "sweep"
    assert "agents" in bells()
    assert claimed().task == Task.objects.get()


def test_the_planning_of_a_dead_process_is_ready_again(job: Job, child: subprocess.Popen[bytes]) -> None:
    hold(claimed(), holder_of(child), LASTS)
    child.kill()
    child.wait()
    workers.sweep()
    job.refresh_from_db()
    assert job.state == "pending"
    assert "agents" in bells()


def test_a_stalled_process_is_ended_before_its_work_is_taken(
    planned: Callable[..., Job], child: subprocess.Popen[bytes]
) -> None:
    planned()
    run = claimed()
    child.send_signal(signal.SIGSTOP)
    hold(run, holder_of(child), PASSED)
    workers.sweep()
    assert child.wait(10) == -signal.SIGKILL
    assert Task.objects.get().state == "pending"


def test_a_process_that_cannot_be_ended_keeps_its_work(planned: Callable[..., Job]) -> None:
    planned()
    run = claimed()
    hold(run, this_process(), PASSED)
    workers.sweep()
    run.refresh_from_db()
    assert run.state == "running"


def test_of_another_host_only_the_lease_speaks(planned: Callable[..., Job]) -> None:
    planned()
    run = claimed()
    hold(run, ELSEWHERE, LASTS)
    workers.sweep()
    assert Run.objects.get(pk=run.pk).state == "running"
    hold(run, ELSEWHERE, PASSED)
    workers.sweep()
    assert Run.objects.get(pk=run.pk).state == "abandoned"


def test_a_task_that_takes_its_process_along_three_times_is_set_aside(planned: Callable[..., Job]) -> None:
    planned()
    for _ in range(3):
        Task.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
        hold(claimed(), ELSEWHERE, PASSED)
        workers.sweep()
    assert Task.objects.get().state == "failed"
    assert Review.objects.get().kind == "failure"
    workers.sweep()
    assert queue.claim_run() is None


def test_what_a_dead_process_was_sending_is_in_doubt(
    planned: Callable[..., Job], child: subprocess.Popen[bytes]
) -> None:
    planned()
    done(document_result())
    delivery = sending()
    hold(delivery, holder_of(child), LASTS)
    child.kill()
    child.wait()
    workers.sweep()
    delivery.refresh_from_db()
    assert delivery.state == "unknown"
    assert delivery.ready_at > timezone.now()
    assert Event.objects.get(name="delivery.unknown").actor == "sweep"
    assert queue.claim_delivery() is None


def test_a_stalled_sender_is_ended_before_anything_is_looked_up(
    planned: Callable[..., Job], child: subprocess.Popen[bytes]
) -> None:
    planned()
    done(document_result())
    delivery = sending()
    child.send_signal(signal.SIGSTOP)
    hold(delivery, holder_of(child), PASSED)
    workers.sweep()
    assert child.wait(10) == -signal.SIGKILL
    assert Delivery.objects.get().state == "unknown"


def test_a_sender_that_cannot_be_ended_keeps_its_delivery(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())
    hold(sending(), this_process(), PASSED)
    workers.sweep()
    assert Delivery.objects.get().state == "sending"


def test_a_row_that_cannot_be_rescued_keeps_no_other_from_it(planned: Callable[..., Job]) -> None:
    planned()
    broken = claimed()
    hold(broken, ELSEWHERE, PASSED)
    # A row of a newer version: its state is one that this code cannot lead anywhere.
    Task.objects.update_state(state="cancelled")
    open_job(title="x", brief="x", by="x", priority=1)
    sound = claimed()
    hold(sound, ELSEWHERE, PASSED)
    workers.sweep()
    assert Run.objects.get(pk=broken.pk).state == "running"
    assert Run.objects.get(pk=sound.pk).state == "abandoned"


def test_a_lost_bell_is_rung_again_for_what_waits(planned: Callable[..., Job]) -> None:
    planned()
    Cluster.objects.all().delete()
    workers.sweep()
    assert bells() == {"agents"}
    done(document_result())
    Cluster.objects.all().delete()
    workers.sweep()
    assert bells() == {"deliveries"}


def test_nobody_is_rung_for_what_waits_for_a_person(planned: Callable[..., Job]) -> None:
    planned()
    done(message_result())
    Cluster.objects.all().delete()
    workers.sweep()
    assert bells() == set()


def test_a_look_up_that_is_due_rings(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())
    deliveries.doubt(sending(), reason="no answer", lag_seconds=-1, by="deliveries")
    Cluster.objects.all().delete()
    workers.sweep()
    assert bells() == {"deliveries"}


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_rescue_each_run_once(planned: Callable[..., Job]) -> None:
    planned()
    hold(claimed(), ELSEWHERE, PASSED)
    assert together(4, workers.sweep) == [None] * 4
    assert Event.objects.filter(name="run.abandoned").count() == 1
    assert Task.objects.get().starts == 1


# the clock's other calls


def test_the_cycle_looks_at_internal_work() -> None:
    workers.cycle()
    assert bells() == {"agents"}


def test_due_slots_are_opened() -> None:
    trigger = Trigger.objects.create(
        name="Every minute", slug="minutely", source="schedule", conditions={"cron": "* * * * *"}
    )
    Trigger.objects.filter(pk=trigger.pk).update(created_at=timezone.now() - timedelta(seconds=61))
    workers.open_due_slots()
    assert Job.objects.get(trigger=trigger).receipt == Receipt.objects.latest("id")


def test_the_same_minute_lets_queued_runs_begin_and_watches_those_at_work() -> None:
    rule = {"cron": "* * * * *", "overlap": "queue", "catch_up": "all"}
    trigger = Trigger.objects.create(name="Every minute", slug="minutely", source="schedule", conditions=rule)
    # Half a minute before the last slot but one, so that there are two, whatever second it is.
    this_minute = timezone.now().replace(second=0, microsecond=0)
    Trigger.objects.filter(pk=trigger.pk).update(created_at=this_minute - timedelta(seconds=90))
    workers.open_due_slots()
    first, second = Job.objects.order_by("id")
    assert second.ready_at == NEVER
    long_ago = timezone.now() - timedelta(hours=2)
    Job.objects.filter(pk=first.pk).update_state(state="completed")
    opened = {**second.data, "opened": long_ago.isoformat()}
    Job.objects.filter(pk=second.pk).update(data=opened, created_at=long_ago)
    workers.open_due_slots()
    second.refresh_from_db()
    assert second.ready_at < NEVER
    Event.objects.filter(name="job.resumed")._raw_delete("default")
    workers.open_due_slots()
    workers.open_due_slots()
    assert Review.objects.get().payload["alarm"] == "hanging"


def test_processes_long_gone_are_forgotten_and_their_messages_too() -> None:
    now = timezone.now()
    for pid, age in ((1, timedelta(hours=2)), (2, timedelta(minutes=5))):
        Process.objects.create(
            cluster="agents", host="h", pid=pid, pid_started="1", heartbeat_at=now - age, progress_at=now
        )
    OrmQ.objects.create(key="agents", payload="taken by the dead", lock=now + timedelta(hours=1))
    workers.prune()
    workers.prune()
    assert Process.objects.get().pid == 2
    assert not OrmQ.objects.exists()


def test_every_schedule_can_be_called_twice(settings: Settings, job: Job) -> None:
    for name in ("cycle", "sweep", "open_due_slots", "prune"):
        assert any(entry["func"] == f"jobs.workers.{name}" for entry in settings.SCHEDULES.values())
        getattr(workers, name)()
        getattr(workers, name)()
    job.refresh_from_db()
    assert job.state == "pending"


# digest


def test_the_digest_goes_once_to_each_who_wants_it(settings: Settings, job: Job) -> None:
    settings.NOTICES = {
        "post": {"events": [], "cards": [], "digest": True},
        "chat": {"events": [], "cards": [], "digest": True},
        "ledger": {"events": [], "cards": [], "digest": False},
    }
    settings.DIGEST_AT = timezone.localtime().time().replace(microsecond=0)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=2))
    date = timezone.localdate()
    together(3, workers.digest)
    workers.digest()
    found = Delivery.objects.filter(kind="notice")
    assert sorted(found.values_list("key", flat=True)) == [f"digest:chat:{date}", f"digest:post:{date}"]
    assert {row.fields["digest"]["date"] for row in found} == {date.isoformat()}


def test_nobody_is_sent_a_digest_who_asked_for_none(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=2))
    workers.digest()
    assert not Delivery.objects.exists()
