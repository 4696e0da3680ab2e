"""Of a card only the last notice is sent, and never two at a time."""

from typing import Any

import pytest
from django.utils import timezone

from integrations import registry, workers
from integrations.contracts import Landed, OutcomeUnknown
from jobs import pool, queue
from jobs.lifecycle import notice
from jobs.models import Delivery
from tests.integrations.test_workers import ScriptedTarget
from tests.jobs.conftest import sending

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def board(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scripted target that shows cards."""
    monkeypatch.setitem(registry.TARGETS, "board", "tests.integrations.test_workers.ScriptedTarget")
    settings.TARGETS = {**settings.TARGETS, "board": {}}
    for seen in (ScriptedTarget.lines, ScriptedTarget.delivered, ScriptedTarget.sought):
        seen.clear()
    workers._target.cache_clear()


def entered(key: str, card: str = "a") -> Delivery:
    return notice.enter("board", key=key, card=card, fields={"text": key})


def carry_out_next() -> None:
    Delivery.objects.filter(state="pending").update(ready_at=timezone.now())
    workers.carry_out(sending(), pool.Pulse("deliveries"))


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("key", "state"))


def test_the_last_of_a_card_is_sent_and_knows_what_was_shown() -> None:
    ScriptedTarget.lines.extend([Landed(external_id="m1"), Landed(external_id="m1")])
    entered("1")
    carry_out_next()
    entered("2")
    entered("3")
    carry_out_next()
    carry_out_next()
    assert states() == {"1": "delivered", "2": "cancelled", "3": "delivered"}
    first, last = ScriptedTarget.delivered
    assert (first.previous, last.previous) == (None, Landed(external_id="m1"))
    assert last.fields == {"text": "3"}


def test_a_later_one_waits_until_it_is_known_what_became_of_the_earlier() -> None:
    ScriptedTarget.lines.extend([OutcomeUnknown("no answer"), Landed(external_id="m1"), Landed(external_id="m1")])
    entered("1")
    carry_out_next()
    entered("2")
    carry_out_next()
    assert states() == {"1": "unknown", "2": "pending"}
    Delivery.objects.filter(key="1").update(ready_at=timezone.now())
    in_doubt = queue.claim_lookup()
    assert in_doubt
    workers.carry_out(in_doubt, pool.Pulse("deliveries"))
    carry_out_next()
    assert states() == {"1": "delivered", "2": "delivered"}
    assert [outgoing.key for outgoing in ScriptedTarget.delivered] == ["1", "2"]
    assert ScriptedTarget.delivered[1].previous == Landed(external_id="m1")


def test_cards_do_not_wait_for_each_other() -> None:
    ScriptedTarget.lines.extend([OutcomeUnknown("no answer"), Landed(external_id="m2")])
    entered("1")
    carry_out_next()
    entered("2", card="b")
    carry_out_next()
    assert states() == {"1": "unknown", "2": "delivered"}
