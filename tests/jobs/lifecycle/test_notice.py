"""Who asked is told, in the transaction of what happened; no job waits for it; of a card only the last counts."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import notice, planning
from jobs.lifecycle import review as reviews
from jobs.models import Client, Delivery, Event, Job, Review
from tests.jobs.conftest import STEP, claimed, document_result, done, message_result, sending

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(settings: Settings) -> None:
    """A ledger that wants every event of jobs, and a board that shows jobs and reviews."""
    settings.NOTICES = {
        "ledger": {"events": ["job.*"], "cards": []},
        "board": {"events": ["job.*", "review.*"], "cards": ["job", "review"]},
    }


def opened(client: Client) -> Job:
    return jobs.open_job(title="Winter page", brief="Write it.", by="test", client=client)


def notices(**columns: object) -> list[Delivery]:
    return list(Delivery.objects.filter(kind="notice", **columns).order_by("id"))


def test_without_a_wish_nobody_is_told(trattoria: Client) -> None:
    opened(trattoria)
    assert not notices()


@pytest.mark.usefixtures("told")
def test_each_target_is_told_what_it_asked_for(trattoria: Client) -> None:
    job = opened(trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result())
    review = Review.objects.get()
    named = [Event.objects.get(pk=row.fields["event"]).name for row in notices(target="ledger")]
    assert named == ["job.opened", "job.planned", "job.needs_review"]
    assert {row.card for row in notices(target="ledger")} == {""}
    assert {row.card for row in notices(target="board")} == {f"job:{job.pk}", f"review:{review.pk}"}
    assert all(row.job is None and row.task is None for row in notices())


@pytest.mark.usefixtures("told")
def test_what_is_rolled_back_is_not_told(trattoria: Client) -> None:
    with transaction.atomic():
        opened(trattoria)
        transaction.set_rollback(True)
    assert not notices()


@pytest.mark.usefixtures("told")
def test_no_job_waits_for_a_notice_or_ends_it(trattoria: Client) -> None:
    job = opened(trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(document_result())
    document = Delivery.objects.exclude(kind="notice").get()
    while (delivery := sending()).pk != document.pk:
        deliveries.give_back(delivery, reason="down", delay_seconds=600, by="test")
    deliveries.land(delivery, external_id="x", url="", detail="", by="test")
    job.refresh_from_db()
    assert job.state == "completed"
    assert {row.state for row in notices()} == {"pending"}
    other = opened(trattoria)
    before = len(notices(state="pending"))
    jobs.cancel(other, by="owner")
    assert len(notices(state="pending")) > before


@pytest.mark.usefixtures("told")
def test_a_notice_that_fails_leaves_no_item_and_no_notice_of_itself(settings: Settings, trattoria: Client) -> None:
    settings.NOTICES["ledger"]["events"] = ["*"]
    opened(trattoria)
    before = len(notices())
    delivery = sending()
    deliveries.fail(delivery, reason="no such channel", by="test")
    assert (delivery.state, Review.objects.count(), len(notices())) == ("failed", 0, before)


@pytest.mark.usefixtures("told")
def test_one_whose_fate_nobody_can_tell_is_not_sent_again(trattoria: Client) -> None:
    opened(trattoria)
    delivery = sending()
    deliveries.doubt(delivery, reason="reset", lag_seconds=0, by="test")
    deliveries.leave_to_person(delivery, by="test")
    delivery.refresh_from_db()
    assert (delivery.state, Review.objects.count()) == ("failed", 0)
    assert "reset" in delivery.reason


def test_the_same_key_is_one_notice(trattoria: Client) -> None:
    first = notice.enter("board", key="digest:2026-11-27", fields={"text": "a"})
    assert notice.enter("board", key="digest:2026-11-27", fields={"text": "b"}) == first
    assert Delivery.objects.get().fields == {"text": "a"}


def test_a_card_knows_what_is_newer_older_and_shown(trattoria: Client) -> None:
    older, other, newer = (
        notice.enter("board", key=str(number), card=card) for number, card in enumerate(("a", "b", "a"))
    )
    assert notice.is_overtaken(older)
    assert not notice.is_overtaken(newer)
    assert not notice.is_overtaken(other)
    assert notice.waits_until(newer) is None
    Delivery.objects.filter(pk=older.pk).update_state(
        state="unknown", ready_at=timezone.now() + timedelta(seconds=60)
    )
    until = notice.waits_until(newer)
    assert until
    assert timedelta(seconds=55) < until - timezone.now() < timedelta(seconds=65)
    assert notice.last_shown(newer) is None
    Delivery.objects.filter(pk=older.pk).update_state(state="delivered", external_id="m1")
    assert notice.last_shown(newer) == older
    assert notice.last_shown(other) is None


def test_a_notice_without_a_card_stands_alone(trattoria: Client) -> None:
    first, second = (notice.enter("ledger", key=key) for key in "ab")
    assert not notice.is_overtaken(first)
    assert notice.waits_until(second) is None
    assert notice.last_shown(second) is None


def test_a_dropped_notice_is_called_off_and_one_that_is_put_off_is_tried_later(trattoria: Client) -> None:
    notice.enter("board", key="1", card="a")
    first = sending()
    later = timezone.now() + timedelta(minutes=1)
    deliveries.put_off(first, until=later, by="test")
    first.refresh_from_db()
    assert (first.state, first.ready_at) == ("pending", later)
    Delivery.objects.filter(pk=first.pk).update(ready_at=timezone.now())
    again = sending()
    deliveries.drop(again, by="test")
    again.refresh_from_db()
    assert again.state == "cancelled"


def test_only_a_notice_may_be_without_a_task(trattoria: Client) -> None:
    for columns in ({"kind": "document"}, {"kind": "notice", "job": opened(trattoria)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.create(key="x", target="board", ready_at=timezone.now(), **columns)


@pytest.mark.usefixtures("told")
def test_a_decision_shows_on_the_card_of_its_review(trattoria: Client, owner: User) -> None:
    opened(trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result())
    review = Review.objects.get()
    before = len(notices(card=f"review:{review.pk}"))
    reviews.decline(review, by=owner, version=review.version, reason="no")
    assert len(notices(card=f"review:{review.pk}")) == before + 1
