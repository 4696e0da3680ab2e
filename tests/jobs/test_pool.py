"""How a worker process works: claim until nothing is left, a slot kept for clients, a heart that beats."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from jobs import dispatch, pool, queue, workers
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import planning
from jobs.models import Cluster, Delivery, Job, Process, Run
from jobs.pool import Pulse
from tests.jobs.conftest import document_result, done
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    """A pool of its own for the test that beats fast, does not linger, and closes its connections."""
    settings.CONCURRENCY = 4
    monkeypatch.setattr(pool, "_LINGER_SECONDS", 0.05)
    monkeypatch.setattr(pool, "_BEAT_SECONDS", 0.01)
    with ThreadPoolExecutor(settings.CONCURRENCY) as threads:
        monkeypatch.setattr(pool, "_threads", lambda: threads)
        yield
        together = threading.Barrier(settings.CONCURRENCY)

        def close() -> None:
            together.wait(PATIENCE)
            connection.close()

        for future in [threads.submit(close) for _ in range(settings.CONCURRENCY)]:
            future.result()


def open_jobs(*priorities: int) -> list[Job]:
    """Jobs that are ready to be planned."""
    ready_at = timezone.now() - timedelta(seconds=1)
    return [
        Job.objects.create(title=str(n), brief="x", priority=priority, ready_at=ready_at, budget_microusd=1)
        for n, priority in enumerate(priorities)
    ]


def ask(run: Run, pulse: Pulse) -> None:
    """End a planning Run in the shortest way."""
    planning.ask(run, question="What?", suggestions=["a", "b"], recommended=0, by="test")


def serve(do: Callable[[Run, Pulse], None], claim: Callable[[int], Run | None] = queue.claim_run) -> int:
    """Serve the agents' cluster until nothing is left."""
    return pool.serve("agents", claim=claim, do=do)


def test_everything_that_is_ready_is_done_and_counted() -> None:
    open_jobs(2, 1, 2, 1, 2, 2, 2)
    assert serve(ask) == 7
    assert set(Job.objects.values_list("state", flat=True)) == {"needs_clarification"}


def test_with_nothing_to_do_it_ends() -> None:
    assert serve(ask) == 0


def test_it_answers_the_bell_so_that_later_work_rings() -> None:
    dispatch.ring("agents")
    assert serve(ask) == 0
    assert Cluster.objects.get(pk="agents").bell_at is None


def test_work_that_comes_while_it_works_needs_no_bell() -> None:
    open_jobs(2)
    first = threading.Lock()

    def do(run: Run, pulse: Pulse) -> None:
        if first.acquire(blocking=False):
            open_jobs(2, 2)
        ask(run, pulse)

    assert serve(do) == 3


def test_it_works_on_as_many_as_it_has_slots_at_once() -> None:
    open_jobs(1, 1, 1, 1)
    meeting = threading.Barrier(4)

    def do(run: Run, pulse: Pulse) -> None:
        meeting.wait(PATIENCE)
        ask(run, pulse)

    assert serve(do) == 4
    assert not meeting.broken


def test_the_last_slot_is_kept_for_a_client() -> None:
    open_jobs(2, 2, 2, 2, 2)
    three = threading.Barrier(3)
    client_came = threading.Event()
    begun: list[int] = []

    def do(run: Run, pulse: Pulse) -> None:
        begun.append(run.job.priority)
        if run.job.priority == 1:
            client_came.set()
        elif not client_came.is_set():
            # Three internal ones fill all slots but one; only then does the client's arrive.
            if three.wait(PATIENCE) == 0:
                open_jobs(1)
            assert client_came.wait(PATIENCE)
        ask(run, pulse)

    assert serve(do) == 6
    assert begun[:4] == [2, 2, 2, 1]


def test_a_full_house_claims_nothing_more() -> None:
    open_jobs(1, 1, 1, 1, 1)
    waiting: list[int] = []
    # Counted while all four are inside, before any of them goes on.
    four = threading.Barrier(4, action=lambda: waiting.append(Job.objects.filter(state="pending").count()))

    def do(run: Run, pulse: Pulse) -> None:
        if not waiting:
            four.wait(PATIENCE)
        ask(run, pulse)

    assert serve(do) == 5
    assert waiting == [1]


def test_a_run_that_breaks_off_leaves_the_others_alone_and_is_let_go() -> None:
    open_jobs(1, 1, 1)
    first = Job.objects.earliest("id")

    def do(run: Run, pulse: Pulse) -> None:
        if run.job == first and run.job.starts == 1:
            raise RuntimeError("broken in the middle")
        ask(run, pulse)

    assert serve(do) == 3
    left = Run.objects.get(state="running")
    assert left.job == first
    assert queue.expired() == [left]
    # This very process held it; it is taken up without anybody being killed for it.
    workers.sweep()
    assert serve(do) == 1
    first.refresh_from_db()
    assert (first.state, first.starts) == ("needs_clarification", 0)


def test_a_delivery_that_breaks_off_is_in_doubt_after_the_sweep(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())

    def do(delivery: Delivery, pulse: Pulse) -> None:
        raise RuntimeError("broken in the middle")

    assert pool.serve("deliveries", claim=queue.claim_delivery, do=do) == 1
    workers.sweep()
    assert Delivery.objects.get().state == "unknown"


def test_what_was_taken_up_by_another_is_not_let_go_again(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())

    def do(delivery: Delivery, pulse: Pulse) -> None:
        deliveries.give_back(delivery, reason="later", delay_seconds=0, by="test")
        Delivery.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
        assert queue.claim_delivery() is not None
        raise RuntimeError("late")

    claims = [queue.claim_delivery]
    assert pool.serve("deliveries", claim=lambda _: claims.pop()() if claims else None, do=do) == 1
    assert queue.stranded() == []


def test_a_claim_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_LINGER_SECONDS", 1.0)
    open_jobs(1)
    failures = [OperationalError("the database restarts")]

    def claim(priority: int) -> Run | None:
        if failures:
            raise failures.pop()
        return queue.claim_run(priority)

    assert serve(ask, claim) == 1


def test_a_process_that_drains_claims_no_more_and_finishes_what_it_has() -> None:
    open_jobs(2, 2, 2, 2, 2, 2)
    begun: list[int] = []

    def do(run: Run, pulse: Pulse) -> None:
        begun.append(run.pk)
        Process.objects.update(draining=True)
        assert pulse.draining.wait(PATIENCE)
        ask(run, pulse)

    assert serve(do) == len(begun) <= 3
    assert Job.objects.filter(state="pending").count() == 6 - len(begun)
    assert Job.objects.filter(state="needs_clarification").count() == len(begun)


def test_its_row_is_there_while_it_serves_and_gone_afterwards() -> None:
    open_jobs(1)
    seen: list[Process] = []

    def do(run: Run, pulse: Pulse) -> None:
        before = Process.objects.get()
        until(lambda: Process.objects.get().heartbeat_at > before.heartbeat_at)
        until(lambda: Process.objects.get().in_flight == 1)
        seen.append(Process.objects.get())
        ask(run, pulse)

    assert serve(do) == 1
    assert seen[0].cluster == "agents"
    assert seen[0].progress_at >= seen[0].heartbeat_at - timedelta(minutes=1)
    assert not Process.objects.exists()


def test_leases_of_what_it_holds_are_renewed(settings: Settings) -> None:
    settings.LEASE = timedelta(seconds=0.4)
    open_jobs(1)

    def do(run: Run, pulse: Pulse) -> None:
        pulse.holds(run.pk)
        claimed_until = Run.objects.get(pk=run.pk).lease_until
        until(lambda: Run.objects.get(pk=run.pk).lease_until > claimed_until + settings.LEASE)
        ask(run, pulse)

    assert serve(do) == 1
    assert Job.objects.get().state == "needs_clarification"


def test_the_lease_of_a_delivery_that_takes_its_time_is_renewed(
    planned: Callable[..., Job], settings: Settings
) -> None:
    settings.LEASE = timedelta(seconds=0.4)
    planned()
    done(document_result())

    def do(delivery: Delivery, pulse: Pulse) -> None:
        claimed_until = Delivery.objects.get().lease_until
        with pulse.carrying(delivery):
            until(lambda: Delivery.objects.get().lease_until > claimed_until + settings.LEASE)
        deliveries.land(delivery, external_id="1", url="", detail="", by="test")

    assert pool.serve("deliveries", claim=queue.claim_delivery, do=do) == 1
    assert Delivery.objects.get().state == "delivered"


def test_a_lease_that_was_let_go_is_not_renewed() -> None:
    open_jobs(1)

    def do(run: Run, pulse: Pulse) -> None:
        pulse.holds(run.pk)
        pulse.lets_go(run.pk)
        Run.objects.update(lease_until=Now() - timedelta(hours=1))
        before = Process.objects.get().heartbeat_at
        until(lambda: Process.objects.get().heartbeat_at > before)
        assert Run.objects.filter(lease_until__lt=Now()).exists()
        ask(run, pulse)

    assert serve(do) == 1
    assert Job.objects.get().state == "needs_clarification"


def test_a_run_that_was_taken_over_is_heard_of(settings: Settings) -> None:
    settings.LEASE = timedelta(seconds=0.04)
    open_jobs(1)
    heard: list[bool] = []

    def do(run: Run, pulse: Pulse) -> None:
        pulse.holds(run.pk)
        assert not pulse.is_lost(run.pk)
        planning.fail(Run.objects.get(pk=run.pk), cause="ended by another", fix="", by="sweep")
        until(lambda: pulse.is_lost(run.pk))
        pulse.lets_go(run.pk)
        heard.append(pulse.is_lost(run.pk))

    assert serve(do) == 1
    assert heard == [False]


def test_more_may_wait_for_a_model_than_have_a_place_at_the_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(pool, "_places", threading.BoundedSemaphore(2))
    together = threading.Barrier(settings.CONCURRENCY - 1)
    connected: list[bool] = []

    def wait(run: Run, pulse: Pulse) -> None:
        with pool.away():
            connected.append(connection.connection is not None)
            together.wait(PATIENCE)
        ask(run, pulse)

    open_jobs(*[2] * (settings.CONCURRENCY - 1))
    assert pool.serve(dispatch.AGENTS, claim=queue.claim_run, do=wait) == settings.CONCURRENCY - 1
    assert connected == [False] * (settings.CONCURRENCY - 1)
    assert pool._places.acquire(blocking=False), "every place was given back"
    assert pool._places.acquire(blocking=False)


def test_no_more_threads_use_the_database_than_have_a_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_places", threading.BoundedSemaphore(1))
    busy = threading.Semaphore(1)

    def alone(run: Run, pulse: Pulse) -> None:
        assert busy.acquire(blocking=False)
        ask(run, pulse)
        busy.release()

    jobs = open_jobs(2, 2, 2)
    pool.serve(dispatch.AGENTS, claim=queue.claim_run, do=alone)
    assert not Job.objects.filter(pk__in=[job.pk for job in jobs], state="in_progress").exists()
