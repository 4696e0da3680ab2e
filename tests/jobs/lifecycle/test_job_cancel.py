"""The end of a Job before its time: what stops, what is still brought to its end, what goes with it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import queue
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import open_job
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.lifecycle.planning import PlannedStep
from jobs.models import Delivery, Event, Job, Review, Run, Task
from jobs.states import NEVER
from tests.jobs.conftest import STEP, at_once, claimed, document_result, done, message_result, sending

pytestmark = pytest.mark.django_db

Planned = Callable[..., Job]


def step(*needs: int) -> PlannedStep:
    """A step that needs these."""
    return PlannedStep(agent="drafting", title="Write it", input={}, needs=list(needs))


def states(job: Job) -> list[str]:
    """The states of the job's tasks, by position."""
    return list(job.tasks.order_by("position").values_list("state", flat=True))


def state_of(row: Job | Delivery | Review | Task | Run) -> str:
    """The state as it stands in the table."""
    return str(type(row).objects.values_list("state", flat=True).get(pk=row.pk))


def fail_next(kind: str = "") -> Run:
    """Claim the next Task and fail it."""
    run = claimed()
    tasks.fail(run, cause="no access", fix="Give access.", by="agent:test", kind=kind)
    return run


# out of money


def test_a_job_out_of_money_is_one_item_and_each_of_its_conversations_goes_on(planned: Planned) -> None:
    job = planned(step(), step(), step())
    fail_next(kind="budget")
    Review.objects.update(snoozed_until=timezone.now() + timedelta(days=1))
    fail_next(kind="budget")
    fail_next()
    money, other = Review.objects.order_by("id")
    assert money.snoozed_until is None, "something new happened to it"
    assert money.title == f"Out of money: {job.title}"
    assert money.payload["tasks"] == [task.pk for task in job.tasks.all()[:2]]
    assert other.title.startswith("Failed: ")
    jobs.retry(job, by="owner", budget_microusd=9_000_000)
    assert [task.round for task in job.tasks.order_by("position")] == [0, 0, 1]
    assert not Review.objects.filter(state="open").exists()
    fail_next(kind="budget")
    assert Review.objects.filter(state="open").count() == 1, "it may run out once more"


# cancel


def test_cancelling_ends_everything_that_is_open(planned: Planned) -> None:
    job = planned(step(), step(), step(1))
    done(message_result())
    run = claimed()
    jobs.cancel(job, by="owner", reason="not needed")
    job.refresh_from_db()
    assert (job.state, job.reason) == ("cancelled", "not needed")
    assert states(job) == ["cancelled", "cancelled", "cancelled"]
    assert state_of(run) == "cancelled"
    assert state_of(Review.objects.get()) == "superseded"
    assert state_of(Delivery.objects.get()) == "cancelled"
    assert queue.claim_run() is None
    assert queue.claim_delivery() is None


def test_what_a_person_sent_back_is_closed_too(planned: Planned, owner: User) -> None:
    job = planned()
    done(message_result())
    reviews.revise(Review.objects.get(), by=owner, version=1, note="warmer")
    jobs.cancel(job, by="owner")
    assert state_of(Review.objects.get()) == "superseded"


def test_an_approved_message_that_has_not_left_does_not_leave(planned: Planned, owner: User) -> None:
    job = planned()
    done(message_result())
    review = Review.objects.get()
    reviews.approve(review, by=owner, version=1, digest=review.digest)
    jobs.cancel(job, by="owner")
    assert state_of(Delivery.objects.get()) == "cancelled"


def test_what_is_being_sent_is_brought_to_its_end(planned: Planned) -> None:
    job = planned()
    done(document_result())
    delivery = sending()
    jobs.cancel(job, by="owner")
    assert state_of(delivery) == "sending"
    deliveries.land(delivery, external_id="x", url="", detail="", by="deliveries")
    assert (state_of(delivery), state_of(job)) == ("delivered", "cancelled")


def test_whether_something_arrived_is_asked_beyond_the_jobs_end(planned: Planned, owner: User) -> None:
    job = planned()
    done(document_result())
    delivery = sending()
    deliveries.doubt(delivery, reason="no answer", lag_seconds=0, by="deliveries")
    deliveries.leave_to_person(delivery, by="deliveries")
    jobs.cancel(job, by="owner")
    review = Review.objects.get()
    assert state_of(review) == "open"
    reviews.resolve_unknown(review, by=owner, version=1, arrived=False)
    assert (state_of(delivery), state_of(job)) == ("cancelled", "cancelled")


def test_a_job_ends_once(planned: Planned) -> None:
    job = planned()
    jobs.cancel(job, by="owner")
    with pytest.raises(IllegalMove):
        jobs.cancel(job, by="owner")


@pytest.mark.django_db(transaction=True)
def test_cancelling_while_its_tasks_are_claimed_and_end_leaves_nothing_open(planned: Planned) -> None:
    job = planned(*[STEP] * 5)
    runs = [claimed() for _ in range(2)]
    results = at_once(
        lambda: jobs.cancel(job, by="owner"),
        lambda: tasks.succeed(runs[0], message_result(), by="agent:test"),
        lambda: tasks.give_back(runs[1], how="", delay_seconds=0, by="agent:test"),
        queue.claim_run,
        queue.claim_run,
    )
    faults = [result for result in results if isinstance(result, Exception) and not isinstance(result, LostRace)]
    assert not faults, "no deadlock, no half-made move"
    assert results[0] is None
    assert set(states(job)) <= {"cancelled", "completed"}
    assert state_of(job) == "cancelled"
    assert not Run.objects.filter(state="running").exists()
    assert not Review.objects.filter(state="open").exists()


# followers


def test_a_follower_starts_when_the_first_is_completed(planned: Planned) -> None:
    job = planned()
    follower = open_job(title="then", brief="then", by="x", priority=1, after=job)
    assert follower.ready_at == NEVER
    done(document_result())
    assert queue.claim_run() is None
    deliveries.land(sending(), external_id="x", url="", detail="", by="deliveries")
    assert claimed().job == follower
    assert Event.objects.filter(name="job.resumed", row=follower.pk, data={"after": job.pk}).exists()


def test_a_follower_waits_while_the_first_has_failed_and_may_be_retried(planned: Planned) -> None:
    job = planned()
    follower = open_job(title="then", brief="then", by="x", after=job)
    fail_next()
    assert (state_of(job), state_of(follower)) == ("failed", "pending")


def test_followers_of_a_cancelled_job_end_with_it(planned: Planned) -> None:
    job = planned()
    second = open_job(title="then", brief="then", by="x", after=job)
    third = open_job(title="and then", brief="and then", by="x", after=second)
    jobs.cancel(job, by="owner")
    second.refresh_from_db()
    assert (second.state, second.reason) == ("cancelled", f"Job {job.pk}, which it waited for, was cancelled.")
    assert state_of(third) == "cancelled"


def test_followers_of_a_job_that_nobody_wanted_end_with_it(planned: Planned, owner: User) -> None:
    job = planned()
    follower = open_job(title="then", brief="then", by="x", after=job)
    done(message_result())
    reviews.decline(Review.objects.get(), by=owner, version=1)
    assert (state_of(job), state_of(follower)) == ("cancelled", "cancelled")
