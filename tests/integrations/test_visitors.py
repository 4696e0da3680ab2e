"""Tokens of pages, and where strangers come from."""

import pytest
from django.core import signing
from django.test import RequestFactory
from pytest_django import Settings

from integrations import visitors


def test_a_token_has_a_number_for_its_own_rule_alone() -> None:
    token = visitors.new_token("contact")
    assert len(visitors.number_of(token, "contact")) > 20
    assert visitors.number_of(token, "other") == ""
    assert visitors.number_of(visitors.new_token("contact"), "contact") != visitors.number_of(token, "contact")


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "é", "x" * 10_000])
def test_what_is_no_token_has_no_number(token: str) -> None:
    assert visitors.number_of(token, "contact") == ""


def test_what_was_signed_for_something_else_has_no_number() -> None:
    assert visitors.number_of(signing.dumps(["contact", "1"]), "contact") == ""


@pytest.mark.parametrize("content", ["contact", ["contact"], 7, {"a": 1}, None, ["contact", "1", "2"]])
def test_a_token_of_another_form_has_no_number(content: object) -> None:
    assert visitors.number_of(signing.dumps(content, salt="nightdesk.form-page"), "contact") == ""


def test_a_token_is_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    token = visitors.new_token("contact")
    monkeypatch.setattr(visitors, "TOKEN_SECONDS", -1)
    assert visitors.number_of(token, "contact") == ""


def origin(address: str, forwarded: str = "") -> str:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return visitors.origin_of(RequestFactory().get("/", REMOTE_ADDR=address, headers=headers))


def test_an_origin_is_one_network_and_cannot_be_read() -> None:
    assert origin("192.0.2.1") == origin("192.0.2.1") == origin("::ffff:192.0.2.1")
    assert origin("192.0.2.1") != origin("192.0.2.2")
    assert origin("2001:db8::1") == origin("2001:db8::ffff:2")
    assert origin("2001:db8::1") != origin("2001:db8:0:1::1")
    assert "192" not in origin("192.0.2.1")
    assert origin("") == origin("@") == origin("unix:")


def test_what_a_sender_says_of_itself_counts_for_nothing(settings: Settings) -> None:
    settings.BEHIND_PROXY = False
    assert origin("192.0.2.1", "203.0.113.9") == origin("192.0.2.1")
    settings.BEHIND_PROXY = True
    assert origin("127.0.0.1", "203.0.113.9, 192.0.2.1") == origin("192.0.2.1")
    assert origin("192.0.2.1") == origin("127.0.0.1", "192.0.2.1")


def test_a_request_without_our_cookie_is_forged() -> None:
    request = RequestFactory(enforce_csrf_checks=True).post("/")
    request._dont_enforce_csrf_checks = False  # type: ignore[attr-defined]  # as in a real server
    assert "cookie" in visitors.forged(request).lower()
