"""The fences of the tables: a state has two doors, history none."""

from collections.abc import Callable

import pytest

from jobs.models import Artifact, Event, FencedWrite, Job, Receipt
from tests.jobs.conftest import document_result, done

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipt() -> Receipt:
    """Something that came in."""
    return Receipt.objects.create(source="form", external_id="1", kind="form", body=b"x", sha256="0" * 64)


def test_a_query_does_not_write_a_state(job: Job) -> None:
    with pytest.raises(FencedWrite, match=r"moves\.move"):
        Job.objects.filter(pk=job.pk).update(state="completed")
    with pytest.raises(FencedWrite, match=r"moves\.move"):
        Job.objects.bulk_update([job], ["reason", "state"])
    job.refresh_from_db()
    assert job.state == "pending"


def test_a_query_writes_every_other_column(job: Job) -> None:
    assert Job.objects.filter(pk=job.pk).update(reason="why") == 1
    job.title = "Other"
    assert Job.objects.bulk_update([job], ["title"]) == 1
    job.refresh_from_db()
    assert (job.title, job.reason) == ("Other", "why")


def test_save_keeps_the_state_that_the_row_has(job: Job) -> None:
    job.state, job.title = "completed", "Other"
    job.save()
    job.refresh_from_db()
    assert (job.state, job.title) == ("pending", "Other")


def test_save_with_the_state_by_name_is_refused(job: Job) -> None:
    job.state = "completed"
    with pytest.raises(FencedWrite):
        job.save(update_fields=["state"])
    job.reason = "why"
    job.save(update_fields=["reason"])
    job.refresh_from_db()
    assert (job.state, job.reason) == ("pending", "why")


def test_a_new_object_does_not_save_over_a_present_row(job: Job) -> None:
    values = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields}
    impostor = Job(**(values | {"state": "completed"}))
    with pytest.raises(Exception, match=r"(?i)unique"):
        impostor.save()


def test_a_new_row_begins_in_the_state_that_it_is_given(job: Job) -> None:
    other = Job(title="x", brief="x", budget_microusd=1, ready_at=job.ready_at, state="failed")
    other.save()
    assert Job.objects.get(pk=other.pk).state == "failed"


def test_history_is_neither_changed_nor_deleted(planned: Callable[..., Job], receipt: Receipt) -> None:
    planned()
    done(document_result())
    for model in (Event, Artifact, Receipt):
        row = model._default_manager.first()
        assert row is not None
        with pytest.raises(FencedWrite, match="append-only"):
            model._default_manager.update(id=0)
        with pytest.raises(FencedWrite, match="append-only"):
            model._default_manager.all().delete()
        with pytest.raises(FencedWrite, match="append-only"):
            row.save()
        with pytest.raises(FencedWrite, match="append-only"):
            row.delete()
        assert model._default_manager.filter(pk=row.pk).exists()


def test_a_job_that_is_deleted_takes_its_history_along(job: Job) -> None:
    assert Event.objects.exists()
    job.delete()
    assert not Event.objects.exists()
