"""Rows in words."""

import datetime

import pytest
from django.utils import timezone

from jobs import events
from jobs.inbox import wording
from jobs.models import Event


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "$0.00"), (4_999, "under $0.01"), (184_000, "$0.18"), (1_234_000_000, "$1,234.00"), (None, "unknown")],
)
def test_money_is_money(amount: int | None, said: str) -> None:
    assert wording.usd(amount) == said


@pytest.mark.parametrize("name", sorted(events.NAMES))
def test_every_event_is_a_sentence(name: str) -> None:
    event = Event(name=name, actor="agent:code", noun=name.partition(".")[0], row=1, data={"steps": ["One", "Two"]})
    said = wording.sentence(event, {("task", 1): "“Write it”", ("delivery", 1): "the message"})
    assert said[0].isupper() or said[0] == "“"
    assert said.endswith((".", "later."))
    assert "{" not in said
    assert name not in said


def test_a_sentence_names_who_and_what() -> None:
    event = Event(name="task.revising", actor="owner", noun="task", row=7)
    assert wording.sentence(event, {("task", 7): "“Write it”"}) == "Owner sent “Write it” back with a note."
    event = Event(
        name="job.not_followed",
        actor="agent:code",
        noun="job",
        row=7,
        data={"title": "Mend {x}", "reason": "why not"},
    )
    assert wording.sentence(event, {}) == (
        "The code agent wanted a follow-up job, “Mend {x}”. It was not opened: why not."
    )
    event = Event(
        name="job.followed", actor="agent:code", noun="job", row=7, data={"title": "Mend it", "microusd": 500_000}
    )
    assert wording.sentence(event, {}) == (
        "The code agent opened a follow-up job, “Mend it”, with $0.50 of this job's budget."
    )
    event = Event(name="job.opened", actor="trigger:enquiry", noun="job", row=7)
    assert wording.sentence(event, {}) == "The rule “enquiry” opened the job."


def test_a_moment_is_a_clock_time_with_its_date_when_it_is_far() -> None:
    now = timezone.now()
    assert f">{timezone.localtime(now):%H:%M}</time>" in wording.clock(now)
    assert "datetime=" in wording.clock(now)
    long_ago = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
    assert ">2 Jan, 03:04</time>" in wording.clock(long_ago)
    assert f">{timezone.localtime(now):%H:%M:%S}</time>" in wording.clock_seconds(now)
    assert wording.clock(None) == wording.clock_seconds(None) == ""


@pytest.mark.parametrize(("seconds", "said"), [(30, "30 seconds"), (119, "119 seconds"), (300, "5 minutes")])
def test_a_span_is_said_in_words(seconds: int, said: str) -> None:
    assert wording.in_words(datetime.timedelta(seconds=seconds)) == said


def test_states_kinds_and_sums_are_short_words() -> None:
    assert wording.state_word("needs_review") == "needs review"
    assert wording.kind_word("merge") == "Pull request"
    assert wording.short("0123456789abcdef") == "0123456789ab"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "less than a minute"), (40, "about a minute"), (600, "about 10 minutes"), (7300, "about 2 hours")],
)
def test_a_span_that_nobody_knows_exactly(seconds: int, said: str) -> None:
    assert wording.roughly(datetime.timedelta(seconds=seconds)) == said
