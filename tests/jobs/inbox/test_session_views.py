"""In and out."""

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from jobs.inbox import entry

pytestmark = pytest.mark.django_db


def path_of(user: User) -> str:
    """The address of a fresh link, without the host."""
    return "/enter/" + entry.enter_link(user).partition("/enter/")[2]


def test_a_password_opens_the_page_that_was_asked_for(owner: User) -> None:
    browser = Browser()
    assert browser.get("/jobs/").headers["Location"] == "/login/?next=/jobs/"
    data = {"username": "owner", "password": "a long enough password", "next": "/jobs/"}
    assert browser.post("/login/", data).headers["Location"] == "/jobs/"


def test_the_login_leads_to_no_other_host(owner: User) -> None:
    data = {"username": "owner", "password": "a long enough password", "next": "https://evil.example/"}
    assert Browser().post("/login/", data).headers["Location"] == "/inbox/"


@pytest.mark.parametrize(
    ("name", "password"), [("owner", "wrong"), ("nobody", "wrong"), ("stranger", "another long password")]
)
def test_a_wrong_login_says_the_same_to_all(owner: User, stranger: User, name: str, password: str) -> None:
    response = Browser().post("/login/", {"username": name, "password": password})
    assert response.status_code == 200
    assert "Please enter a correct username and password" in response.content.decode()


def test_looking_at_a_link_does_not_use_it_up(owner: User) -> None:
    path = path_of(owner)
    for _ in range(2):
        response = Browser().get(path)
        assert "Enter as owner" in response.content.decode()
        assert "sessionid" not in response.cookies
    browser = Browser()
    assert browser.post(path).headers["Location"] == "/inbox/"
    assert browser.get("/inbox/").status_code == 200
    again = Browser()
    assert again.post(path).status_code == 410
    assert again.get("/inbox/").status_code == 302


def test_logging_out_needs_a_post(owner: User) -> None:
    browser = Browser()
    browser.force_login(owner)
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/").headers["Location"] == "/login/"
    assert browser.get("/inbox/").status_code == 302


def test_pages_of_errors_look_like_the_house(owner: User) -> None:
    response = Browser().get("/no-such-page/")
    assert response.status_code == 404
    assert "Not here" in response.content.decode()
    refused = Browser(enforce_csrf_checks=True).post("/login/", {})
    assert refused.status_code == 403
    assert "Please send that again" in refused.content.decode()
