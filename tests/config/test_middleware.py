"""Headers of every page."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path

from config.middleware import ContentSecurityPolicy

POLICY = "; ".join(f"{name} {sources}" for name, sources in settings.SECURE_CSP.items())


def _kept(request: HttpRequest) -> HttpResponse:
    return HttpResponse("kept", headers={"Cache-Control": "private, max-age=60"})


def _broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of the page")


def _strict(request: HttpRequest) -> HttpResponse:
    return HttpResponse("strict", headers={"Content-Security-Policy": "default-src 'none'"})


urlpatterns = [
    path("strict/", _strict),
    path("admin/", admin.site.urls),
    path("", include("jobs.inbox.urls")),
    path("kept/", _kept),
    path("broken/", _broken),
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.mark.parametrize(
    ("address", "status"),
    [("/admin/login/", 200), ("/admin/", 302), ("/kept/", 200), ("/nowhere/", 404), ("/broken/", 500)],
)
def test_every_answer_carries_the_policy(address: str, status: int) -> None:
    response = Client(raise_request_exception=False).get(address)
    assert response.status_code == status
    assert response.headers["Content-Security-Policy"] == POLICY


def test_the_policy_leaves_no_room_for_foreign_or_inline_code() -> None:
    assert POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_pages_are_not_kept_by_caches_unless_they_say_so() -> None:
    assert "no-store" in Client().get("/admin/login/").headers["Cache-Control"]
    assert Client().get("/kept/").headers["Cache-Control"] == "private, max-age=60"
    assert Client().get("/nowhere/").headers["Cache-Control"] == "no-store"


@pytest.fixture
def answer() -> Callable[[str], HttpResponse]:
    """A function that sends a bare answer for this address through the middleware."""
    middleware = ContentSecurityPolicy(lambda request: HttpResponse())
    return lambda address: middleware(RequestFactory().get(address))


def test_static_files_may_be_kept(answer: Callable[[str], HttpResponse]) -> None:
    response = answer("/static/nightdesk/style.css")
    assert "Cache-Control" not in response.headers
    assert response.headers["Content-Security-Policy"] == POLICY


def test_a_page_with_a_stricter_policy_keeps_its_own() -> None:
    assert Client().get("/strict/").headers["Content-Security-Policy"] == "default-src 'none'"
