"""What a person may send back."""

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.forms import Form
from django.http import QueryDict
from django.utils import timezone

from jobs.inbox import forms

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int) -> datetime.datetime:
    """A moment of November 2026, when the 24th is a Tuesday."""
    return datetime.datetime(2026, 11, day, hour, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("name", "now", "then"),
    [
        ("2h", at(24, 7), at(24, 9)),
        ("evening", at(24, 7), at(24, 18)),
        ("evening", at(24, 19), at(25, 18)),
        ("tomorrow", at(24, 7), at(25, 7)),
        ("monday", at(24, 7), at(30, 7)),
        ("monday", at(23, 6), at(30, 7)),
    ],
)
def test_a_time_with_a_name_is_always_ahead(name: str, now: datetime.datetime, then: datetime.datetime) -> None:
    assert forms.moment(name, now) == then


def test_every_choice_of_the_snooze_form_is_a_moment_ahead() -> None:
    for name, _ in forms.Snooze.CHOICES:
        form = forms.Snooze({"version": 1, "until": name})
        assert form.is_valid()
        assert form.cleaned_data["until"] > timezone.now()


@pytest.mark.parametrize(
    "form", [forms.Approval, forms.Edit, forms.Revision, forms.Refusal, forms.Answer, forms.Retry]
)
@pytest.mark.parametrize("version", ["", "0", "-1", "x", "1.5"])
def test_a_decision_without_the_version_that_was_seen_is_none(form: type[forms.Seen], version: str) -> None:
    assert not form({"version": version, "text": "x", "note": "x"}).is_valid()


@pytest.mark.parametrize(("typed", "microusd"), [("", None), ("3.5", 3_500_000), ("0.01", 10_000)])
def test_a_budget_is_typed_in_dollars(typed: str, microusd: int | None) -> None:
    form = forms.Retry({"version": 1, "budget": typed})
    assert form.is_valid()
    assert form.cleaned_data == {"version": 1, "budget_microusd": microusd}


@pytest.mark.parametrize("typed", ["0", "-1", "1e9", "NaN", "two"])
def test_what_is_no_budget_is_refused(typed: str) -> None:
    assert not forms.Retry({"version": 1, "budget": typed}).is_valid()


@pytest.mark.parametrize(("said", "arrived"), [("yes", True), ("no", False)])
def test_whether_it_arrived_is_yes_or_no(said: str, arrived: bool) -> None:
    form = forms.Resolution({"version": 1, "arrived": said})
    assert form.is_valid()
    assert form.cleaned_data["arrived"] is arrived
    assert not forms.Resolution({"version": 1, "arrived": "perhaps"}).is_valid()


def test_the_words_of_a_form_come_back_as_they_were_typed() -> None:
    assert forms.Edit({"version": "x", "text": "  My words\n"}).words() == "  My words\n"
    assert forms.Refusal({"reason": "No."}).words() == "No."
    assert forms.Approval({}).words() == ""


def posted(form: type[Form], query: str) -> Any:
    """What the form makes of what was posted."""
    bound = form(QueryDict(query))
    assert bound.is_valid(), bound.errors
    return bound.cleaned_data


def test_notes_on_passages_and_on_the_whole_are_one_note() -> None:
    query = (
        "version=1&note=Shorter.&quote=Hello++Marta&remark=Martha.&quote=&remark=Warmer.&quote=left+over&remark="
    )
    assert posted(forms.Revision, query)["note"] == "On “Hello Marta”: Martha.\n\nWarmer.\n\nShorter."
    assert posted(forms.Revision, "version=1")["note"] == ""


def test_own_words_come_before_a_ready_reason() -> None:
    assert posted(forms.Refusal, "version=1&why=Not+needed.&reason=") == {"version": 1, "reason": "Not needed."}
    assert posted(forms.Refusal, "version=1&why=Not+needed.&reason=No.") == {"version": 1, "reason": "No."}


def test_several_items_are_named_with_their_versions() -> None:
    assert posted(forms.Together, "do=approve&item=1:1&item=2:3,40:1")["items"] == [(1, 1), (2, 3), (40, 1)]
    for query in ("do=approve", "do=approve&item=1", "do=approve&item=a:b", "do=send&item=1:1"):
        assert not forms.Together(QueryDict(query)).is_valid()
