"""Every open job says in a sentence why it is not done yet."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from jobs import waiting
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import planning
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Job, Review, Run, Task
from jobs.states import NEVER
from tests.jobs.conftest import claimed, document_result, done, message_result, sending

pytestmark = pytest.mark.django_db


def why(job: Job) -> str:
    return waiting.reasons([Job.objects.select_related("after").get(pk=job.pk)], timezone.now()).get(job.pk, "")


def test_before_it_is_planned(job: Job) -> None:
    assert why(job) == "It waits for a free slot."
    internal = open_job(title="Own", brief="x", by="test")
    local = timezone.localtime(internal.ready_at)
    assert why(internal) == f"It is planned at {local:%H:%M}." or why(internal).startswith("It is planned on ")
    after = open_job(title="Then", brief="x", by="test", after=job)
    assert why(after) == "It waits for the job “Status mail”."
    Job.objects.filter(pk=internal.pk).update(ready_at=NEVER)
    assert why(internal) == "It waits until the run before it has ended."
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    Job.objects.filter(pk=internal.pk).update(ready_at=tomorrow, reason="The day's envelope is used up.")
    day = timezone.localtime(tomorrow)
    assert why(internal) == f"The day's envelope is used up. It goes on on {day:%-d %b} at {day:%H:%M}."


def test_while_it_is_planned_and_at_work(planned: Callable[..., Job]) -> None:
    job = Job.objects.get()
    run = claimed()
    assert why(job) == "It is being planned."
    planning.accept_plan(run, [planning.PlannedStep("drafting", "Write", {})], by="orchestrator")
    assert why(job) == "The drafting agent waits for a free slot."
    claimed()
    assert why(job) == "At work: drafting."


def test_what_is_parked_waits_for_the_batch(job: Job) -> None:
    run = claimed()
    park(run)
    assert why(job) == "Its plan waits for the night's batch."
    unpark(run)
    assert why(job) == "It is being planned."
    planning.accept_plan(run, [planning.PlannedStep("drafting", "Write", {})] * 2, by="orchestrator")
    first, second = claimed(), claimed()
    park(first)
    assert why(job) == "At work: drafting."
    park(second)
    assert why(job) == "It waits for the night's batch: drafting, drafting."
    rows = Job.objects.get()
    at_hand: dict[str, Any] = {"tasks": rows.tasks.all(), "runs": rows.runs.all(), "reviews": [], "deliveries": []}
    assert waiting.reason(rows, timezone.now(), **at_hand) == why(job), "the job's own page says the same"


def park(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update_state(state="parked")


def unpark(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update_state(state="running")


def test_a_task_that_was_put_off_says_until_when_and_why(planned: Callable[..., Job]) -> None:
    job = planned()
    tasks.give_back(claimed(), how="The model asks for a pause.", delay_seconds=600, by="agent:drafting")
    at = timezone.localtime(Task.objects.get().ready_at)
    assert why(job).startswith("The model asks for a pause. The drafting agent goes on ")
    assert why(job).endswith(f"at {at:%H:%M}.")


def test_on_its_way(planned: Callable[..., Job]) -> None:
    job = planned()
    done(document_result())
    target = Delivery.objects.get().target
    assert why(job) == f"It is on its way to {target}."
    delivery = sending()
    assert why(job) == f"It is on its way to {target}."
    deliveries.give_back(delivery, reason="the disk is full", delay_seconds=120, by="deliveries")
    assert why(job).startswith(f"It goes to {target} at ")
    assert why(job).endswith(": the disk is full.")
    Delivery.objects.update(ready_at=timezone.now())
    deliveries.doubt(sending(), reason="no answer", lag_seconds=60, by="deliveries")
    assert why(job) == f"Nobody can say yet whether it reached {target}; it is looked up."


def test_for_a_person(planned: Callable[..., Job], owner: User, settings: Settings) -> None:
    job = planned()
    done(message_result(subject="New hours"))
    assert why(job) == "It waits for you: Sends to marta@example.com"
    review = Review.objects.get()
    reviews.approve(review, by=owner, version=review.version, digest=review.digest)
    assert why(job).startswith("It goes to mail at ")


def test_what_has_ended_waits_for_nothing(planned: Callable[..., Job]) -> None:
    job = planned()
    done(document_result())
    deliveries.land(sending(), external_id="x", url="", detail="", by="deliveries")
    assert why(job) == ""


def test_many_are_asked_about_as_cheaply_as_one(trattoria: Client) -> None:
    for number in range(12):
        open_job(title=f"Job {number}", brief="x", by="test", client=trattoria)
    jobs = list(Job.objects.select_related("after"))
    with CaptureQueriesContext(connection) as asked:
        assert len(waiting.reasons(jobs, timezone.now())) == 12
    assert len(asked) == 4


def test_the_end_of_the_night_is_reckoned_from_the_pace_of_late(
    planned: Callable[..., Job], settings: Settings
) -> None:
    job = planned()
    now = timezone.now()
    settings.CONCURRENCY = 2
    assert waiting.through(tasks_to_do=1, jobs_to_plan=0, processes=1) is None, "nothing was measured yet"
    for number in range(5):
        run = Run.objects.create(
            job=job, host="h", pid=number, pid_started="1", lease_until=now, state="succeeded", finished_at=now
        )
        Run.objects.filter(pk=run.pk).update(started_at=now - datetime.timedelta(minutes=2))
    minutes = {
        (1, 0, 1): 2,
        (4, 0, 1): 4,
        (1, 1, 1): 4,  # a job that is not planned yet counts as three tasks
        (8, 0, 2): 4,
        (0, 0, 0): 0,
    }
    for (tasks_to_do, jobs_to_plan, processes), expected in minutes.items():
        found = waiting.through(tasks_to_do=tasks_to_do, jobs_to_plan=jobs_to_plan, processes=processes)
        assert found == datetime.timedelta(minutes=expected)
    assert waiting.through(tasks_to_do=1, jobs_to_plan=0, processes=0) is None, "nobody works"
