"""Whatever is posted while another process writes: proven, kept and answered at once; its receipt follows."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from jobs import dispatch, spool
from jobs.lifecycle import arrival
from jobs.models import Job, Receipt, Trigger
from tests.emulators import esp
from tests.emulators.notion_hooks import VERIFICATION_TOKEN, event, signature
from tests.emulators.slack_people import People
from tests.integrations.mail.mails import AUTHSERV, a_mail
from tests.integrations.test_form_views import FIELDS, PAGE, SAID, opened
from tests.integrations.test_mail_views import send
from tests.integrations.test_views import post
from tests.jobs.conftest import a_rule, held

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="with many writers nothing waits"),
]
SOON: dict[str, Any] = {"receipt": None, "jobs": [], "detail": "It is kept; its receipt follows in a moment."}


def the_receipt() -> Receipt:
    """What was kept in the spool, taken in."""
    assert not Receipt.objects.exists()
    assert len(spool.waiting()) == 1
    assert arrival.take_in()
    return Receipt.objects.get()


def test_a_webhook_is_acknowledged_and_its_repeat_hears_of_the_receipt() -> None:
    rule = a_rule("bench", source="standard", brief_template="{text}")
    with held():
        answers = [post(rule, event="a") for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, SOON)] * 2
    receipt = the_receipt()
    assert receipt.external_id == "bench:a"
    assert receipt.headers["webhook-id"] == "a"
    again = post(rule, event="a")
    assert (again.status_code, again.json()) == (200, {"receipt": receipt.pk, "jobs": [Job.objects.get().pk]})


def test_what_nobody_proved_is_refused_and_kept_nowhere() -> None:
    rule = a_rule("bench", source="standard", brief_template="{text}")
    with held():
        unproven = post(rule, **{"webhook-signature": "v1,bm8="})
        answers = [unproven, post(rule, body=b"{no"), post(rule, body=b" " * 1_000_001)]
    assert [answer.status_code for answer in answers] == [401, 400, 413]
    assert spool.is_empty()


def test_a_page_that_was_filled_in_thanks(trattoria: object) -> None:
    a_rule("ask", brief_template="{text}", conditions={"fields": FIELDS})
    visitor = Browser(enforce_csrf_checks=True)
    page = opened(visitor)
    with held():
        answer = visitor.post(PAGE, {**page, **SAID})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}?sent")
    receipt = the_receipt()
    assert receipt.origin
    assert receipt.outcome == "opened"
    other = visitor.post(PAGE, {**page, **SAID, "message": "Other words."})
    assert other.status_code == 409


def test_a_page_that_a_program_filled_in_opens_nothing_later_either() -> None:
    a_rule("ask", brief_template="{text}", conditions={"fields": FIELDS})
    visitor = Browser(enforce_csrf_checks=True)
    page = opened(visitor)
    with held():
        visitor.post(PAGE, {**page, **SAID, "website": "https://spam.example"})
    assert (the_receipt().outcome, Job.objects.count()) == ("ignored", 0)


def test_a_mail_is_acknowledged(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": [esp.PASSWORD], **esp.KEYS}
    settings.SOURCES = {"mail": {"own": ["desk@example.com"], "authserv_ids": [AUTHSERV]}}
    Trigger.objects.create(name="Mail", slug="mail", source="mail", conditions={"sender": "*@example.com"})
    sent = esp.postmark_parsed(a_mail())
    with held():
        answer = send(sent)
    assert (answer.status_code, answer.json()) == (202, {"receipt": None, "jobs": []})
    receipt = the_receipt()
    assert (receipt.sender, receipt.outcome, bytes(receipt.body)) == ("marta@example.com", "opened", sent.body)


def test_slack_hears_in_words_what_it_needs(people: People) -> None:
    a_rule("slack", source="slack", brief_template="{text}")
    with held():
        said = people.slash("look at the menu").json()
        asked = people.post("events", b'{"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}')
        people.say("and at the wine list")
    assert (said["response_type"], said["text"]) == ("ephemeral", "Accepted: it is kept, and read in a moment.")
    assert asked.json() == {"challenge": "3eZbrw1aB"}
    assert not Receipt.objects.exists()
    arrival.take_in()
    assert [job.brief for job in Job.objects.order_by("id")] == ["look at the menu", "and at the wine list"]


def test_a_row_of_notion_is_looked_at_with_the_whole_board(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "notion": [VERIFICATION_TOKEN]}
    calls: list[Any] = []
    monkeypatch.setattr(dispatch, "async_task", lambda *arguments, **given: calls.append(arguments))
    body = event(None, by="a0000000-0000-4000-8000-000000000001")
    headers = {"X-Notion-Signature": signature(body)}
    with held():
        answer = Browser().post("/hooks/notion/", body, content_type="application/json", headers=headers)
    assert answer.status_code == 202
    assert calls == []
    assert the_receipt().source == "notion"
