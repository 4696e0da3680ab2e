"""A form's own page: what people see, what is kept, and what programs and vandals get."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from integrations import form_views, visitors
from jobs import spool
from jobs.lifecycle import replay
from jobs.lifecycle.intake import secrets_of
from jobs.models import Client, Job, Receipt, Trigger
from tests.integrations.test_views import occupied
from tests.jobs.conftest import a_rule, together

pytestmark = pytest.mark.django_db

PAGE = "/hooks/form/ask/"
FIELDS: list[dict[str, Any]] = [
    {"name": "name", "label": "Your name", "required": True},
    {"name": "email", "label": "Your mail address", "kind": "email"},
    {"name": "size", "label": "Size", "kind": "select", "options": ["Small", "Large"]},
    {"name": "message", "label": "What is it about?", "kind": "textarea", "required": True},
]
SAID = {"name": "Lea", "email": "lea@example.com", "size": "Large", "message": "Do you deliver?"}
EVIL = '"><script>alert(1)</script>{__class__}{{ request }}{% load static %}'


@pytest.fixture
def rule() -> Trigger:
    """A rule with a page."""
    conditions = {"fields": FIELDS, "heading": "Ask us", "intro": "We answer soon.", "thanks": "We have it."}
    return a_rule("ask", conditions=conditions, title_template="{name}: {size}", brief_template="{text}")


@pytest.fixture
def visitor() -> Browser:
    """Somebody's browser, whose cookies count."""
    return Browser(enforce_csrf_checks=True)


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, text
    return unescape(found[1])


def opened(visitor: Browser) -> dict[str, str]:
    """What the page itself sends along."""
    text = visitor.get(PAGE).content.decode()
    return {name: hidden(text, name) for name in ("form_token", "csrfmiddlewaretoken")}


def sent(visitor: Browser, page: dict[str, str] | None = None, /, **fields: str) -> Any:
    """The answer to a page that was filled in."""
    return visitor.post(PAGE, {**(page or opened(visitor)), **SAID, **fields})


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content
    return str(response.content.decode())


def test_the_page_asks_for_the_fields_of_its_rule(rule: Trigger, visitor: Browser) -> None:
    response = visitor.get(PAGE)
    text = text_of(response)
    for words in (
        "<h1>Ask us</h1>",
        "We answer soon.",
        '<label for="f-name">Your name</label>',
        'type="email"',
        "<option>Large</option>",
        "<textarea",
    ):
        assert words in text
    assert "<script" not in text
    assert "style=" not in text


def test_the_page_may_load_nothing_but_its_style(rule: Trigger, visitor: Browser) -> None:
    policy = visitor.get(PAGE).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'")
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy


def test_what_was_filled_in_is_kept_and_becomes_a_job(rule: Trigger, visitor: Browser) -> None:
    response = sent(visitor)
    assert (response.status_code, response.headers["Location"]) == (303, f"{PAGE}?sent")
    assert "We have it." in text_of(visitor.get(response.headers["Location"]))
    receipt, job = Receipt.objects.get(), Job.objects.get()
    assert json.loads(bytes(receipt.body)) == SAID
    assert (receipt.kind, receipt.sender, receipt.address) == ("submission", "lea@example.com", "ask")
    assert (job.title, job.receipt) == ("Lea: Large", receipt)
    assert job.brief == "\n".join(
        [
            "Your name: Lea",
            "Your mail address: lea@example.com",
            "Size: Large",
            "What is it about?: Do you deliver?",
        ]
    )


def test_neither_token_is_kept(rule: Trigger, visitor: Browser) -> None:
    page = opened(visitor)
    sent(visitor, page)
    receipt = Receipt.objects.get()
    kept = f"{bytes(receipt.body)!r}{receipt.data}{receipt.headers}"
    assert not any(value in kept for value in page.values())
    assert "website" not in receipt.data


def test_a_page_that_is_sent_twice_is_one_submission(rule: Trigger, visitor: Browser) -> None:
    page = opened(visitor)
    assert [sent(visitor, page).status_code for _ in range(3)] == [303, 303, 303]
    assert (Receipt.objects.count(), Job.objects.count()) == (1, 1)


def test_a_page_that_is_sent_again_with_other_words_says_so_and_can_be_sent(
    rule: Trigger, visitor: Browser
) -> None:
    page = opened(visitor)
    sent(visitor, page)
    text = text_of(sent(visitor, page, message="And on Sundays?"), 409)
    assert "sent before, with other words" in text
    assert "And on Sundays?</textarea>" in text
    assert Receipt.objects.count() == 1
    again = {**page, "form_token": hidden(text, "form_token")}
    assert sent(visitor, again, message="And on Sundays?").status_code == 303
    assert Receipt.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_double_click_is_one_submission(rule: Trigger, visitor: Browser) -> None:
    page = opened(visitor)
    answers = together(5, lambda: sent(visitor, page).status_code)
    assert answers == [303] * 5
    assert (Receipt.objects.count(), Job.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"email": "lea"}, "no mail address"),
        ({"size": "XXL"}, "one of the list"),
        ({"name": "x" * 301}, "too long"),
        ({"message": "x" * 20_001}, "too long"),
        ({"message": "a\0b"}, "cannot be kept"),
        ({"name": "a\nb"}, "one line"),
    ],
)
def test_what_cannot_be_taken_comes_back_with_what_was_typed(
    rule: Trigger, visitor: Browser, fields: dict[str, str], said: str
) -> None:
    text = text_of(sent(visitor, **fields), 400)
    assert said in text
    assert 'aria-invalid="true"' in text
    assert "lea@example.com" in text or "email" in fields
    assert not Receipt.objects.exists()


def test_a_page_with_nothing_filled_in_is_not_taken(visitor: Browser) -> None:
    a_rule("ask", conditions={"fields": [{"name": "note", "label": "Note"}]})
    assert "fill in something" in text_of(sent(visitor, note=" "), 400)
    assert not Receipt.objects.exists()


def test_hostile_words_are_words(rule: Trigger, visitor: Browser) -> None:
    text = text_of(sent(visitor, name="", message=EVIL), 400)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert sent(visitor, message=EVIL, name="{message}{__class__}").status_code == 303
    job = Job.objects.get()
    assert job.title == "{message}{__class__}: Large"
    assert EVIL in job.brief


def test_hostile_words_of_the_rule_are_words_too(visitor: Browser) -> None:
    field = {"name": "a", "label": EVIL, "kind": "select", "options": [EVIL]}
    a_rule("ask", name=EVIL[:100], conditions={"fields": [field], "intro": EVIL, "thanks": EVIL})
    assert "<script" not in text_of(visitor.get(PAGE))
    assert "<script" not in text_of(visitor.get(f"{PAGE}?sent"))


def test_names_that_are_no_fields_are_dropped(rule: Trigger, visitor: Browser) -> None:
    sent(visitor, summary="Pay now", files="x", client="1", __class__="x")
    assert set(Receipt.objects.get().data) == {*SAID, "text"}


def test_a_giant_page_is_refused_before_it_is_read(rule: Trigger, visitor: Browser) -> None:
    assert "too much at once" in text_of(sent(visitor, message="x" * 300_000), 413)
    assert not Receipt.objects.exists()


def test_what_falls_into_the_trap_is_thanked_kept_and_opens_nothing(rule: Trigger, visitor: Browser) -> None:
    assert sent(visitor, website="https://spam.example").status_code == 303
    receipt = Receipt.objects.get()
    assert receipt.outcome == "ignored"
    assert "a program sent this" in receipt.problems["every rule"]
    assert not Job.objects.exists()
    (step,) = replay.replay(receipt, by="owner")
    assert step.is_new


def test_a_page_that_no_browser_of_ours_sent_is_refused_and_nothing_is_lost(
    rule: Trigger, visitor: Browser
) -> None:
    page = opened(visitor)
    text = text_of(Browser(enforce_csrf_checks=True).post(PAGE, {**page, **SAID}), 403)
    assert "Do you deliver?</textarea>" in text
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("token", ["", "forged", visitors.new_token("another-rule")])
def test_a_page_without_a_token_of_this_form_is_refused(rule: Trigger, visitor: Browser, token: str) -> None:
    page = {**opened(visitor), "form_token": token}
    text = text_of(sent(visitor, page), 409)
    assert "once more" in text
    assert visitors.number_of(hidden(text, "form_token"), "ask")
    assert not Receipt.objects.exists()


def test_a_page_that_lay_open_for_too_long_is_refused(
    rule: Trigger, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(visitor)
    monkeypatch.setattr(visitors, "TOKEN_SECONDS", -1)
    assert "lain open" in text_of(sent(visitor, page), 409)


def test_one_address_sends_only_so_much_within_an_hour(
    rule: Trigger, visitor: Browser, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(form_views, "MOST_AN_HOUR", 2)
    settings.BEHIND_PROXY = True
    assert [sent(visitor).status_code for _ in range(2)] == [303, 303]
    text = text_of(sent(visitor, message="The third"), 429)
    assert "The third</textarea>" in text
    assert Receipt.objects.count() == 2
    other = visitor.post(PAGE, {**opened(visitor), **SAID}, headers={"X-Forwarded-For": "203.0.113.9"})
    assert other.status_code == 303


def test_the_client_is_found_by_the_field_that_the_rule_names(
    rule: Trigger, visitor: Browser, trattoria: Client
) -> None:
    sent(visitor, email="marta@example.com")
    Trigger.objects.update(client_from="email")
    sent(visitor, email="marta@example.com")
    assert [job.client for job in Job.objects.order_by("id")] == [None, trattoria]


def test_rules_that_share_the_address_get_it_too(rule: Trigger, visitor: Browser) -> None:
    a_rule("second", address="ask")
    sent(visitor)
    assert Job.objects.count() == 2
    assert visitor.get("/hooks/form/second/").status_code == 405


def test_a_program_still_posts_to_the_same_address(rule: Trigger, visitor: Browser) -> None:
    headers = {"authorization": f"Bearer {secrets_of(rule)[1]}"}
    response = visitor.post(PAGE, json.dumps(SAID), content_type="application/json", headers=headers)
    assert response.status_code == 202
    encoded = visitor.post(PAGE, "name=Lea", content_type="application/x-www-form-urlencoded", headers=headers)
    assert encoded.status_code == 202
    for kind in ("application/json", "text/plain", ""):
        assert visitor.post(PAGE, b"{}", content_type=kind).json()["error"] == "bad_signature"


@pytest.mark.parametrize("conditions", [{}, {"fields": []}, {"fields": "broken"}, {"moon": 1}])
def test_a_rule_without_fields_has_no_page(visitor: Browser, conditions: dict[str, Any]) -> None:
    a_rule("ask", conditions=conditions)
    assert visitor.get(PAGE).status_code == 405
    assert visitor.post(PAGE, SAID).status_code in {400, 401}
    assert not Receipt.objects.exists()


def test_a_rule_that_is_off_has_no_page(rule: Trigger, visitor: Browser) -> None:
    Trigger.objects.update(enabled=False)
    assert visitor.get(PAGE).status_code == 405
    assert visitor.post(PAGE, SAID).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_another_method_is_not_allowed(rule: Trigger, visitor: Browser, method: str) -> None:
    assert getattr(visitor, method)(PAGE).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_not_to_be_had_loses_no_words(
    rule: Trigger, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(visitor)
    monkeypatch.setattr(spool, "MOST_FILES", 0)
    monkey = {**page, **SAID}
    with occupied():
        response = visitor.post(PAGE, monkey)
    assert "Do you deliver?</textarea>" in text_of(response, 503)
    assert sent(visitor, page).status_code == 303
