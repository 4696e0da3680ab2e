"""Passkeys before their doors; what a real authenticator does is in tests/browser/test_passkeys.py."""

import json
import time

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from jobs.lifecycle import passkey
from tests.jobs.lifecycle.test_passkey import a_passkey

pytestmark = pytest.mark.django_db

NEW, USE = "/account/passkeys/new/begin/", "/account/passkeys/use/begin/"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof of the login is too old."""
    begin = time.time()
    monkeypatch.setattr("jobs.inbox.proving.time.time", lambda: begin + 16 * 60)


def test_a_passkey_is_made_for_whoever_has_just_proved_who_it_is(desk: Browser) -> None:
    options = desk.post(NEW).json()
    assert (options["rp"]["name"], options["user"]["name"]) == ("Nightdesk", "owner")


def test_whoever_finds_a_screen_unlocked_makes_none(desk: Browser, later: None) -> None:
    response = desk.post(NEW)
    assert (response.status_code, response.json()["code"]) == (403, "proof_needed")


def test_who_is_not_logged_in_makes_none() -> None:
    assert Browser().post(NEW).status_code == 403


def test_what_no_authenticator_made_lets_nobody_in(owner: User) -> None:
    browser = Browser()
    assert browser.post(USE).status_code == 200
    made = json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}})
    response = browser.post("/account/passkeys/use/", made, content_type="application/json")
    assert response.status_code >= 400
    assert browser.get("/inbox/").status_code == 302


def test_it_is_named_and_removed_on_the_account_page(desk: Browser, owner: User) -> None:
    row = a_passkey(owner)
    desk.post(f"/account/passkeys/{row.pk}/name/", {"name": "My phone"})
    assert passkey.of(owner).get().name == "My phone"
    desk.post(f"/account/passkeys/{row.pk}/removal/")
    assert not passkey.of(owner).exists()


def test_removing_one_needs_a_fresh_proof(desk: Browser, owner: User, later: None) -> None:
    row = a_passkey(owner)
    assert desk.post(f"/account/passkeys/{row.pk}/removal/").headers["Location"] == "/account/proof/"
    assert passkey.of(owner).exists()


def test_the_last_way_in_is_not_removed(desk: Browser, owner: User) -> None:
    row = a_passkey(owner)
    owner.set_unusable_password()
    owner.save()
    desk.force_login(owner)
    response = desk.post(f"/account/passkeys/{row.pk}/removal/")
    assert response.status_code == 409
    assert "Set a password first" in response.content.decode()
