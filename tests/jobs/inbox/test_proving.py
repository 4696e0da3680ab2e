"""Before a merge the person shows once more that it is them; nothing else asks for that."""

import time
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client as Browser
from pytest_django import Settings

from jobs.models import Review
from tests.jobs.people import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof of the login is too old."""
    begin = time.time()
    monkeypatch.setattr("jobs.inbox.proving.time.time", lambda: begin + 16 * 60)


def approve(browser: Browser, review: Review) -> Any:
    review.refresh_from_db()
    said = {"version": review.version, "digest": review.digest}
    return browser.post(f"/inbox/{review.pk}/approval/", said)


def state(review: Review) -> str:
    review.refresh_from_db()
    return review.state


def test_right_after_the_login_a_merge_needs_nothing_more(desk: Browser, merge: Review) -> None:
    assert approve(desk, merge).status_code == 302
    assert state(merge) == "approved"


def test_later_the_password_is_asked_and_leads_back_to_the_item(desk: Browser, merge: Review, later: None) -> None:
    door = approve(desk, merge).headers["Location"]
    assert (door, state(merge)) == (f"/account/proof/?next=%2Finbox%2F{merge.pk}%2F%3Fshow%3Dapprove", "open")
    page = desk.get(door)
    assert 'type="password"' in page.content.decode()
    back = desk.post("/account/proof/", {"password": PASSWORD, "next": f"/inbox/{merge.pk}/?show=approve"})
    assert back.headers["Location"] == f"/inbox/{merge.pk}/?show=approve"
    assert approve(desk, merge).status_code == 302
    assert state(merge) == "approved"


def test_a_wrong_password_proves_nothing_and_is_counted(desk: Browser, merge: Review, later: None) -> None:
    for _ in range(4):
        response = desk.post("/account/proof/", {"password": "wrong"})
        assert response.status_code == 409
        assert "That is not your password." in response.content.decode()
    assert desk.post("/account/proof/", {"password": "wrong"}).status_code == 429
    assert AccessAttempt.objects.get().username == "owner"
    assert approve(desk, merge).headers["Location"].startswith("/account/proof/")


def test_a_message_needs_no_proof(desk: Browser, message: Review, later: None) -> None:
    assert approve(desk, message).status_code == 302
    assert state(message) == "approved"


def test_who_came_by_a_passkey_proves_it_by_a_passkey(desk: Browser, merge: Review, later: None) -> None:
    session = desk.session
    session["proved_by"] = "passkey"
    session.save()
    assert desk.post("/account/proof/", {"password": PASSWORD}).status_code == 409
    assert 'type="password"' not in desk.get("/account/proof/").content.decode()
    assert approve(desk, merge).headers["Location"].startswith("/account/proof/")


def test_the_proof_leads_to_no_other_host(desk: Browser) -> None:
    response = desk.post("/account/proof/", {"password": PASSWORD, "next": "https://evil.example/"})
    assert response.headers["Location"] == "/account/"


def test_the_demo_has_no_passwords(desk: Browser, merge: Review, later: None, settings: Settings) -> None:
    settings.DEMO = True
    assert approve(desk, merge).status_code == 302
    assert state(merge) == "approved"


def test_who_has_no_password_is_told_what_to_do(desk: Browser, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    desk.force_login(owner)
    assert "manage.py enter owner" in desk.get("/account/proof/").content.decode()
