"""After a while only that an event came is known; until then all of it."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from jobs import arrivals, queries, workers
from jobs.lifecycle import pruning, replay
from jobs.lifecycle.intake import accept
from jobs.models import Job, Receipt, Trigger
from tests.jobs.conftest import a_received_file, a_rule, an_event, last_hour
from tests.jobs.inbox.conftest import desk

__all__ = ["desk"]

pytestmark = pytest.mark.django_db

IN_90_DAYS = timedelta(days=90, seconds=1)


@pytest.fixture
def receipt() -> Receipt:
    """An event that met no rule."""
    return accept(an_event(files=[a_received_file()]), []).receipt


def forgotten(receipt: Receipt) -> Receipt:
    assert pruning.forget_bodies(timezone.now() + IN_90_DAYS) == 1
    return Receipt.objects.get(pk=receipt.pk)


def test_what_it_said_goes_and_that_it_came_stays(receipt: Receipt) -> None:
    after = forgotten(receipt)
    assert (bytes(after.body), after.data) == (b"", {})
    assert after.pruned_at is not None
    for name in ("source", "external_id", "kind", "sender", "summary", "sha256", "outcome", "received_at"):
        assert getattr(after, name) == getattr(receipt, name)


def test_it_is_kept_for_as_long_as_the_owner_says(receipt: Receipt, settings: Settings) -> None:
    assert pruning.forget_bodies(timezone.now() + timedelta(days=89)) == 0
    settings.KEEP_BODIES = timedelta(days=88)
    assert pruning.forget_bodies(timezone.now() + timedelta(days=89)) == 1


def test_the_worker_does_it_once(receipt: Receipt, settings: Settings) -> None:
    settings.KEEP_BODIES = timedelta(0)
    workers.prune()
    first = Receipt.objects.get().pruned_at
    workers.prune()
    assert first is not None
    assert Receipt.objects.get().pruned_at == first


def test_many_go_in_many_short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_AT_ONCE", 2)
    for number in range(5):
        accept(an_event(external_id=str(number)), [])
    assert pruning.forget_bodies(timezone.now() + IN_90_DAYS) == 5


def test_a_repeat_after_that_still_opens_nothing_more(receipt: Receipt) -> None:
    forgotten(receipt)
    again = accept(an_event(), [a_rule()])
    assert (again.is_new, again.jobs) == (False, [])


def test_it_cannot_be_replayed_or_be_made_a_rule_of_and_says_why(receipt: Receipt, desk: Browser) -> None:
    rule = a_rule("contact")
    after = forgotten(receipt)
    for act in (lambda: replay.replay(after, by="owner"), lambda: replay.apply(rule, after, by="owner")):
        with pytest.raises(replay.NotReplayed, match=r"forgotten on \d+ \w+ 20.*only that it came is kept"):
            act()
    assert not Job.objects.exists()
    text = desk.get(f"/receipts/{receipt.pk}/").content.decode()
    assert "What it said was forgotten" in text
    assert "Make a rule from it" not in text
    assert "The bytes as they came" not in text
    assert desk.get("/receipts/").status_code == 200
    assert arrivals.last_of("form", "contact") == []


def test_its_job_keeps_what_it_was_asked(receipt: Receipt) -> None:
    (job,) = accept(an_event(external_id="2"), [a_rule()]).jobs
    pruning.forget_bodies(timezone.now() + IN_90_DAYS)
    job.refresh_from_db()
    assert (job.brief, job.data["name"]) == ("Do you deliver?", "Lea")


def test_a_slot_stays_what_it_is(hourly: Trigger) -> None:
    slot = last_hour().isoformat()
    event = an_event(source="schedule", sender="hourly", external_id=f"hourly:{slot}", data={"slot": slot})
    accept(event, [])
    assert pruning.forget_bodies(timezone.now() + IN_90_DAYS) == 0
    assert [past.at for past in queries.past_slots(hourly)] == [last_hour()]
