"""The site of the engine room: who comes in, and by which door."""

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser

from config.room import EngineRoom
from jobs.lifecycle.job import open_job
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db


def test_it_is_the_site_that_every_noun_is_registered_with() -> None:
    assert isinstance(admin.site, EngineRoom)
    assert len(admin.site._registry) > 12


def test_it_has_no_login_of_its_own() -> None:
    response = Browser().get("/admin/jobs/job/", follow=True)
    assert response.redirect_chain[-1] == ("/login/?next=/admin/jobs/job/", 302)
    assert Browser().post("/admin/login/", {"username": "owner", "password": "x"}).status_code == 302


def test_owners_come_in_without_being_staff_or_superusers() -> None:
    browser = browser_of(person("owner"))
    text = browser.get("/admin/").content.decode()
    for noun in ("Jobs", "Triggers", "Clients", "Users", "Groups"):
        assert noun in text
    assert browser.get("/admin/login/?next=/admin/").headers["Location"] == "/admin/"


def test_reviewers_are_told_that_it_is_not_theirs() -> None:
    response = browser_of(person("reviewer")).get("/admin/", follow=True)
    assert response.status_code == 403
    assert "Your account may not do that" in response.content.decode()


def test_staff_see_what_they_were_given() -> None:
    auditor = person("read-only", is_staff=True)
    auditor.user_permissions.add(Permission.objects.get(codename="view_job"))
    browser = browser_of(auditor)
    assert browser.get("/admin/jobs/job/").status_code == 200
    assert browser.get("/admin/jobs/trigger/").status_code == 403


def test_its_header_is_the_one_of_all_pages() -> None:
    folder = settings.BASE_DIR / "jobs" / "static" / "nightdesk"
    page, room = ((folder / name).read_text() for name in ("nightdesk.css", "admin.css"))
    frame = page.partition("/* the frame */\n")[2].partition("\n.floor {")[0]
    rules = [line for line in frame.splitlines() if line and not line.startswith("/*")]
    assert len(rules) > 10
    assert [rule for rule in rules if rule not in room] == []


def test_lists_are_headed_by_the_words_of_the_house_ours_first(owner: User) -> None:
    open_job(title="Job", brief="x", by="test")
    browser = browser_of(owner)
    browser.post("/language/", {"language": "de", "next": "/admin/"})
    text = browser.get("/admin/").content.decode()
    assert text.index("Aufträge") < text.index("Benutzer")
    page = browser.get("/admin/jobs/job/").content.decode()
    assert "<h1>Aufträge</h1>" in page
    for words in ("Titel", "Stand", "zu entscheiden"):
        assert words in page
