"""Claims: the most urgent first, each row once, for as long as the database's clock says."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from jobs import queue
from jobs.holder import Holder, this_process
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import planning
from jobs.models import Delivery, Event, Job, Run, Task
from tests.jobs.conftest import STEP, claimed, document_result, done, sending, together

pytestmark = pytest.mark.django_db

ELSEWHERE = Holder(host="another machine", pid=1, started="1")


def ready_job(title: str, *, priority: int = 2, seconds: float = 1, state: str = "pending") -> Job:
    """A job that has been ready for so many seconds."""
    ready_at = timezone.now() - timedelta(seconds=seconds)
    return Job.objects.create(
        title=title, brief=title, priority=priority, ready_at=ready_at, budget_microusd=1, state=state
    )


@pytest.fixture
def dead() -> Holder:
    """A process of this host that has ended."""
    with subprocess.Popen(["sleep", "60"]) as child:
        stat = f"/proc/{child.pid}/stat"
        with open(stat) as file:  # noqa: PTH123 - one line of the kernel's
            started = file.read().rpartition(") ")[2].split()[19]
        child.kill()
    return Holder(host=this_process().host, pid=child.pid, started=started)


def hold(row: Run | Delivery, holder: Holder, *, lease: timedelta) -> None:
    """Let the row be held by somebody else."""
    columns = {"host": holder.host, "pid": holder.pid, "pid_started": holder.started}
    type(row).objects.filter(pk=row.pk).update(lease_until=Now() + lease, **columns)


def everything() -> Iterator[Run]:
    """Claim until nothing is left."""
    while run := queue.claim_run():
        yield run


def test_an_empty_table_gives_nothing() -> None:
    assert queue.claim_run() is None
    assert queue.claim_delivery() is None
    assert queue.claim_lookup() is None


def test_clients_come_first_and_then_the_oldest() -> None:
    ready_job("internal, old", seconds=300)
    ready_job("client, young", priority=1, seconds=1)
    ready_job("internal, young", seconds=2)
    ready_job("client, old", priority=1, seconds=5)
    assert [run.job.title for run in everything()] == [
        "client, old",
        "client, young",
        "internal, old",
        "internal, young",
    ]


def test_of_equal_age_the_first_comes_first() -> None:
    rows = [ready_job(str(number)) for number in range(3)]
    Job.objects.update(ready_at=rows[0].ready_at)
    assert [run.job.title for run in everything()] == ["0", "1", "2"]


def test_a_slot_for_clients_takes_no_internal_work() -> None:
    ready_job("internal")
    assert queue.claim_run(1) is None
    assert queue.claim_run(2) is not None


def test_what_is_not_ready_yet_waits() -> None:
    job = ready_job("later", seconds=-60)
    assert queue.claim_run() is None
    assert not queue.due("agents")
    Job.objects.filter(pk=job.pk).update(ready_at=timezone.now() - timedelta(seconds=1))
    assert queue.due("agents")
    assert queue.claim_run() is not None


@pytest.mark.parametrize("state", ["in_progress", "needs_review", "completed", "failed", "cancelled"])
def test_only_what_is_pending_is_claimed(state: str) -> None:
    ready_job("a job", state=state)
    assert queue.claim_run() is None


def test_a_claim_to_plan_moves_the_job_counts_the_start_and_tells() -> None:
    job = ready_job("a job")
    Job.objects.update(reason="the model was away", round=2)
    run = claimed()
    job.refresh_from_db()
    assert (job.state, job.starts, job.reason) == ("in_progress", 1, "")
    assert (run.job_id, run.task_id, run.state, run.round) == (job.pk, None, "running", 2)
    assert queue.holder_of(run) == this_process()
    line = Event.objects.get(name="job.planning")
    assert (line.actor, line.source, line.to, line.data) == ("queue", "pending", "in_progress", {"run": run.pk})


def test_a_claim_of_a_task_moves_it_counts_the_start_and_tells(planned: Callable[..., Job]) -> None:
    job = planned()
    run = claimed()
    task = Task.objects.get()
    assert (task.state, task.starts) == ("in_progress", 1)
    assert (run.job_id, run.task_id, run.state) == (job.pk, task.pk, "running")
    line = Event.objects.get(name="task.started")
    assert (line.actor, line.noun, line.row, line.job_id) == ("queue", "task", task.pk, job.pk)


def test_begun_work_goes_before_planning_of_the_same_urgency(planned: Callable[..., Job]) -> None:
    ready_job("an older wish", priority=1, seconds=900)
    Job.objects.update(priority=1)
    first, second = claimed(), claimed()
    assert (first.job.title, second.job.title) == ("an older wish", "Status mail")
    planning.accept_plan(second, [STEP], by="orchestrator")
    older = ready_job("an even older wish", priority=1, seconds=1800)
    Job.objects.filter(pk=older.pk).update(client=second.job.client)
    assert claimed().task is not None


def test_a_delivery_is_claimed_once_and_held(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())
    delivery = sending()
    assert (delivery.state, delivery.attempts) == ("sending", 1)
    assert queue.holder_of(delivery) == this_process()
    assert queue.claim_delivery() is None
    assert Event.objects.filter(name="delivery.sending", row=delivery.pk, source="pending").exists()


def test_the_lease_runs_on_the_databases_clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    ready_job("a job")
    real = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: datetime(2100, 1, 1, tzinfo=UTC))
    run = Run.objects.get(pk=claimed().pk)
    assert abs(run.lease_until - real - settings.LEASE) < timedelta(hours=1)
    assert queue.expired() == []
    assert queue.extend([run.pk]) == {run.pk}
    assert abs(Run.objects.get(pk=run.pk).lease_until - real - settings.LEASE) < timedelta(hours=1)


def test_extend_renews_what_runs_and_tells_what_is_lost() -> None:
    ready_job("one")
    ready_job("two")
    kept, lost = claimed(), claimed()
    planning.rescue(lost, by="sweep")
    Run.objects.update(lease_until=Now())
    assert queue.extend([kept.pk, lost.pk]) == {kept.pk}
    assert not Run.objects.filter(pk=kept.pk, lease_until__lte=Now()).exists()
    assert Run.objects.filter(pk=lost.pk, lease_until__lte=Now()).exists()


def test_a_running_run_of_a_living_process_is_not_expired() -> None:
    ready_job("a job")
    claimed()
    assert queue.expired() == []


def test_a_run_whose_lease_has_passed_is_expired() -> None:
    ready_job("a job")
    run = claimed()
    hold(run, this_process(), lease=timedelta(seconds=-1))
    assert queue.expired() == [run]


def test_a_run_of_a_dead_process_here_is_expired_although_its_lease_lasts(dead: Holder) -> None:
    ready_job("a job")
    run = claimed()
    hold(run, dead, lease=timedelta(hours=1))
    assert queue.expired() == [run]


def test_of_another_host_only_the_lease_is_known() -> None:
    ready_job("a job")
    run = claimed()
    hold(run, ELSEWHERE, lease=timedelta(hours=1))
    assert queue.expired() == []
    hold(run, ELSEWHERE, lease=timedelta(seconds=-1))
    assert queue.expired() == [run]


def test_a_run_that_has_ended_does_not_expire(dead: Holder) -> None:
    ready_job("a job")
    run = claimed()
    hold(run, dead, lease=timedelta(seconds=-1))
    planning.rescue(run, by="sweep")
    assert queue.expired() == []


def test_only_the_attempt_that_is_held_here_is_kept(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())
    delivery = queue.claim_delivery()
    assert delivery is not None
    for attempt, holder, is_kept in [
        (delivery.attempts, this_process(), True),
        (delivery.attempts - 1, this_process(), False),
        (delivery.attempts, ELSEWHERE, False),
    ]:
        hold(delivery, holder, lease=timedelta(seconds=-1))
        queue.keep({delivery.pk: attempt})
        assert Delivery.objects.filter(lease_until__gt=Now()).exists() is is_kept
    hold(delivery, this_process(), lease=timedelta())
    Delivery.objects.update_state(state="unknown", lease_until=None)
    queue.keep({delivery.pk: delivery.attempts})
    assert Delivery.objects.get().lease_until is None, "nobody looks it up: nobody keeps it"


def test_stranded_deliveries_are_those_of_the_dead_and_the_late(planned: Callable[..., Job], dead: Holder) -> None:
    planned()
    done(document_result())
    delivery = sending()
    assert queue.stranded() == []
    for holder, lease, is_stranded in [
        (dead, timedelta(hours=1), True),
        (this_process(), timedelta(seconds=-1), True),
        (ELSEWHERE, timedelta(hours=1), False),
        (ELSEWHERE, timedelta(seconds=-1), True),
    ]:
        hold(delivery, holder, lease=lease)
        assert queue.stranded() == ([delivery] if is_stranded else [])


def test_a_doubtful_delivery_is_looked_up_after_its_lag_by_one_process(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())
    deliveries.doubt(sending(), reason="no answer", lag_seconds=60, by="deliveries")
    assert queue.claim_lookup() is None
    assert not queue.due("deliveries")
    Delivery.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
    assert queue.due("deliveries")
    delivery = queue.claim_lookup()
    assert delivery is not None
    assert (delivery.state, delivery.attempts) == ("unknown", 2)
    assert queue.claim_lookup() is None
    hold(delivery, ELSEWHERE, lease=timedelta(seconds=-1))
    assert queue.claim_lookup() == delivery


def test_a_look_up_of_a_dead_process_here_is_free_at_once_and_nobody_elses(
    planned: Callable[..., Job], dead: Holder
) -> None:
    planned()
    done(document_result())
    deliveries.doubt(sending(), reason="no answer", lag_seconds=-1, by="deliveries")
    delivery = queue.claim_lookup()
    assert delivery is not None
    assert not queue.due("deliveries"), "somebody is at it"
    for holder in (this_process(), ELSEWHERE):
        hold(delivery, holder, lease=timedelta(hours=1))
        assert queue.free_lookups() == 0
    hold(delivery, dead, lease=timedelta(hours=1))
    assert queue.claim_lookup() is None
    assert queue.free_lookups() == 1
    assert queue.due("deliveries")
    assert queue.claim_lookup() == delivery


def test_due_tells_each_cluster_of_its_own_work(planned: Callable[..., Job]) -> None:
    planned()
    assert (queue.due("agents"), queue.due("deliveries")) == (True, False)
    done(document_result())
    assert (queue.due("agents"), queue.due("deliveries")) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_many_threads_plan_each_job_once() -> None:
    wanted = {ready_job(str(number), priority=1 + number % 2).pk for number in range(40)}
    taken = [run.job_id for runs in together(8, lambda: list(everything())) for run in runs]
    assert sorted(taken) == sorted(wanted)
    assert set(Job.objects.values_list("starts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_many_threads_do_each_task_once(planned: Callable[..., Job]) -> None:
    job = planned(*[STEP] * 5)
    taken = [run.task_id for runs in together(8, lambda: list(everything())) for run in runs]
    assert sorted(map(str, taken)) == sorted(str(pk) for pk in job.tasks.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_many_threads_send_and_look_up_a_delivery_once(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())
    taken = [row for row in together(8, queue.claim_delivery) if row is not None]
    assert [row.attempts for row in taken] == [1]
    deliveries.doubt(taken[0], reason="no answer", lag_seconds=-1, by="deliveries")
    looked = [row for row in together(8, queue.claim_lookup) if row is not None]
    assert [row.attempts for row in looked] == [2]


@pytest.mark.parametrize(
    ("table", "index", "claim"),
    [
        ("jobs_job", "job_to_plan", queue.claim_run),
        ("jobs_task", "task_to_do", queue.claim_run),
        ("jobs_delivery", "delivery_to_make", queue.claim_delivery),
    ],
)
def test_a_claim_reads_its_partial_index(
    table: str, index: str, claim: Callable[[], object], planned: Callable[..., Job]
) -> None:
    planned(STEP, STEP)
    ready_job("to plan")
    done(document_result())
    later = timezone.now() + timedelta(days=1)
    jobs = Job.objects.bulk_create(
        Job(title="later", brief="later", budget_microusd=1, ready_at=later) for _ in range(1_000)
    )
    Task.objects.bulk_create(
        Task(job=job, position=1, agent="drafting", title="later", priority=2, state="pending", ready_at=later)
        for job in jobs
    )
    with CaptureQueriesContext(connection) as captured:
        while claim():
            pass
    statements = {query["sql"] for query in captured if f"FROM {table} WHERE state = 'pending'" in query["sql"]}
    assert {sql.split()[0] for sql in statements} <= {"SELECT", "WITH", "UPDATE"}
    assert len(statements) >= 2
    for plan in map(_plan, statements):
        assert index in plan, plan


def _plan(statement: str) -> str:
    """How the database would go about it; PostgreSQL is told that small tables are worth an index too."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("ANALYZE jobs_job, jobs_task, jobs_delivery")
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + statement)
        return "\n".join(str(row) for row in cursor.fetchall())
