"""What did not arrive is sent again, waited for, or given up where its owner sees it."""

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from integrations import gaps
from jobs.models import Job, Receipt, Trigger
from tests.emulators.github import TOKEN, GitHubEmulator, Hook
from tests.integrations.github import test_source
from tests.integrations.github.test_source import ISSUE

pytestmark = pytest.mark.django_db

ADDRESS = "http://127.0.0.1:8000/hooks/github/"
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def github(settings: Settings) -> Iterator[GitHubEmulator]:
    """GitHub, which the settings know of."""
    emulator = GitHubEmulator().start()
    options = {"token": TOKEN, "owners": ["acme/widgets"], "address": ADDRESS, "base_url": emulator.url}
    settings.GAP_FINDERS = {"github": options}
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture
def hook(github: GitHubEmulator) -> Hook:
    """The hook that posts here."""
    return github.add_hook("acme/widgets", ADDRESS)


def asked(github: GitHubEmulator) -> int:
    """How often something was asked for again."""
    return sum(seen.req.method == "POST" for seen in github.journal)


def deliver(event: str, guid: str) -> int:
    """Post the labelled issue as GitHub does; the receiver's status."""
    sent = test_source.TestGitHub().request(json.dumps(ISSUE).encode(), event=guid, kind=event)
    try:
        response = Browser().post(
            "/hooks/github/", sent.body, content_type="application/json", headers=dict(sent.headers)
        )
        return response.status_code
    finally:
        connection.close()


def test_without_a_token_nobody_is_asked() -> None:
    assert gaps.find() == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_that_came_while_we_were_away_opens_its_job_after_all_and_once(
    github: GitHubEmulator, hook: Hook
) -> None:
    conditions = {"event": "issues.labeled", "label": "nightdesk"}
    Trigger.objects.create(name="Issues", slug="issues", source="github", conditions=conditions)
    github.sender = deliver
    github.attempt(hook, "d-1", None, ago=5 * MINUTE)
    assert gaps.find() == 1
    assert Receipt.objects.get().external_id == "d-1"
    assert Job.objects.get().title == "Acme/widgets#42: Menu page is slow"
    assert gaps.find() == 0
    assert (asked(github), Receipt.objects.count(), Job.objects.count()) == (1, 1, 1)


def test_what_came_although_the_answer_was_late_is_not_asked_for(github: GitHubEmulator, hook: Hook) -> None:
    Receipt.objects.create(source="github", external_id="d-1", kind="push", body=b"", sha256="")
    Receipt.objects.create(source="standard", external_id="d-2", kind="push", body=b"", sha256="")
    for guid in ("d-1", "d-2"):
        github.attempt(hook, guid, None, ago=5 * MINUTE)
    assert gaps.find() == 1
    assert hook.attempts[0]["guid"] == "d-2"


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 15), (3, 60), (4, 360)])
def test_the_wait_grows_with_the_attempts(github: GitHubEmulator, hook: Hook, attempts: int, minutes: int) -> None:
    for number in range(attempts):
        github.attempt(hook, "d-1", 500, ago=(minutes + number - 0.5) * MINUTE)
    assert gaps.find() == 0
    hook.attempts.clear()
    for number in range(attempts):
        github.attempt(hook, "d-1", 500, ago=(minutes + number + 0.5) * MINUTE)
    assert gaps.find() == 1


def test_after_the_fifth_attempt_it_is_given_up_once_and_can_still_come(
    github: GitHubEmulator, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        github.attempt(hook, "d-1", 401, ago=number * MINUTE)
    assert [gaps.find(), gaps.find()] == [0, 0]
    receipt = Receipt.objects.get()
    assert (receipt.external_id, receipt.kind, bytes(receipt.body)) == ("missed:d-1", "issues.labeled", b"")
    assert receipt.problems == {
        "every rule": "It could not be delivered, 5 times; the last answer was: Invalid HTTP Response: 401"
    }
    assert receipt.summary.startswith("Missed: issues.labeled, ")
    assert caplog.text.count("is given up") == 1
    assert asked(github) == 0
    assert deliver_here("d-1") == 202


def deliver_here(guid: str) -> int:
    """Post the labelled issue on this test's own connection."""
    sent = test_source.TestGitHub().request(json.dumps(ISSUE).encode(), event=guid, kind="issues")
    headers: dict[str, Any] = dict(sent.headers)
    return Browser().post("/hooks/github/", sent.body, content_type="application/json", headers=headers).status_code


def test_one_that_cannot_be_asked_for_keeps_no_other_from_it(github: GitHubEmulator, hook: Hook) -> None:
    for number in range(2):
        github.attempt(hook, f"d-{number}", 500, ago=(5 - number) * MINUTE)
    github.fault("POST ", "status", status=422, body={"message": "Validation Failed"})
    assert gaps.find() == 1
    assert hook.attempts[0]["guid"] == "d-1"


def test_a_service_that_is_away_is_asked_the_next_time(
    github: GitHubEmulator, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2):
        github.attempt(hook, f"d-{number}", 500, ago=5 * MINUTE)
    github.fault("POST ", "status", status=503, body={})
    assert gaps.find() == 0
    assert "503" in caplog.text
    assert asked(github) == 1
    assert gaps.find() == 2


def test_a_setting_that_cannot_be_used_is_said_and_breaks_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.GAP_FINDERS = {"github": {"token": TOKEN, "owners": ["a/b/c"], "address": ADDRESS}}
    assert gaps.find() == 0
    assert "GITHUB_HOOKS names 'a/b/c'" in caplog.text


def test_the_window_ends_where_github_forgets() -> None:
    assert datetime.timedelta(days=3) == gaps.WINDOW
    assert gaps.MAX_ATTEMPTS == 5
