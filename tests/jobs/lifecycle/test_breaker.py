"""A target that is down: what waits for it is parked and kept in order, and one item tells it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs import policy, queue
from jobs.lifecycle import breaker, desk, notice
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import review as reviews
from jobs.models import Breaker, Cluster, Delivery, Job, Review
from jobs.states import NEVER
from jobs.workers import sweep
from tests.jobs.conftest import STEP, document_result, done, message_result, sending

pytestmark = pytest.mark.django_db


@pytest.fixture
def documents(planned: Callable[..., Job]) -> list[Delivery]:
    """Three documents that are due, the oldest first."""
    planned(STEP, STEP, STEP)
    for _ in range(3):
        done(document_result())
    return list(Delivery.objects.order_by("id"))


@pytest.fixture
def down(documents: list[Delivery]) -> Breaker:
    """The folder takes nothing from anybody: the first document found out."""
    first = sending()
    breaker.struggled(first, reason="It may not be written to.", at_once=True)
    deliveries.give_back(first, reason="It may not be written to.", delay_seconds=0, by="deliveries")
    return Breaker.objects.get()


def states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def the_pause_is_over() -> None:
    Breaker.objects.update(until=timezone.now() - timedelta(seconds=1))


def alarms() -> list[str]:
    return list(Review.objects.filter(kind="alarm").order_by("id").values_list("state", flat=True))


def test_failures_between_successes_open_nothing(documents: list[Delivery]) -> None:
    for _ in range(3):
        for _ in range(policy.BREAKER_AFTER - 1):
            breaker.struggled(documents[0], reason="no answer")
        breaker.worked("folder")
    assert not breaker.is_open("folder")
    assert not Review.objects.exists()


def test_what_waits_is_out_of_every_claims_sight(down: Breaker) -> None:
    parked = Delivery.objects.filter(ready_at=NEVER)
    assert parked.count() == 2
    assert {row.reason for row in parked} == {"It waits until folder works again."}
    assert all(row.is_parked for row in parked)
    assert queue.claim_delivery() is None
    assert queue.due("deliveries") is False


def test_what_comes_due_later_is_parked_by_the_sweep(down: Breaker) -> None:
    assert Delivery.objects.filter(ready_at=NEVER).count() == 2
    sweep()
    assert Delivery.objects.filter(ready_at=NEVER).count() == 3


def test_the_probe_is_one_alone_and_due_when_the_pause_is_over(down: Breaker) -> None:
    assert queue.claim_probe() is None
    the_pause_is_over()
    assert queue.due("deliveries") is True
    probe = queue.claim_probe()
    assert probe is not None
    assert (probe.state, Breaker.objects.get().probe) == ("sending", probe.pk)
    assert queue.claim_probe() is None
    assert queue.due("deliveries") is False


def test_pauses_grow_while_it_stays_down(down: Breaker) -> None:
    for seconds in (60, 120):
        the_pause_is_over()
        probe = queue.claim_probe()
        assert probe is not None
        before = timezone.now()
        breaker.struggled(probe, reason="still no answer")
        deliveries.give_back(probe, reason="still no answer", delay_seconds=0, by="deliveries")
        until = Breaker.objects.get().until
        assert until is not None
        assert seconds <= (until - before).total_seconds() <= seconds * 1.25 + 1


def test_a_probe_whose_process_died_is_followed_by_another(down: Breaker) -> None:
    the_pause_is_over()
    first = queue.claim_probe()
    assert first is not None
    deliveries.rescue(first, lag_seconds=0, by="sweep")
    the_pause_is_over()
    second = queue.claim_probe()
    assert second is not None
    assert (second.pk, second.state) == (first.pk, "unknown"), "it is looked up first"


def test_a_probe_that_nobody_holds_any_more_is_followed_by_another_at_once(down: Breaker) -> None:
    the_pause_is_over()
    first = queue.claim_probe()
    assert first is not None
    breaker.tidy()
    assert queue.claim_probe() is None, "it is being tried"
    deliveries.rescue(first, lag_seconds=0, by="sweep")
    breaker.tidy()
    second = queue.claim_probe()
    assert second is not None
    assert second.pk == first.pk
    breaker.tidy()
    assert queue.claim_probe() is None, "it is being looked up"


def test_a_success_releases_all_in_their_order(
    down: Breaker, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    the_pause_is_over()
    probe = queue.claim_probe()
    assert probe is not None
    with django_capture_on_commit_callbacks(execute=True):
        breaker.worked("folder")
    deliveries.land(probe, external_id="1", url="", detail="", by="deliveries")
    row = Breaker.objects.get()
    assert (row.failures, row.until, row.probe, row.review) == (0, None, None, None)
    assert alarms() == ["superseded"]
    left = [sending().pk, sending().pk]
    assert left == sorted(left)
    assert Cluster.objects.filter(pk="deliveries", bell_at__isnull=False).exists()


def test_one_that_went_down_again_meanwhile_stays_open(down: Breaker, monkeypatch: pytest.MonkeyPatch) -> None:
    take_back = desk.take_back

    def beaten(item: Review, **told: str) -> None:
        """Another process closed it first, and then a third one found it down."""
        take_back(item, **told)
        Breaker.objects.update(review=None, failures=0, until=None, since=None)
        breaker.struggled(Delivery.objects.latest("id"), reason="Down again.", at_once=True)

    monkeypatch.setattr(desk, "take_back", beaten)
    breaker.worked("folder")
    assert alarms() == ["superseded", "open"]
    assert breaker.is_open("folder")
    assert Breaker.objects.get().review == Review.objects.get(kind="alarm", state="open")


def test_what_is_held_for_an_undo_is_neither_parked_nor_let_go_early(
    planned: Callable[..., Job], owner: User
) -> None:
    planned(STEP, STEP)
    done(message_result())
    done(document_result())
    review = Review.objects.get()
    leaves_at = reviews.approve(review, by=owner, version=1, digest=review.digest)
    Delivery.objects.filter(kind="document").update(target="mail")
    breaker.struggled(sending(), reason="down", at_once=True)
    message = Delivery.objects.get(kind="client_message")
    assert message.ready_at == leaves_at
    breaker.worked("mail")
    message.refresh_from_db()
    assert message.ready_at == leaves_at
    # Once its time has come while mail is down, it is parked, and can be taken back as long as it is.
    breaker.struggled(Delivery.objects.get(kind="document"), reason="down", at_once=True)
    Delivery.objects.filter(pk=message.pk).update(ready_at=timezone.now())
    sweep()
    message.refresh_from_db()
    assert message.is_parked
    reviews.undo(review, by=owner)
    message.refresh_from_db()
    assert message.state == "held"
    breaker.worked("mail")
    message.refresh_from_db()
    assert message.state == "held"


def test_what_was_parked_without_need_is_let_go_by_the_sweep(documents: list[Delivery]) -> None:
    Delivery.objects.filter(pk=documents[1].pk).update(ready_at=NEVER)
    sweep()
    assert not Delivery.objects.filter(ready_at=NEVER).exists()


def test_where_nothing_waits_any_more_it_closes(down: Breaker) -> None:
    jobs.cancel(Job.objects.get(), by="owner")
    sweep()
    assert not breaker.is_open("folder")


def test_the_item_stands_at_no_job_and_ends_with_none(down: Breaker) -> None:
    item = Review.objects.get()
    assert (item.job, item.about, item.priority) == (None, "folder", 1)
    other = jobs.open_job(title="Other", brief="Write it too.", by="test")
    Delivery.objects.filter(pk__in=[row.pk for row in Delivery.objects.order_by("id")[1:]]).update(job=other)
    jobs.cancel(Job.objects.order_by("id")[0], by="owner")
    assert alarms() == ["open"]
    the_pause_is_over()
    probe = queue.claim_probe()
    assert probe is not None
    breaker.struggled(probe, reason="still no answer")
    assert alarms() == ["open"]


def test_a_notice_that_finds_it_out_raises_the_item_where_no_job_is() -> None:
    with transaction.atomic():
        told = notice.enter("slack", key="slack:digest:1")
    breaker.struggled(told, reason="invalid_auth", at_once=True)
    assert Review.objects.get().title == "slack is down: what goes there waits"


def test_a_person_who_took_note_is_not_told_again(down: Breaker, owner: User) -> None:
    reviews.acknowledge(Review.objects.get(), by=owner, version=1)
    the_pause_is_over()
    probe = queue.claim_probe()
    assert probe is not None
    breaker.struggled(probe, reason="still no answer")
    assert alarms() == ["answered"]
    breaker.worked("folder")
    assert alarms() == ["answered"]
    assert not breaker.is_open("folder")


def test_a_person_who_mended_it_has_it_tried_at_once(down: Breaker, owner: User, client: Browser) -> None:
    item = Review.objects.get()
    client.force_login(owner)
    page = client.get(f"/inbox/{item.pk}/").content.decode()
    assert "folder is down" in page
    assert "2 deliveries" in page
    assert "Try it now" in page
    assert queue.claim_probe() is None
    client.post(f"/inbox/{item.pk}/run/", {"version": item.version})
    item.refresh_from_db()
    assert item.state == "open", "it stays until the target is back"
    assert queue.claim_probe() is not None


def test_a_parked_message_says_why_it_waits(planned: Callable[..., Job], owner: User, client: Browser) -> None:
    planned()
    done(message_result())
    review = Review.objects.get()
    reviews.approve(review, by=owner, version=1, digest=review.digest)
    Delivery.objects.update(ready_at=NEVER, reason="It waits until mail works again.")
    client.force_login(owner)
    page = client.get(f"/inbox/{review.pk}/").content.decode()
    assert page.count("It waits until mail works again.") == 2
    assert "2200" not in page
