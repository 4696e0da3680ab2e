"""The words of a job that is new, or run again."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from jobs.inbox.job_forms import MOST_CHARS, Again, New


def test_a_title_is_one_line_and_may_stay_away() -> None:
    form = Again({"title": " New\n words ", "brief": "Do it."})
    assert form.is_valid()
    assert form.cleaned_data == {"title": "New words", "brief": "Do it."}
    assert Again({"brief": "Do it."}).is_valid()


def test_a_brief_is_needed_and_has_a_most() -> None:
    assert "brief" in Again({"title": "x", "brief": "  "}).errors
    assert "brief" in Again({"brief": "x" * (MOST_CHARS + 1)}).errors


def test_a_new_job_needs_no_more_than_its_words(db: None) -> None:
    form = New(QueryDict("brief=Write+it."), client="")
    assert form.is_valid()
    assert form.wanted() == {
        "brief": "Write it.",
        "client": "",
        "title": "",
        "priority": None,
        "budget_microusd": None,
        "due_at": None,
    }


def test_a_new_job_may_be_due_on_the_clock_of_its_reader(db: None) -> None:
    later = timezone.localtime(timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    form = New(QueryDict(f"brief=x&due_at={later:%Y-%m-%dT%H:%M}"), client="")
    assert form.is_valid()
    assert form.wanted()["due_at"] == later
    assert "has passed" in str(New(QueryDict("brief=x&due_at=2026-01-01T08:00"), client="").errors["due_at"])


@pytest.mark.parametrize("asked", ["", "brief=x&client=nobody", "brief=x&budget=0", "brief=x&priority=3"])
def test_what_makes_no_sense_opens_no_job(db: None, asked: str) -> None:
    assert not New(QueryDict(asked), client="").is_valid()
