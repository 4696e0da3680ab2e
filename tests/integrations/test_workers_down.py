"""A target that is down: left in peace, tried by one at a time, and everything in order once it is back."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from integrations import registry, workers
from integrations.contracts import DeliveryError, OutcomeUnknown, Outgoing, TargetClosed
from jobs import policy, pool, queue
from jobs.lifecycle import breaker, notice, planning
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.models import Breaker, Client, Delivery, Review
from tests.integrations.test_workers import LANDED, ScriptedTarget, read, wait_over
from tests.jobs.conftest import STEP, claimed, document_result, done, probing, sending

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def target(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents go to the scripted target."""
    monkeypatch.setitem(registry.TARGETS, "scripted", "tests.integrations.test_workers.ScriptedTarget")
    settings.DELIVERED_BY = {**settings.DELIVERED_BY, "document": "scripted"}
    settings.TARGETS = {**settings.TARGETS, "scripted": {}}
    for seen in (ScriptedTarget.lines, ScriptedTarget.delivered, ScriptedTarget.sought):
        seen.clear()
    workers._target.cache_clear()


@pytest.fixture
def pulse() -> pool.Pulse:
    """A pulse that does not beat."""
    return pool.Pulse("deliveries")


@pytest.fixture
def job(trattoria: Client) -> None:
    """A job for a client."""
    jobs.open_job(title="Winter page", brief="Write it.", by="test", client=trattoria)


@pytest.fixture
def documents(job: None) -> Callable[[int], None]:
    """A function that makes so many deliveries of documents, numbered in their order."""

    def make(number: int) -> None:
        planning.accept_plan(claimed(), [STEP] * min(number, policy.MAX_STEPS), by="orchestrator")
        for _ in range(number):
            done(document_result())

    return make


@pytest.mark.parametrize("fault", [OutcomeUnknown("no answer"), DeliveryError("503", permanent=False)])
def test_a_target_that_is_down_raises_one_item_and_goes_on_in_order_when_it_is_back(
    documents: Callable[[int], None], fault: Exception, pulse: pool.Pulse
) -> None:
    documents(5)
    ScriptedTarget.lines.extend([fault] * policy.BREAKER_AFTER)
    for _ in range(policy.BREAKER_AFTER):
        workers.carry_out(sending(), pulse)
    documents_later = Delivery.objects.order_by("id")
    (item,) = Review.objects.all()
    assert (item.kind, item.state, item.payload["target"]) == ("alarm", "open", "scripted")
    assert workers._claim(2) is None, "nothing is tried during the pause"
    assert queue.due("deliveries") is False
    # It stays down for a second try, which raises no second item.
    documents_later.update(ready_at=timezone.now())
    ScriptedTarget.lines.append(OutcomeUnknown("still no answer"))
    workers.carry_out(probing(), pulse)
    assert Review.objects.get() == item
    assert workers._claim(2) is None
    # It is back.
    documents_later.filter(state="unknown").update(ready_at=timezone.now())
    known = isinstance(fault, DeliveryError)
    ScriptedTarget.lines.extend([LANDED] * 10)
    workers.carry_out(probing(), pulse)
    assert not Breaker.objects.filter(until__isnull=False).exists()
    item.refresh_from_db()
    assert (item.state, item.note) == ("superseded", "It is back.")
    while delivery := workers._claim(2):
        workers.carry_out(delivery, pulse)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    if known:
        order = [given.key for given in ScriptedTarget.delivered[policy.BREAKER_AFTER + 2 :]]
        assert order == sorted(order)


def test_a_target_that_takes_nothing_as_it_is_set_up_is_left_in_peace_at_once(
    documents: Callable[[int], None], pulse: pool.Pulse
) -> None:
    documents(3)
    ScriptedTarget.lines.append(TargetClosed("The token was revoked."))
    workers.carry_out(sending(), pulse)
    assert Review.objects.get().payload["cause"] == "The token was revoked."
    assert workers._claim(2) is None
    assert len(ScriptedTarget.delivered) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}


def test_one_that_is_shut_out_while_others_are_let_in_fails_alone(
    documents: Callable[[int], None], pulse: pool.Pulse
) -> None:
    documents(3)
    barred = Delivery.objects.order_by("id")[0]

    def judge(outgoing: Outgoing) -> Any:
        return TargetClosed("No right to this repository.") if outgoing.key == barred.key else LANDED

    ScriptedTarget.lines.extend([judge] * 4)
    workers.carry_out(sending(), pulse)
    assert breaker.is_open("scripted")
    breaker.try_now("scripted")
    workers.carry_out(probing(), pulse)
    for _ in range(2):
        wait_over(barred)
        workers.carry_out(sending(), pulse)
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["delivered", "delivered", "failed"]
    assert not breaker.is_open("scripted")
    assert [row.kind for row in Review.objects.filter(state="open")] == ["failure"]


def test_a_pause_that_one_is_asked_for_holds_for_all_and_raises_nothing(
    documents: Callable[[int], None], pulse: pool.Pulse
) -> None:
    documents(4)
    first, second = sending(), sending()
    slow = DeliveryError("429", permanent=False, retry_after=90.0)
    ScriptedTarget.lines.extend([slow, slow])
    before = timezone.now()
    workers.carry_out(first, pulse)
    workers.carry_out(second, pulse)
    breaker_row = Breaker.objects.get()
    assert breaker_row.failures == 1, "both were told of the same pause"
    assert breaker_row.until is not None
    assert 90 <= (breaker_row.until - before).total_seconds() < 120
    assert workers._claim(2) is None
    assert len(ScriptedTarget.delivered) == 2
    assert not Review.objects.exists()


def test_no_delivery_fails_because_its_target_is_down_for_long(
    documents: Callable[[int], None], pulse: pool.Pulse
) -> None:
    documents(1)
    ScriptedTarget.lines.extend([DeliveryError("down", permanent=False)] * 30)
    delivery = sending()
    workers.carry_out(delivery, pulse)
    for _ in range(3 * policy.MAX_DELIVERY_ATTEMPTS):
        wait_over(delivery)
        workers.carry_out(queue.claim_delivery() or probing(), pulse)
    assert read(delivery).state == "pending"
    assert [review.kind for review in Review.objects.all()] == ["alarm"]


def test_one_that_never_succeeds_keeps_no_other_from_showing_that_the_target_works(
    documents: Callable[[int], None], pulse: pool.Pulse
) -> None:
    documents(2)
    poison = Delivery.objects.order_by("id")[0]

    def judge(outgoing: Outgoing) -> Any:
        return DeliveryError("503", permanent=False) if outgoing.key == poison.key else LANDED

    ScriptedTarget.lines.extend([judge] * 40)
    other = Delivery.objects.order_by("id")[1]
    Delivery.objects.filter(pk=other.pk).update(ready_at=timezone.now() + datetime.timedelta(hours=1))
    for _ in range(policy.BREAKER_AFTER):
        Delivery.objects.filter(pk=poison.pk).update(ready_at=poison.created_at)
        workers.carry_out(sending(), pulse)
    Delivery.objects.update(ready_at=poison.created_at)
    workers.carry_out(probing(), pulse)
    assert read(other).state == "delivered"
    assert not breaker.is_open("scripted")


def test_the_work_of_other_targets_keeps_none_shut_and_no_doubt_unsolved(
    documents: Callable[[int], None], pulse: pool.Pulse
) -> None:
    documents(4)
    down, doubtful = Delivery.objects.order_by("id")[:2]
    ScriptedTarget.lines.extend([TargetClosed("The token was revoked."), OutcomeUnknown("no answer"), LANDED])
    workers.carry_out(sending(), pulse)
    Delivery.objects.exclude(pk=down.pk).update(target="elsewhere", priority=2)
    Delivery.objects.filter(target="elsewhere").update(ready_at=down.created_at)
    second = sending()
    assert second == doubtful
    deliveries.doubt(second, reason="no answer", lag_seconds=0, by="test")
    assert workers._claim(2) == doubtful, "a doubt before more internal work"
    Delivery.objects.filter(pk=down.pk).update(ready_at=down.created_at)
    breaker.try_now("scripted")
    assert workers._claim(2) == down, "and the probe before all"
    assert workers._claim(2) not in {down, doubtful, None}


def test_of_many_who_would_probe_one_does(documents: Callable[[int], None], pulse: pool.Pulse) -> None:
    documents(3)
    ScriptedTarget.lines.append(TargetClosed("The token was revoked."))
    workers.carry_out(sending(), pulse)
    probing()
    assert queue.claim_probe() is None


def test_a_notice_that_nobody_needs_any_more_gives_its_try_to_the_next(pulse: pool.Pulse, job: None) -> None:
    ScriptedTarget.lines.extend([TargetClosed("The token was revoked."), LANDED])
    notice.enter("scripted", key="0", card="a")
    workers.carry_out(sending(), pulse)
    Delivery.objects.update(attempts=5)
    for number in (1, 2, 3):
        notice.enter("scripted", key=str(number), card="a")
    Breaker.objects.update(until=timezone.now())
    while probe := workers._claim(2):
        workers.carry_out(probe, pulse)
    states = dict(Delivery.objects.exclude(key="0").values_list("key", "state"))
    assert states == {"1": "cancelled", "2": "cancelled", "3": "delivered"}
    assert Review.objects.get().state == "superseded"
