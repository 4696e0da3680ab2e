"""The numbers over the list of jobs, and the pulse."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import events, figures
from jobs.lifecycle import review as reviews
from jobs.lifecycle.job import open_job
from jobs.models import Client, Job
from jobs.states import JobState
from tests.jobs.test_queries import asked

pytestmark = pytest.mark.django_db


def test_jobs_are_counted_by_state_up_to_a_cap(
    job: Job, trattoria: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "COUNT_CAP", 1)
    for state in ("completed", "completed", "failed"):
        open_job(title="x", brief="x", by="test", client=trattoria)
        Job.objects.filter(pk=Job.objects.latest("id").pk).update_state(state=state)
    tallies = {tally.state: (tally.number, tally.is_more) for tally in figures.figures(timezone.now()).counts}
    assert tallies["pending"] == (1, False)
    assert tallies["completed"] == (1, True)
    assert tallies["failed"] == (1, False)
    assert list(tallies) == [str(state) for state in JobState]


def test_the_stamp_of_a_job_changes_with_its_history_and_its_cost(job: Job) -> None:
    before = figures.stamp_of_job(job.uid)
    assert figures.stamp_of_job(job.uid) == before
    Job.objects.filter(pk=job.pk).update(spent_microusd=5)
    spent = figures.stamp_of_job(job.uid)
    assert spent != before
    events.append("job.resumed", actor="test", noun="job", row=job.pk, job_id=job.pk)
    assert figures.stamp_of_job(job.uid) != spent


def test_the_stamp_of_the_inbox_changes_when_a_snoozed_item_comes_back(owner: User, trattoria: Client) -> None:
    item = asked("Later", trattoria)
    now = timezone.now()
    reviews.snooze(item, by=owner, version=1, until=now + datetime.timedelta(hours=1))
    hidden = figures.stamp_of_inbox(now)
    assert figures.stamp_of_inbox(now + datetime.timedelta(minutes=59)) == hidden
    assert figures.stamp_of_inbox(now + datetime.timedelta(minutes=60)) != hidden
