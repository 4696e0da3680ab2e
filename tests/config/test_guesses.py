"""Guesses at passwords: stopped from where they come, for a while, and nobody else with them."""

import ipaddress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import call_command
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from config.guesses import visitor
from tests.jobs.people import PASSWORD

pytestmark = pytest.mark.django_db


def log_in(browser: Browser, password: str, name: str = "owner", **meta: Any) -> Any:
    return browser.post("/login/", {"username": name, "password": password}, **meta)


def guess(browser: Browser, times: int = 5, **meta: Any) -> Any:
    return [log_in(browser, "wrong", **meta) for _ in range(times)][-1]


def test_after_five_wrong_ones_this_place_waits_a_quarter_of_an_hour(owner: User) -> None:
    browser = Browser()
    assert guess(browser, 4).status_code == 200
    response = guess(browser, 1)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "900")
    text = response.content.decode()
    assert "Wait 15 minutes" in text
    assert "manage.py enter" in text
    assert log_in(browser, PASSWORD).status_code == 429
    assert browser.get("/login/").status_code == 200


def test_the_owner_comes_in_from_elsewhere(owner: User) -> None:
    guess(Browser(), REMOTE_ADDR="203.0.113.9")
    assert log_in(Browser(), PASSWORD, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_whoever_goes_on_is_not_shut_out_for_longer(owner: User) -> None:
    browser = Browser()
    guess(browser)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14, seconds=50))
    guess(browser)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert log_in(browser, PASSWORD).status_code == 302


def test_a_right_password_forgets_the_wrong_ones(owner: User) -> None:
    browser = Browser()
    guess(browser, 4)
    assert log_in(browser, PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_forged_headers_free_nobody_without_a_proxy(owner: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = False
    browser = Browser()
    for number in range(5):
        response = guess(
            browser, 1, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}", HTTP_X_REAL_IP=f"203.0.113.{number}"
        )
    assert response.status_code == 429


def test_behind_the_proxy_only_what_it_saw_counts(owner: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    browser = Browser()
    for number in range(5):
        response = guess(browser, 1, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 203.0.113.9", REMOTE_ADDR="10.1.1.1")
    assert response.status_code == 429
    # Everybody comes from the proxy's own address: that shuts out nobody else.
    assert (
        log_in(Browser(), PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.7", REMOTE_ADDR="10.1.1.1").status_code == 302
    )


def test_no_address_and_no_password_is_kept(owner: User) -> None:
    guess(Browser(), 1, REMOTE_ADDR="203.0.113.9")
    kept = AccessAttempt.objects.get()
    assert "203.0.113" not in str(vars(kept))
    assert "wrong" not in str(vars(kept))
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9")
    assert ipaddress.ip_address(visitor(request)) in ipaddress.ip_network("fd00::/8")
    assert visitor(request) == kept.ip_address


def test_the_command_frees_a_name_and_lets_its_person_in(owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    browser = Browser()
    guess(browser)
    call_command("enter")
    path = "/enter/" + capsys.readouterr().out.strip().partition("/enter/")[2]
    assert browser.post(path).headers["Location"] == "/inbox/"
    assert log_in(Browser(), PASSWORD).status_code == 302


def test_many_places_that_guess_at_one_name_are_stopped_together(owner: User) -> None:
    answers = [guess(Browser(), 1, REMOTE_ADDR=f"203.0.113.{number}").status_code for number in range(21)]
    assert answers == [200] * 19 + [429] * 2
    assert log_in(Browser(), PASSWORD, REMOTE_ADDR="198.51.100.7").status_code == 429
    # Another name is not shut by that.
    other = log_in(Browser(), "wrong", name="another", REMOTE_ADDR="198.51.100.7")
    assert other.status_code == 200


def test_one_place_that_guesses_at_many_names_is_stopped(owner: User) -> None:
    place = "203.0.113.9"
    answers = [log_in(Browser(), "wrong", f"name{number}", REMOTE_ADDR=place).status_code for number in range(21)]
    assert answers == [200] * 19 + [429] * 2
    assert log_in(Browser(), PASSWORD, REMOTE_ADDR=place).status_code == 429
    assert log_in(Browser(), PASSWORD, REMOTE_ADDR="198.51.100.7").status_code == 302


def shut(name: str = "owner") -> None:
    """Strangers from twenty places guess at the name."""
    for number in range(20):
        log_in(Browser(), "wrong", name, REMOTE_ADDR=f"203.0.113.{number}")


def test_strangers_keep_nobody_out_of_a_browser_they_came_in_by_before(owner: User) -> None:
    browser = Browser()
    assert log_in(browser, PASSWORD).status_code == 302
    browser.post("/logout/")
    shut()
    assert log_in(Browser(), PASSWORD).status_code == 429
    assert log_in(browser, PASSWORD).status_code == 302
    # Their own wrong ones count there as anywhere.
    browser.post("/logout/")
    assert guess(browser).status_code == 429


def test_a_browser_that_knows_one_person_frees_no_other_name(owner: User) -> None:
    other = User.objects.create_user("another", password=PASSWORD)
    browser = Browser()
    log_in(browser, PASSWORD)
    browser.post("/logout/")
    shut(other.username)
    assert log_in(browser, PASSWORD, other.username).status_code == 429


def test_a_forged_cookie_frees_nobody(owner: User, settings: Settings) -> None:
    shut()
    browser = Browser()
    browser.cookies[settings.KNOWN_COOKIE_NAME] = '["owner"]:1:abc'
    assert log_in(browser, PASSWORD).status_code == 429


def test_who_is_in_proves_it_by_their_password_whatever_strangers_guess(owner: User) -> None:
    browser = Browser()
    browser.force_login(owner, backend="jobs.membership.ByGroup")
    shut()
    assert browser.post("/account/proof/", {"password": PASSWORD}).status_code == 302


def test_the_link_lets_its_person_in_whatever_strangers_guess(
    owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("enter")
    path = "/enter/" + capsys.readouterr().out.strip().partition("/enter/")[2]
    shut()
    assert Browser().post(path).headers["Location"] == "/inbox/"


def test_a_passkey_is_never_shut_out(owner: User) -> None:
    for number in range(20):
        log_in(Browser(), "wrong", f"name{number}")
    shut()
    asked = RequestFactory().post("/")
    asked.session, asked.user = {}, AnonymousUser()  # type: ignore[assignment]  # as the middleware sets it
    assert authenticate(asked, webauthn_credential=SimpleNamespace(user=owner)) == owner


def test_it_is_over_after_a_quarter_of_an_hour(owner: User) -> None:
    shut()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert log_in(Browser(), PASSWORD).status_code == 302


def test_a_right_password_does_not_forget_what_was_guessed_at_others(owner: User) -> None:
    for number in range(19):
        log_in(Browser(), "wrong", f"name{number}")
    assert log_in(Browser(), PASSWORD).status_code == 302
    assert log_in(Browser(), "wrong", "name20").status_code == 429
