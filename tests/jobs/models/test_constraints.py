"""What the database itself refuses, whatever the code above it does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.utils import timezone

from jobs.models import Client, Day, Delivery, Job, Process, Receipt, Review, Run, Task, Trigger, Turn
from jobs.models.client import check_recipients
from tests.jobs.conftest import claimed, document_result, done, message_result

pytestmark = pytest.mark.django_db


def refuses(name: str, act: Callable[[], object]) -> None:
    """The act breaks this constraint, and only its own savepoint is lost."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    # SQLite names a unique constraint by its columns alone.
    assert name in str(caught.value) or "UNIQUE constraint failed" in str(caught.value)


def written(row: models.Model, **changes: Any) -> Callable[[], object]:
    """A raw write past every fence of the code."""
    return lambda: models.QuerySet(type(row)).filter(pk=row.pk).update(**changes)


def again(row: models.Model, **changes: Any) -> Callable[[], object]:
    """A second row like this one."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values |= changes
    if "id" in values:
        values.pop("id")
    return lambda: type(row)(**values).save(force_insert=True)


@pytest.fixture
def receipt() -> Receipt:
    """Something that came in."""
    return Receipt.objects.create(source="form", external_id="1", kind="form", body=b"x", sha256="0" * 64)


@pytest.fixture
def trigger() -> Trigger:
    """A rule."""
    return Trigger.objects.create(name="Contact form", slug="contact", source="form")


@pytest.fixture
def task(planned: Callable[..., Job]) -> Task:
    """A task that nobody does yet."""
    return planned().tasks.get()


def test_a_task_has_one_run_at_a_time(task: Task) -> None:
    run = claimed()
    refuses("run_one_per_task", again(run))
    refuses("run_one_per_task", again(run, state="parked"))
    again(run, state="abandoned")()


def test_a_job_is_planned_by_one_run_at_a_time(job: Job) -> None:
    run = claimed()
    assert run.task_id is None
    refuses("run_one_planning_per_job", again(run))
    again(run, state="failed")()


def test_a_receipt_is_kept_once(receipt: Receipt) -> None:
    refuses("receipt_once", again(receipt))
    again(receipt, source="standard")()


def test_a_receipt_and_a_rule_open_one_job(job: Job, receipt: Receipt, trigger: Trigger) -> None:
    written(job, receipt=receipt, trigger=trigger)()
    job.refresh_from_db()
    refuses("job_once_per_receipt_and_trigger", again(job, uid="0" * 32))
    again(job, uid="0" * 32, trigger_id=None)()


def test_a_position_of_a_job_has_one_task(task: Task) -> None:
    refuses("task_position_once", again(task))


@pytest.mark.parametrize("position", [0, 6])
def test_a_job_has_five_positions(task: Task, position: int) -> None:
    refuses("task_at_most_five", written(task, position=position))


def test_a_key_has_one_delivery(task: Task) -> None:
    done(document_result())
    refuses("key", again(Delivery.objects.get()))


def test_a_message_to_a_client_has_a_review(task: Task) -> None:
    done(message_result())
    refuses("delivery_gated_has_review", written(Delivery.objects.get(), review=None))


@pytest.mark.parametrize("state", ["pending", "sending", "unknown", "delivered", "failed"])
def test_a_message_that_is_not_approved_stays_held(task: Task, state: str) -> None:
    done(message_result())
    delivery = Delivery.objects.get()
    refuses("delivery_gated_is_approved", written(delivery, state=state))
    refuses("delivery_gated_is_approved", written(delivery, state=state, approved_digest="f" * 64))
    written(delivery, state=state, approved_digest=F("digest"))()


def test_an_approved_message_cannot_change_its_digest(task: Task) -> None:
    done(message_result())
    delivery = Delivery.objects.get()
    written(delivery, state="pending", approved_digest=F("digest"))()
    refuses("delivery_gated_is_approved", written(delivery, digest="f" * 64))


def test_a_document_needs_nobodys_approval(task: Task) -> None:
    done(document_result())
    written(Delivery.objects.get(), state="sending")()


def test_a_merge_waits_for_a_review_too(task: Task) -> None:
    done(document_result())
    refuses("delivery_gated", written(Delivery.objects.get(), kind="merge"))


def test_states_are_those_of_the_list(task: Task) -> None:
    done(message_result())
    for row in (Job.objects.get(), Task.objects.get(), Run.objects.first(), Review.objects.get()):
        assert row is not None
        refuses(f"{row.NOUN}_state_known", written(row, state="dreaming"))
    refuses("delivery_state_known", written(Delivery.objects.get(), state="dreaming", approved_digest=F("digest")))


def test_kinds_of_reviews_are_those_of_the_list(task: Task) -> None:
    done(message_result())
    refuses("review_kind_known", written(Review.objects.get(), kind="whim"))


@pytest.mark.parametrize("priority", [0, 3])
def test_priority_is_one_or_two(task: Task, trigger: Trigger, priority: int) -> None:
    refuses("job_priority_known", written(task.job, priority=priority))
    refuses("task_priority_known", written(task, priority=priority))
    refuses("trigger_priority_known", written(trigger, priority=priority))


def test_a_job_has_a_brief(job: Job) -> None:
    refuses("job_has_a_brief", written(job, brief=""))


def test_money_is_not_negative(job: Job) -> None:
    refuses("job_money_not_negative", written(job, reserved_microusd=-1))
    refuses("job_money_not_negative", written(job, spent_microusd=-1))
    day = Day.objects.create(date=timezone.localdate())
    refuses("day_money_not_negative", written(day, spent_microusd=-1))
    refuses("day_money_not_negative", written(day, reserved_microusd=-1))


def test_a_turn_of_a_round_is_stored_once(job: Job, planned: Callable[..., Job]) -> None:
    planned()
    doing = claimed()
    planning = Run.objects.exclude(pk=doing.pk).get()
    for run in (planning, doing):
        turn = Turn.objects.create(
            job=job,
            task_id=run.task_id,
            run=run,
            round=0,
            number=1,
            ask_digest="",
            request={},
            reply={},
            model="m",
            stop_reason="end_turn",
            input_tokens=1,
            output_tokens=1,
            duration_ms=1,
        )
        refuses("turn_once", again(turn))
        again(turn, number=2)()
        again(turn, round=1)()


def test_an_artifact_version_is_entered_once(task: Task) -> None:
    done(document_result())
    artifact = task.artifacts.get()
    refuses("artifact_version_once", again(artifact))


def test_an_artifact_was_made_or_received_and_never_both(task: Task, receipt: Receipt) -> None:
    done(document_result())
    made = task.artifacts.get()
    refuses("artifact_made_or_received", again(made, name="a", receipt_id=receipt.pk))
    refuses("artifact_made_or_received", again(made, name="a", task_id=None))
    refuses("artifact_made_or_received", again(made, name="a", job_id=None))
    received: dict[str, Any] = {"job_id": None, "task_id": None, "run_id": None, "receipt_id": receipt.pk}
    again(made, **received)()
    refuses("artifact_received_once", again(made, **received))


def test_a_process_has_one_row() -> None:
    now = timezone.now()
    process = Process.objects.create(
        cluster="agents", host="h", pid=1, pid_started="1", heartbeat_at=now, progress_at=now
    )
    refuses("process_once", again(process))
    again(process, pid_started="2")()


def test_uid_is_the_jobs_own(job: Job) -> None:
    refuses("uid", again(job))


def test_what_hangs_on_a_client_or_rule_keeps_it(job: Job, trattoria: Client) -> None:
    with pytest.raises(models.ProtectedError):
        trattoria.delete()
    assert Job.objects.filter(pk=job.pk).exists()


def test_constraints_are_named_alike_in_the_database() -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Delivery._meta.db_table)
    assert {"delivery_gated_has_review", "delivery_gated_is_approved", "delivery_to_make"} <= set(found)


@pytest.mark.parametrize("value", ["marta@example.com", [1], ["marta"], [["a@example.com"]], {"a@example.com": 1}])
def test_recipients_are_a_list_of_addresses(value: object) -> None:
    with pytest.raises(ValidationError):
        check_recipients(value)
    check_recipients(["marta@example.com", "lea@example.com"])
    check_recipients([])


def test_names_of_rows_say_what_they_are(task: Task, receipt: Receipt, trigger: Trigger) -> None:
    done(message_result())
    day = Day(date=timezone.localdate() - timedelta(days=1))
    assert str(task.job) == "Status mail"
    assert str(task) == "1. Write it"
    assert str(Run.objects.latest("id")).startswith("Run ")
    assert str(task.artifacts.get()) == "message.md v1"
    assert str(Review.objects.get()) == "Status"
    assert str(Delivery.objects.get()).endswith(":1:0:1")
    assert str(receipt) == "form 1"
    assert str(trigger) == "Contact form"
    assert str(task.job.client) == "Trattoria Lume"
    assert str(day) == day.date.isoformat()


def test_only_an_alarm_is_about_no_job(planned: Callable[..., Job]) -> None:
    planned()
    done(message_result())
    message = Review.objects.get()
    refuses("review_of_a_job_or_of_the_desk", written(message, job=None))
    refuses("review_of_a_job_or_of_the_desk", written(message, job=None, kind="alarm"))
    written(message, job=None, task=None, kind="alarm")()
