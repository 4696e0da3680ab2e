"""The night in a message: once a date, at the owner's hour, with nothing of a stranger's mark-up in it."""

import datetime
import re

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from jobs import digest
from jobs.lifecycle import job as jobs
from jobs.models import Client, Job
from jobs.states import ReviewKind, ReviewState
from tests.jobs.conftest import a_rule
from tests.jobs.inbox.conftest import desk
from tests.jobs.test_nights import EVENING, MORNING, an_attempt, an_effect, an_ended_job, an_item, at

__all__ = ["desk"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(settings: Settings) -> None:
    """An address and an hour."""
    settings.BASE_URL = "https://desk.example.com"
    settings.DIGEST_AT = datetime.time(7)


def test_it_says_what_failed_what_waits_and_what_got_done_with_links(trattoria: Client) -> None:
    done = an_ended_job(trattoria, 1)
    broken = an_ended_job(trattoria, 2, "job.failed", reason="The source answered 403.")
    an_attempt(done, 1, cost_microusd=420_000)
    an_item(broken, 3)
    an_effect(done, 2, "unknown", 1)
    found = digest.compose(MORNING, now=at(11))
    assert found.subject == "Night to 24 November: 1 done, 1 failed, 1 waits for you."
    assert found.url == "https://desk.example.com/nights/2026-11-24/"
    lines = found.text.splitlines()
    assert lines[0] == "Overnight 1 done, 1 failed, $0.42 of $20.00 spent."
    assert "- Waiting for you: 1 question ([inbox](https://desk.example.com/inbox/))" in lines
    assert f"- [Job at 2](https://desk.example.com/jobs/{broken.uid}/): The source answered 403." in lines
    assert f"- [Job at 1](https://desk.example.com/jobs/{done.uid}/)" in lines
    assert lines.index("**Failed**") < lines.index("**Not delivered**") < lines.index("**Done**")


def test_the_sentence_over_the_inbox_is_its_first(trattoria: Client, desk: Browser) -> None:
    now = timezone.now()
    a_rule("briefing", source="schedule", conditions={"when": "every day at 4:40", "timezone": "UTC"})
    page = desk.get("/inbox/").content.decode().partition('<header class="night">')[2].partition("</header>")[0]
    shown = " ".join(re.sub(r"<[^>]+>", "", page.rpartition("<p>")[2]).split())
    first, _, said, *_ = digest.compose(timezone.localdate(), now=now).text.splitlines()
    assert said == f"{shown}."
    assert shown == "Overnight 0 done, $0.00 of $20.00 spent, next run 04:40"
    assert first == "A quiet night: nothing was to be done."


def test_strangers_words_stay_words(trattoria: Client) -> None:
    job = an_ended_job(trattoria, 1)
    Job.objects.filter(pk=job.pk).update(
        title="[pay](https://evil.example) ![x](https://evil.example/p.png)\n# Now"
    )
    text = digest.compose(MORNING, now=at(11)).text
    assert "\\[pay\\](https://evil.example)" in text
    assert "\n# Now" not in text
    assert "![x]" not in text


def test_what_was_silent_and_waits_says_when_it_is_due_the_earliest_first(trattoria: Client) -> None:
    job, now = an_ended_job(trattoria, 1), timezone.localtime()
    alarm = ReviewKind.ALARM
    an_item(job, 2, alarm, state=ReviewState.ANSWERED, due_at=now)
    an_item(job, 3, alarm, due_at=now + datetime.timedelta(hours=5))
    an_item(job, 4, alarm, due_at=now + datetime.timedelta(hours=2))
    an_item(job, 5, alarm, due_at=now - datetime.timedelta(hours=2))
    an_item(job, 6, alarm)
    lines = [line for line in digest.compose(MORNING, now=at(11)).text.splitlines() if "[alarm at" in line]
    assert [re.sub(r"^- \[alarm at (\d)]\([^)]+\)(.*): $", r"\1\2", line) for line in lines] == [
        f"5, was due {now - datetime.timedelta(hours=2):%H:%M}",
        f"4, due {now + datetime.timedelta(hours=2):%H:%M}",
        f"3, due {now + datetime.timedelta(hours=5):%H:%M}",
        "6",
        "2",
    ]


def test_a_long_night_is_cut_and_says_by_how_much(trattoria: Client) -> None:
    for place in range(12):
        an_ended_job(trattoria, 1 + place / 10)
    text = digest.compose(MORNING, now=at(11)).text
    assert "- and 4 more" in text


def test_it_is_due_from_the_owners_hour_on_and_only_where_something_was_ever_asked(trattoria: Client) -> None:
    seven = datetime.datetime(2026, 11, 24, 7, tzinfo=datetime.UTC)
    assert digest.due(seven) is None
    job = jobs.open_job(title="One", brief="Do it.", by="test")
    Job.objects.filter(pk=job.pk).update(created_at=EVENING)
    assert digest.due(seven - datetime.timedelta(seconds=1)) is None
    assert digest.due(seven) == MORNING
    assert digest.due(seven + datetime.timedelta(hours=9)) == MORNING


def test_the_hour_is_the_owners(trattoria: Client) -> None:
    job = jobs.open_job(title="One", brief="Do it.", by="test")
    Job.objects.filter(pk=job.pk).update(created_at=EVENING)
    with timezone.override("Europe/Berlin"):
        assert digest.due(datetime.datetime(2026, 11, 24, 6, tzinfo=datetime.UTC)) == MORNING
