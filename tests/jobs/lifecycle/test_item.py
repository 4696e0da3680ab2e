"""Items of the inbox: what each is sorted by, from its opening on."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import queries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client
from tests.jobs.conftest import claimed, done, message_result
from tests.jobs.test_queries import asked

pytestmark = pytest.mark.django_db

_HOUR = datetime.timedelta(hours=1)


def test_an_item_has_the_time_of_its_job_or_an_earlier_one_of_its_own(trattoria: Client) -> None:
    now = timezone.now()
    for hours in (None, 200, 1):
        due_at = None if hours is None else now + hours * _HOUR
        open_job(title="x", brief=f"x{hours}", by="test", client=trattoria, due_at=due_at)
    expiring = [claimed() for _ in range(3)]
    questions = [
        planning.ask(
            run, question=f"{run.job.brief}?", suggestions=["a"], recommended=0, if_unanswered="default", by="o"
        )
        for run in expiring
    ]
    unset, far, near = questions
    assert unset.deadline == unset.expires_at
    assert far.deadline == far.expires_at
    assert near.deadline == near.own_job.due_at
    assert [row.pk for row in queries.open_reviews(now)] == [near.pk, unset.pk, far.pk]


def test_without_a_time_there_is_none(trattoria: Client) -> None:
    question = asked("Which tone?", trattoria)
    assert (question.deadline, question.is_late) == (None, False)
    question.due_at = timezone.now() - _HOUR
    assert question.is_late


def test_a_message_weighs_by_what_its_task_has_made(trattoria: Client) -> None:
    for text in ("Hello Marta", "It comes to 700 €."):
        open_job(title=text, brief=text, by="test", client=trattoria)
        planning.accept_plan(claimed(), [planning.PlannedStep("communication", "Write it", {})], by="o")
        result = message_result(text=text, subject=text)
        result.output.update(subject=text, body=text)
        done(result)
    assert [row.title for row in queries.open_reviews(timezone.now())] == ["It comes to 700 €.", "Hello Marta"]


def test_an_item_weighs_less_once_nobody_waits_for_it_any_more(owner: User, trattoria: Client) -> None:
    job = open_job(title="First", brief="First", by="test", client=trattoria)
    follower = open_job(title="Then", brief="Then", by="test", client=trattoria, after=job)
    question = planning.ask(claimed(), question="Which?", suggestions=[], recommended=0, by="o")
    assert question.stake == 2
    jobs.cancel(follower, by="owner")
    question.refresh_from_db()
    assert question.stake == 0
