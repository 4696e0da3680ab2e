"""A place that work comes from: a moment's absence is nothing, a long one is one item."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from jobs.lifecycle import absence, breaker
from jobs.models import Job, Review

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The moment at which an absence that begins now has lasted too long."""
    return timezone.now() + absence.PATIENCE + timedelta(seconds=1)


def test_a_short_absence_is_not_told(job: Job) -> None:
    assert absence.away("mailbox", reason="no route") is None
    absence.back("mailbox")
    assert not Review.objects.exists()


def test_a_long_one_is_one_item_until_it_is_back(
    job: Job, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    absence.away("mailbox", reason="no route")
    monkeypatch.setattr(timezone, "now", lambda: later)
    item = absence.away("mailbox", reason="no route")
    assert item
    assert item.title == "The mailbox cannot be read"
    assert "no route" in item.payload["cause"]
    assert absence.away("mailbox", reason="still none") is None
    breaker.tidy()
    assert not breaker.is_open("mailbox")
    absence.back("mailbox")
    absence.back("mailbox")
    assert [row.state for row in Review.objects.all()] == ["superseded"]
    assert absence.away("mailbox", reason="no route") is None, "it begins anew"


def test_a_login_that_is_refused_is_told_at_once(job: Job) -> None:
    assert absence.away("mailbox", reason="wrong password", for_good=True)
    assert absence.away("mailbox", reason="wrong password", for_good=True) is None


def test_it_needs_no_job_to_stand_at() -> None:
    item = absence.away("mailbox", reason="wrong password", for_good=True)
    assert item
    assert (item.job, item.about) == (None, "mailbox")


def test_who_was_refused_comes_again_ever_later_but_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    minutes = []
    for _ in range(8):
        absence.away("mailbox", reason="wrong password", for_good=True)
        moment = absence.next_try("mailbox")
        assert moment
        now = moment
        minutes.append((now - begun).total_seconds() / 60)
        assert absence.next_try("mailbox") is None
    assert minutes == [1, 3, 7, 15, 30, 45, 60, 75]
    now += timedelta(hours=5)
    absence.away("mailbox", reason="wrong password", for_good=True)
    later = absence.next_try("mailbox")
    assert later
    assert timedelta() < later - now <= timedelta(minutes=15)
    assert Review.objects.count() == 1


@pytest.mark.parametrize("end", ["it is back", "it is started anew", "it is only away"])
def test_a_pause_ends(end: str) -> None:
    absence.away("mailbox", reason="wrong password", for_good=True)
    assert absence.next_try("mailbox")
    if end == "it is back":
        absence.back("mailbox")
    elif end == "it is started anew":
        absence.try_now("mailbox")
    else:
        absence.away("mailbox", reason="no route")
    assert absence.next_try("mailbox") is None


def test_a_place_that_nobody_asked_may_be_asked() -> None:
    absence.try_now("mailbox")
    assert absence.next_try("mailbox") is None
