"""Who is let through, and where the others are led."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from jobs.inbox.access import person_only

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
    ],
)
def test_others_are_led_to_the_login_and_back_to_a_page_that_can_be_read(method: str, path: str, back: str) -> None:
    request = RequestFactory().generic(method, path)
    request.user = AnonymousUser()
    response = view(request)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/login/?next={back}"
