"""What a rule may name is offered before the first event has come."""

import pytest

from jobs.inbox import names
from jobs.inbox.rule_forms import PageForm
from jobs.lifecycle import slot
from jobs.lifecycle.intake import accept
from jobs.models import Receipt, Trigger
from tests.jobs.conftest import a_rule, an_event, last_hour

pytestmark = pytest.mark.django_db


def offered(source: str, trigger: Trigger | None = None, receipt: Receipt | None = None) -> dict[str, str]:
    """The names with their examples."""
    form = PageForm(initial={"source": source}, instance=trigger)
    return {one.braced: one.example for one in names.offered(form, trigger, receipt)}


def test_every_event_has_three_and_a_source_says_the_rest() -> None:
    found = offered("github")
    assert list(found)[:3] == ["{summary}", "{sender}", "{kind}"]
    assert {"{repository}", "{title}", "{text}"} <= set(found)
    assert set(found.values()) == {""}


def test_the_last_event_gives_examples() -> None:
    rule = a_rule("contact")
    accept(
        an_event(data={"name": "Lea", "order": {"id": 7, "a b": 1}, "tags": ["x", "y"], "long": "w" * 99}), [rule]
    )
    found = offered("form", rule)
    assert (found["{name}"], found["{order.id}"], found["{tags}"]) == ("Lea", "7", "x, y")
    assert len(found["{long}"]) == 60
    assert "{order.a b}" not in found


def test_of_another_address_nothing_is_known() -> None:
    accept(an_event(address="other", data={"secret": "x"}), [])
    assert "{secret}" not in offered("form", a_rule("contact"))
    assert "{secret}" not in offered("form")


def test_an_event_that_a_rule_is_made_for_comes_first() -> None:
    receipt = accept(an_event(source="standard", data={"order": "7"}), []).receipt
    assert offered("standard", receipt=receipt)["{order}"] == "7"


def test_there_is_an_end_to_what_strangers_name() -> None:
    receipt = accept(an_event(data={f"n{number}": "x" for number in range(200)}), []).receipt
    assert len(offered("form", receipt=receipt)) == names.MOST


def test_a_slot_has_what_is_offered(hourly: Trigger) -> None:
    slot.open_due(last_hour())
    data = Receipt.objects.get().data
    assert offered("schedule").keys() == {"{summary}", *(f"{{{name}}}" for name in data if name != "late")}


def test_a_source_that_is_gone_offers_what_every_event_has() -> None:
    assert list(offered("pigeon")) == ["{summary}", "{sender}", "{kind}"]
