"""Parking and waking, on real rows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from jobs import queue
from jobs.lifecycle import batch as batches
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import BatchCall, Event, Job, Run
from tests.jobs.conftest import at_once, claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(job: Job) -> Run:
    """A planning Run of internal work."""
    Job.objects.filter(pk=job.pk).update(priority=2)
    return claimed()


def parked(run: Run) -> BatchCall:
    return batches.park(run, ask_digest="a" * 64, ask={"model": "m"}, by="orchestrator")


def test_a_parked_run_waits_until_its_answer_is_there(run: Run) -> None:
    call = parked(run)
    assert queue.claim_run() is None
    batches.sent(batches.take_waiting(10), "batch_1")
    batches.answered(call, {"content": []})
    resumed = queue.claim_run()
    assert resumed == run
    assert resumed.state == "running"
    assert queue.claim_run() is None
    names = list(Event.objects.filter(noun="run", row=run.pk).order_by("id").values_list("name", flat=True))
    assert names == ["run.parked", "run.resumed"]


def test_an_answer_counts_once(run: Run) -> None:
    call = parked(run)
    batches.answered(call, {"first": True})
    batches.fall_back(call, reason="too late")
    batches.answered(call, {"second": True})
    known = batches.call_of(run, "a" * 64)
    assert known
    assert (known.state, known.reply) == ("answered", {"first": True})
    assert batches.call_of(run, "b" * 64) is None


def test_a_run_that_is_not_running_is_not_parked(run: Run) -> None:
    parked(run)
    with pytest.raises((IllegalMove, LostRace)):
        parked(run)


def test_a_call_that_was_answered_while_its_run_was_parked_again_wakes_it(run: Run) -> None:
    call = parked(run)
    batches.answered(call, {})
    again = queue.claim_run()
    assert again
    parked(again)
    assert BatchCall.objects.count() == 1
    assert queue.claim_run() == run


def test_what_a_dead_process_was_sending_is_given_up(run: Run) -> None:
    parked(run)
    (call,) = batches.take_waiting(10)
    assert batches.take_waiting(10) == []
    batches.give_up_late(timezone.now())
    assert BatchCall.objects.get().state == "sending"
    batches.give_up_late(timezone.now() + timedelta(minutes=11))
    call.refresh_from_db()
    assert (call.state, call.reason) == ("direct", "nobody knows whether it was sent")
    assert not batches.is_anything_open()


def test_what_was_not_sent_waits_again(run: Run) -> None:
    parked(run)
    batches.put_back(batches.take_waiting(10))
    assert len(batches.take_waiting(10)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_never_send_the_same_call(run: Run) -> None:
    parked(run)

    def take() -> int:
        try:
            return len(batches.take_waiting(10))
        finally:
            connection.close()

    assert sorted(at_once(take, take)) == [0, 1]
