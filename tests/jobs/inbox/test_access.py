"""Who is let through, and where the others are led."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory

from jobs.inbox.access import permitted, person_only
from jobs.lifecycle import review as reviews
from jobs.models import Review
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db


@person_only
def view(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """A page."""
    return HttpResponse(f"page {pk}")


def test_a_person_who_has_logged_in_is_let_through(owner: User) -> None:
    request = RequestFactory().get("/inbox/")
    request.user = owner
    assert view(request, pk=3).content == b"page 3"


@pytest.mark.parametrize(
    ("method", "path", "back"),
    [
        ("GET", "/inbox/3/?show=edit", "/inbox/3/%3Fshow%3Dedit"),
        ("POST", "/inbox/3/approval/", "/inbox/3/"),
        ("POST", "/inbox/", "/inbox/"),
        (
            "POST",
            "/jobs/00000000-0000-0000-0000-000000000000/cancel/",
            "/jobs/00000000-0000-0000-0000-000000000000/",
        ),
        ("POST", "/triggers/enquiry/trial/", "/triggers/enquiry/"),
        ("POST", "/receipts/3/replay/", "/receipts/3/"),
    ],
)
def test_others_are_led_to_the_login_and_back_to_a_page_that_can_be_read(method: str, path: str, back: str) -> None:
    request = RequestFactory().generic(method, path)
    request.user = AnonymousUser()
    response = view(request)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/login/?next={back}"


@permitted("jobs.change_trigger")
def change(request: HttpRequest) -> HttpResponse:
    """A change."""
    return HttpResponse("changed")


def test_who_has_the_permission_of_the_admin_may_change_here_too(owner: User) -> None:
    request = RequestFactory().post("/triggers/")
    request.user = owner
    assert change(request).content == b"changed"
    helper = User.objects.create_user("helper")
    request.user = helper
    with pytest.raises(PermissionDenied):
        change(request)
    helper.user_permissions.add(Permission.objects.get(codename="change_trigger"))
    request.user = User.objects.get(username="helper")
    assert change(request).content == b"changed"


@pytest.mark.parametrize("kind", ["message", "merge", "question", "failure", "silent", "unknown"])
def test_who_may_only_read_sees_no_button(request: pytest.FixtureRequest, desk: Browser, kind: str) -> None:
    review = request.getfixturevalue(kind)
    reader = browser_of(person("read-only"))
    pages = [
        "/inbox/",
        f"/inbox/{review.pk}/",
        f"/inbox/{review.pk}/?show=edit",
        f"/jobs/{review.job.uid}/",
        "/jobs/",
    ]
    for path in pages:
        assert verbs_on(reader, path) == set()
    assert verbs_on(desk, f"/inbox/{review.pk}/")


def test_who_may_only_read_is_offered_nothing_for_many_jobs(failure: Review, desk: Browser) -> None:
    path = "/jobs/?state=failed"
    assert "/jobs/many/" in desk.get(path).content.decode()
    assert "/jobs/many/" not in browser_of(person("read-only")).get(path).content.decode()


def test_an_undo_is_for_who_may_decide(message: Review, owner: User, desk: Browser) -> None:
    reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    assert f"/inbox/{message.pk}/undo/" in verbs_on(desk, "/inbox/")
    assert verbs_on(browser_of(person("read-only")), "/inbox/") == set()


def verbs_on(browser: Browser, path: str) -> set[str]:
    """Where the forms of a page post to, but for the way out and what is the person's own."""
    text = browser.get(path).content.decode()
    found = set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', text))
    own = {"/logout/", "/language/", "/account/zone/"}
    return {path for path in found - own if not path.endswith("/view/")}


def test_who_has_not_logged_in_is_led_to_the_login_first() -> None:
    request = RequestFactory().post("/triggers/")
    request.user = AnonymousUser()
    assert change(request).status_code == 302
