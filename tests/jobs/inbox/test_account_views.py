"""A person's own account."""

import time

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from jobs.models import Preference
from tests.jobs.people import PASSWORD, browser_of, person

pytestmark = pytest.mark.django_db


def test_it_says_who_somebody_is_here(desk: Browser) -> None:
    text = desk.get("/account/").content.decode()
    assert "may do everything" in text
    assert "reads, and decides nothing" in browser_of(person("read-only")).get("/account/").content.decode()
    assert "in no group yet" in browser_of(person()).get("/account/").content.decode()


def test_who_is_not_logged_in_has_none() -> None:
    assert Browser().get("/account/").headers["Location"] == "/login/?next=/account/"
    assert Browser().post("/account/zone/", {"zone": "UTC"}).status_code == 302


def test_times_are_shown_on_the_persons_own_clock(desk: Browser, owner: User) -> None:
    assert "Times in UTC" in desk.get("/inbox/").content.decode()
    desk.post("/account/zone/", {"zone": "Asia/Tokyo"})
    assert "Times in Asia/Tokyo" in desk.get("/inbox/").content.decode()
    assert "Times in UTC" in browser_of(person("owner")).get("/inbox/").content.decode()


def test_a_guess_of_the_browsers_counts_once(desk: Browser, owner: User) -> None:
    desk.post("/account/zone/", {"zone": "Europe/Berlin", "guess": "on"})
    desk.post("/account/zone/", {"zone": "Asia/Tokyo", "guess": "on"})
    assert Preference.objects.get().zone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "Europe/Berlin\x00"])
def test_a_zone_that_is_not_there_is_refused(desk: Browser, zone: str) -> None:
    assert desk.post("/account/zone/", {"zone": zone}).status_code == 409
    assert not Preference.objects.exclude(zone="").exists()


def test_another_password_needs_the_old_one_and_ends_other_logins(desk: Browser, owner: User) -> None:
    other = browser_of(owner)
    said = {"new_password1": "quite another password", "new_password2": "quite another password"}
    assert desk.post("/account/password/", {**said, "old_password": "wrong"}).status_code == 409
    assert desk.post("/account/password/", {**said, "old_password": PASSWORD}).status_code == 302
    assert desk.get("/inbox/").status_code == 200
    assert other.get("/inbox/").status_code == 302
    assert User.objects.get().check_password("quite another password")


def test_who_has_no_password_sets_one_right_after_coming_in(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    owner.set_unusable_password()
    owner.save()
    browser = browser_of(owner)
    said = {"new_password1": "quite another password", "new_password2": "quite another password"}
    begin = time.time()
    monkeypatch.setattr("jobs.inbox.proving.time.time", lambda: begin + 16 * 60)
    assert browser.post("/account/password/", said).headers["Location"] == "/account/proof/"
    monkeypatch.setattr("jobs.inbox.proving.time.time", lambda: begin)
    assert browser.post("/account/password/", said).headers["Location"] == "/account/"
    assert User.objects.get().has_usable_password()


def test_the_language_is_chosen_here_too_and_shown_as_it_is(desk: Browser) -> None:
    desk.post("/language/", {"language": "de", "next": "/account/"})
    assert '<option value="de" lang="de" selected>Deutsch</option>' in desk.get("/account/").content.decode()
