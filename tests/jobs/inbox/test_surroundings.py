"""What is around every page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.test import RequestFactory

from jobs.inbox.surroundings import surroundings
from jobs.models import Review

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("name", "label"), [("DEMO", "Demo"), ("REHEARSAL", "Rehearsal")])
def test_a_mode_that_is_not_the_real_thing_is_labelled(
    desk: Browser, settings: pytest.FixtureRequest, name: str, label: str
) -> None:
    settings.DEMO = settings.REHEARSAL = False  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert label not in desk.get("/jobs/").content.decode()
    setattr(settings, name, True)
    assert label in desk.get("/jobs/").content.decode()


def test_how_many_items_wait_stands_on_every_page(desk: Browser, message: Review) -> None:
    assert 'id="count">1</b>' in desk.get("/jobs/").content.decode()


def test_a_stranger_is_not_told_how_many_wait(message: Review) -> None:
    assert surroundings(RequestFactory().get("/"))["waiting"] == 0
    assert "count" not in Browser().get("/login/").content.decode()


def test_somebody_who_is_no_staff_sees_no_engine_room(desk: Browser, db: None) -> None:
    assert "Engine room" in desk.get("/jobs/").content.decode()
    browser = Browser()
    browser.force_login(User.objects.create_user("reviewer"))
    assert "Engine room" not in browser.get("/jobs/").content.decode()
