"""Reads of clients, counted."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import clients
from jobs.lifecycle import client as verbs
from jobs.lifecycle import review as reviews
from jobs.lifecycle.job import open_job
from jobs.models import Client, Job, KnownAnswer
from tests.jobs.inbox.conftest import several

pytestmark = pytest.mark.django_db


def test_the_list_counts_what_is_under_way_what_waits_and_this_months_money(trattoria: Client, owner: User) -> None:
    other = Client.objects.create(name="Bergwerk", slug="bergwerk")
    first, _ = several(trattoria, 2)
    reviews.decline(first, by=owner, version=1)
    Job.objects.update(spent_microusd=70)
    old = open_job(title="Old", brief="x", by="test", client=trattoria)
    long_ago = timezone.now() - timedelta(days=40)
    Job.objects.filter(pk=old.pk).update(spent_microusd=900, created_at=long_ago)
    with CaptureQueriesContext(connection) as asked:
        bergwerk, lume = clients.all_clients(timezone.now())
    assert len(asked) == 3
    assert (lume.client, lume.under_way, lume.waiting, lume.spent_microusd) == (trattoria, 2, 1, 140)
    assert (bergwerk.client, bergwerk.under_way, bergwerk.waiting, bergwerk.spent_microusd) == (other, 0, 0, 0)


def test_a_dossier_holds_one_clients_rows_alone(trattoria: Client, owner: User) -> None:
    other = Client.objects.create(name="Bergwerk", slug="bergwerk", recipients=["team@example.com"])
    several(other, 1)
    first, second = [review for review in several(trattoria, 2) if review.own_job.client == trattoria]
    reviews.decline(first, by=owner, version=1)
    known = {"client": trattoria, "question": "Tone?", "digest": "d", "answer": "Dry.", "said_by": "owner"}
    answer = KnownAnswer.objects.create(**known, said_at=timezone.now())
    with CaptureQueriesContext(connection) as asked:
        found = clients.dossier("trattoria-lume", timezone.now())
    assert len(asked) == 5
    assert found
    assert (found.answers, found.waiting, found.under_way) == ([answer], [second], [second.job])
    assert [job.pk for job in found.ended] == [first.job_id]
    assert found.strayed == []
    verbs.change(trattoria, by="owner", as_seen=verbs.seen(trattoria), recipients=["new@example.com"])
    found = clients.dossier("trattoria-lume", timezone.now())
    assert found
    assert found.strayed == [second]


def test_what_is_not_there_is_none(trattoria: Client) -> None:
    assert clients.dossier("nobody", timezone.now()) is None
    assert clients.client("nobody") is None
    assert clients.answer("trattoria-lume", 1) is None
    assert clients.client("trattoria-lume") == trattoria
