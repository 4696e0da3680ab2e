"""Verbs of a Job: open, settle, retry, cancel."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning, slot
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.follow_up import WantedJob
from jobs.lifecycle.job import BadJob, open_job
from jobs.lifecycle.moves import IllegalMove
from jobs.lifecycle.planning import PlannedStep
from jobs.models import Client, Cluster, Delivery, Event, Job, Review, Run, Task, Trigger
from tests.jobs.conftest import (
    STEP,
    a_file,
    claimed,
    claimed_later,
    document_result,
    done,
    last_hour,
    message_result,
    sending,
)

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


# open_job


def test_a_job_is_opened_with_its_first_history_line(trattoria: Client, settings: Settings) -> None:
    job = open_job(title=" Status\x00 ", brief=" Write\x00 it. ", by="owner", client=trattoria, data={"a": 1})
    job.refresh_from_db()
    assert (job.title, job.brief, job.data, job.created_by) == ("Status", "Write it.", {"a": 1}, "owner")
    assert (job.state, job.priority, job.budget_microusd) == ("pending", 1, settings.JOB_BUDGET)
    line = Event.objects.get()
    assert (line.name, line.actor, line.job, line.to) == ("job.opened", "owner", job, "pending")


def test_without_a_title_the_briefs_first_line_is_one() -> None:
    assert open_job(title="  ", brief="First line\nsecond", by="x").title == "First line"
    assert len(open_job(title="", brief="x" * 500, by="x").title) == 200


@pytest.mark.parametrize("brief", ["", "  \n ", "\x00"])
def test_a_job_without_a_brief_is_refused(brief: str) -> None:
    with pytest.raises(BadJob, match="needs a brief"):
        open_job(title="x", brief=brief, by="x")
    assert not Job.objects.exists()


def test_a_priority_beyond_the_two_is_refused() -> None:
    with pytest.raises(BadJob, match=r"1 \(client work\) or 2"):
        open_job(title="x", brief="x", by="x", priority=3)


def test_work_for_a_client_is_urgent_unless_said_otherwise(trattoria: Client) -> None:
    assert open_job(title="x", brief="x", by="x", client=trattoria).priority == 1
    assert open_job(title="x", brief="x", by="x", client=trattoria, priority=2).priority == 2
    assert open_job(title="x", brief="x", by="x").priority == 2


def test_urgent_work_rings_and_internal_work_waits_for_the_cycle(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.ORCHESTRATE_EVERY = timedelta(minutes=5)
    now = datetime(2026, 11, 23, 2, 31, 12, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert open_job(title="x", brief="x", by="x").ready_at == datetime(2026, 11, 23, 2, 35, tzinfo=UTC)
    assert open_job(title="x", brief="x", by="x", priority=1).ready_at == now


@pytest.mark.django_db(transaction=True)
def test_only_urgent_work_rings_at_once() -> None:
    open_job(title="x", brief="x", by="x")
    assert not Cluster.objects.exists()
    open_job(title="x", brief="x", by="x", priority=1)
    assert Cluster.objects.get(pk="agents").bell_at


def test_a_budget_of_nothing_is_a_budget() -> None:
    assert open_job(title="x", brief="x", by="x", budget_microusd=0).budget_microusd == 0


# settle


def test_a_task_starts_when_all_that_it_needs_is_completed(planned: Planned) -> None:
    job = planned(step(), step(), step(1, 2))
    assert states(job) == ["pending", "pending", "blocked"]
    done(document_result())
    assert states(job) == ["completed", "pending", "blocked"]
    done(document_result())
    assert states(job) == ["completed", "completed", "pending"]
    assert Event.objects.filter(name="task.unblocked", job=job).count() == 1


def test_siblings_of_what_waits_for_a_person_go_on(planned: Planned) -> None:
    job = planned(step(), step())
    done(message_result())
    assert state_of(job) == "in_progress"
    done(document_result())
    assert state_of(job) == "in_progress", "its delivery is still on its way"
    deliveries.land(sending(), external_id="x", url="", detail="", by="deliveries")
    assert state_of(job) == "needs_review"


def test_siblings_of_what_failed_go_on_and_then_the_job_has_failed(planned: Planned) -> None:
    job = planned(step(), step(), step(1))
    fail_next()
    assert state_of(job) == "in_progress"
    done(document_result())
    deliveries.land(sending(), external_id="x", url="", detail="", by="deliveries")
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "no access")
    assert states(job) == ["failed", "completed", "blocked"]
    assert job.finished_at


def test_what_needs_something_declined_is_cancelled_down_the_line(planned: Planned, owner: User) -> None:
    job = planned(step(), step(1), step(2))
    done(message_result())
    review = Review.objects.get()
    reviews.decline(review, by=owner, version=1)
    assert states(job) == ["cancelled", "cancelled", "cancelled"]
    job.refresh_from_db()
    assert (job.state, job.reason) == ("cancelled", "Nothing of it was wanted.")


def test_a_job_of_which_something_was_wanted_is_completed(planned: Planned, owner: User) -> None:
    job = planned(step(), step())
    done(message_result())
    reviews.decline(Review.objects.get(), by=owner, version=1)
    done(document_result())
    deliveries.land(sending(), external_id="x", url="", detail="", by="deliveries")
    assert state_of(job) == "completed"


def test_a_job_that_has_ended_is_not_settled_again(planned: Planned) -> None:
    job = planned()
    jobs.cancel(job, by="owner")
    before = Event.objects.count()
    with transaction.atomic():
        jobs.settle(job.pk, by="test")
    assert state_of(job) == "cancelled"
    assert Event.objects.count() == before


# retry


def test_a_retry_starts_what_failed_and_closes_its_item(planned: Planned) -> None:
    job = planned(step(), step(1))
    fail_next()
    review = Review.objects.get(kind="failure")
    jobs.retry(job, by="owner", budget_microusd=9_000_000)
    job.refresh_from_db()
    assert (job.state, job.reason, job.finished_at, job.budget_microusd) == ("in_progress", "", None, 9_000_000)
    assert states(job) == ["pending", "blocked"]
    assert state_of(review) == "superseded"
    task = Task.objects.get(position=1)
    assert (task.reason, task.starts, task.finished_at) == ("", 0, None)
    assert list(Event.objects.filter(actor="owner").values_list("name", flat=True)) == [
        "job.retried",
        "task.retried",
        "review.superseded",
        "job.resumed",
    ]
    done(document_result())
    assert states(job) == ["completed", "pending"]


def test_a_failed_part_can_start_again_while_the_job_goes_on(planned: Planned) -> None:
    job = planned(step(), step())
    fail_next()
    jobs.retry(job, by="owner")
    assert states(job) == ["pending", "pending"]
    assert state_of(job) == "in_progress"


def test_failed_planning_is_planned_again(job: Job) -> None:
    planning.fail(claimed(), cause="no plan", fix="", by="orchestrator")
    assert state_of(job) == "failed"
    jobs.retry(job, by="owner")
    job.refresh_from_db()
    assert (job.state, job.starts, job.finished_at) == ("pending", 0, None)
    assert claimed().task is None


def test_a_failed_delivery_is_sent_again_as_it_was(planned: Planned) -> None:
    job = planned()
    done(document_result())
    delivery = sending()
    deliveries.fail(delivery, reason="no such folder", by="deliveries")
    assert state_of(job) == "failed"
    jobs.retry(job, by="owner")
    assert (state_of(job), state_of(delivery)) == ("in_progress", "pending")
    assert sending().digest == delivery.digest
    assert Run.objects.filter(task__isnull=False).count() == 1, "nothing is made anew"


@pytest.mark.parametrize(("kind", "round_"), [("", 1), ("budget", 0)])
def test_a_retry_begins_a_new_conversation_unless_only_money_ran_out(
    planned: Planned, kind: str, round_: int
) -> None:
    job = planned()
    fail_next(kind)
    jobs.retry(job, by="owner")
    assert claimed().round == round_


@pytest.mark.parametrize(("kind", "round_"), [("", 1), ("budget", 0)])
def test_so_does_a_retry_of_the_planning(job: Job, kind: str, round_: int) -> None:
    planning.fail(claimed(), cause="x", fix="", by="orchestrator", kind=kind)
    jobs.retry(job, by="owner")
    assert claimed().round == round_


def test_nothing_starts_again_that_did_not_fail(planned: Planned) -> None:
    job = planned()
    done(document_result())
    deliveries.land(sending(), external_id="x", url="", detail="", by="deliveries")
    with pytest.raises(IllegalMove):
        jobs.retry(job, by="owner")
    fresh = open_job(title="x", brief="x", by="x")
    with pytest.raises(IllegalMove):
        jobs.retry(fresh, by="owner")
    jobs.cancel(fresh, by="owner")
    with pytest.raises(IllegalMove):
        jobs.retry(fresh, by="owner")


def test_a_job_that_waits_for_an_answer_is_not_started_without_it(job: Job) -> None:
    planning.ask(claimed(), question="Which?", suggestions=["a", "b"], recommended=0, by="orchestrator")
    with pytest.raises(IllegalMove, match="needs clarification"):
        jobs.retry(job, by="owner")
    assert state_of(Review.objects.get()) == "open"


def test_a_retry_leaves_the_question_open_whether_something_arrived(planned: Planned) -> None:
    job = planned(step(), step())
    done(document_result())
    delivery = sending()
    deliveries.doubt(delivery, reason="no answer", lag_seconds=0, by="deliveries")
    deliveries.leave_to_person(delivery, by="deliveries")
    fail_next()
    assert state_of(job) == "needs_review"
    jobs.retry(job, by="owner")
    assert list(Review.objects.filter(state="open").values_list("payload__unknown", flat=True)) == [True]


# the inbox


def test_a_failure_says_its_cause_and_what_to_do(planned: Planned) -> None:
    job = planned(STEP)
    fail_next(kind="other")
    review = Review.objects.get()
    assert (review.kind, review.title, review.consequence) == ("failure", "Failed: Write it", "no access")
    assert review.payload == {"cause": "no access", "fix": "Give access.", "written": False, "kind": "other"}
    assert (review.job, review.priority) == (job, 1)
    line = Event.objects.get(name="review.opened")
    assert (line.actor, line.row, line.to) == ("desk", review.pk, "open")


# the runs of schedules


def test_a_schedules_run_that_leaves_nothing_behind_raises_one_alarm(empty: Review) -> None:
    assert (empty.kind, empty.payload["alarm"], empty.own_job.state) == ("alarm", "empty", "completed")
    assert empty.title.startswith("Look around, ")
    assert empty.title.endswith("Europe/Berlin: the run made nothing")
    assert Event.objects.filter(name="review.opened", row=empty.pk).exists()


@pytest.mark.parametrize("made", ["a file", "a job"])
def test_a_schedules_run_that_leaves_something_raises_none(hourly: Trigger, made: str) -> None:
    slot.open_due(last_hour())
    job = Job.objects.get()
    planning.accept_plan(claimed_later(), [STEP], by="orchestrator")
    files = [a_file()] if made == "a file" else []
    follow_ups = [WantedJob("More", "Do more.")] if made == "a job" else []
    done(tasks.Result(output={}, summary="x", files=files, follow_ups=follow_ups))
    assert state_of(job) == "completed"
    assert not Review.objects.exists()


def test_a_job_that_no_clock_opened_may_make_nothing(planned: Planned) -> None:
    planned()
    done(tasks.Result(output={}, summary="nothing new", files=[]))
    assert Job.objects.get().state == "completed"
    assert not Review.objects.exists()


def test_an_alarm_does_not_keep_a_job_from_its_end(hanging: Review) -> None:
    planning.accept_plan(claimed_later(), [STEP], by="orchestrator")
    done(tasks.Result(output={}, summary="x", files=[a_file()]))
    assert state_of(hanging.own_job) == "completed"
    assert state_of(hanging) == "open", "a person has not seen it yet"


def test_a_job_that_is_run_again_is_planned_at_once(empty: Review) -> None:
    made = jobs.run_again(empty.own_job, by="owner")
    assert claimed().job == made
    assert (made.data, made.agents) == (empty.own_job.data, empty.own_job.agents)
    assert made.again_of == empty.job
    line = Event.objects.get(name="job.repeated")
    assert (line.job, line.actor, line.data["job"]) == (empty.job, "owner", made.pk)


def test_a_job_is_run_again_with_other_words(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(budget_microusd=7, data={"a": 1})
    job.refresh_from_db()
    made = jobs.run_again(job, by="owner", title="Shorter", brief="Half as long.")
    assert (made.title, made.brief, made.again_of) == ("Shorter", "Half as long.", job)
    assert (made.client, made.budget_microusd, made.data) == (job.client, 7, {"a": 1})
    job.refresh_from_db()
    assert (job.state, job.brief) == ("pending", "Write the status mail."), "the first stays as it is"


def test_what_is_run_again_is_due_when_it_was_unless_that_has_passed(job: Job) -> None:
    for hours, is_kept in ((1, True), (-1, False)):
        due_at = job.due_at = timezone.now() + timedelta(hours=hours)
        assert jobs.run_again(job, by="owner", brief=f"Again {hours}.").due_at == (due_at if is_kept else None)
