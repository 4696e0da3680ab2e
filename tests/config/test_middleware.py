"""Headers of every page."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path
from django.utils import timezone

from config.middleware import ContentSecurityPolicy
from jobs.models import Preference

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
    path("api/v1/jobs/", _kept),
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.mark.parametrize(
    ("address", "status"),
    [("/admin/login/", 302), ("/admin/", 302), ("/kept/", 200), ("/nowhere/", 404), ("/broken/", 500)],
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


def test_pages_come_compressed() -> None:
    page = Client().get("/login/", headers={"accept-encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert len(page.content) < len(Client().get("/login/").content) / 2


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


@pytest.mark.parametrize(
    ("address", "headers", "language"),
    [
        ("/login/", {}, "en"),
        ("/login/", {"accept-language": "de-AT,de;q=0.9"}, "de"),
        ("/login/", {"accept-language": "fr"}, "en"),
        ("/api/v1/jobs/", {"accept-language": "de"}, None),
    ],
)
def test_a_page_speaks_as_the_browser_asks_and_programs_hear_english(
    address: str, headers: dict[str, str], language: str | None
) -> None:
    response = Client().get(address, headers=headers)
    assert response.headers.get("Content-Language", "en") == (language or "en")
    if language:
        assert f'<html lang="{language}">' in response.content.decode()


def test_what_a_person_chose_counts_more_than_the_browser() -> None:
    client = Client(headers={"accept-language": "en"})
    chosen = client.post("/language/", {"language": "de", "next": "/login/"})
    assert chosen.headers["Location"] == "/login/"
    assert client.cookies["language"]["httponly"]
    assert client.get("/login/").headers["Content-Language"] == "de"


def test_a_choice_of_language_leads_nowhere_else() -> None:
    chosen = Client().post("/language/", {"language": "de", "next": "https://elsewhere.example/"})
    assert chosen.headers["Location"] == "/"


@pytest.mark.django_db
def test_a_zone_of_a_persons_own_ends_with_the_request(owner: User) -> None:
    Preference.objects.create(user=owner, zone="Asia/Tokyo")
    browser = Client()
    browser.force_login(owner)
    assert "Asia/Tokyo" in browser.get("/account/").content.decode()
    assert timezone.get_current_timezone_name() == "UTC"
    Preference.objects.update(zone="Mars/Base")
    assert "Times in UTC" in browser.get("/account/").content.decode()


def test_the_language_of_the_account_counts_more_than_browser_and_cookie(owner: User) -> None:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(owner)
    browser.post("/language/", {"language": "de", "next": "/account/"})
    assert Preference.objects.get().language == "de"
    elsewhere = Client(headers={"accept-language": "en"})
    elsewhere.force_login(owner)
    assert elsewhere.get("/account/").headers["Content-Language"] == "de"
    assert elsewhere.get("/api/v1/jobs/").headers.get("Content-Language") != "de"


def test_empty_is_as_the_browser_asks(owner: User) -> None:
    Preference.objects.create(user=owner, language="de")
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(owner)
    browser.post("/language/", {"language": "", "next": "/account/"})
    page = browser.get("/account/")
    assert page.headers["Content-Language"] == "en"
    assert Preference.objects.get().language == ""


def test_a_language_that_is_not_there_changes_nothing(owner: User) -> None:
    browser = Client()
    browser.force_login(owner)
    browser.post("/language/", {"language": "tlh", "next": "/account/"})
    assert not Preference.objects.exists()
    assert browser.get("/language/").status_code == 405
