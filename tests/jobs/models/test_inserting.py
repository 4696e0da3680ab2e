"""A row by one plain INSERT is the row that `save` would have made."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from jobs.models import Client, Job, Receipt
from jobs.models.fence import FencedWrite

pytestmark = pytest.mark.django_db

READY = datetime.datetime(2026, 11, 23, 2, 30, tzinfo=datetime.UTC)


def a_job(client: Client) -> Job:
    """A new job with something of every kind of column."""
    data = {"text": "Grüße \u2028 'quoted' %s", "list": [1, None, True]}
    return Job(title="T", brief="B", data=data, client=client, budget_microusd=2**40, ready_at=READY)


def a_receipt(**columns: Any) -> Receipt:
    """A new receipt with bytes that are no text."""
    values = {"source": "form", "external_id": "1", "kind": "submission", "body": b"\x00\xff", "sha256": "0" * 64}
    return Receipt(**{**values, **columns})


def test_it_is_the_row_that_save_would_have_made(trattoria: Client) -> None:
    inserted, saved = a_job(trattoria).insert(), a_job(trattoria)
    saved.save()
    first, second = (model_to_dict(Job.objects.get(pk=job.pk), exclude=["id"]) for job in (inserted, saved))
    assert first == second
    assert first["data"] == a_job(trattoria).data


def test_the_object_is_the_row(trattoria: Client) -> None:
    before = timezone.now()
    job = a_job(trattoria).insert()
    stored = Job.objects.get()
    assert (stored.pk, stored.uid, stored.created_at, stored.state) == (job.pk, job.uid, job.created_at, "pending")
    assert job.created_at >= before
    job.title = "Another"
    job.save()
    assert Job.objects.get().title == "Another"


def test_bytes_are_kept_as_they_came() -> None:
    receipt = a_receipt().insert()
    assert bytes(Receipt.objects.get(pk=receipt.pk).body) == b"\x00\xff"


def test_constraints_hold_and_what_is_written_once_stays() -> None:
    receipt = a_receipt().insert()
    with pytest.raises(IntegrityError), transaction.atomic():
        a_receipt().insert()
    with pytest.raises(FencedWrite):
        receipt.save()
    assert Receipt.objects.count() == 1
