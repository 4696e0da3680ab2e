"""A browser knows whom it let in by a password; what that is good for is tested in tests/config/test_guesses.py."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from jobs.inbox import known

pytestmark = pytest.mark.django_db


def cookie(user: User) -> dict[str, str]:
    response = HttpResponse()
    known.remember(response, user)
    return {name: morsel.value for name, morsel in response.cookies.items()}


def is_here(name: str, cookies: dict[str, str], user: User | None = None) -> bool:
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies)
    request.user = user or AnonymousUser()
    return known.is_here(request, name)


def test_it_knows_its_person_and_nobody_else(owner: User) -> None:
    assert is_here("owner", cookie(owner))
    assert not is_here("another", cookie(owner))
    assert not is_here("", cookie(owner))


def test_without_a_cookie_or_with_a_forged_one_it_knows_nobody(owner: User, settings: Settings) -> None:
    assert not is_here("owner", {})
    assert not is_here("owner", {settings.KNOWN_COOKIE_NAME: "WzEsIm93bmVyIl0:1:x"})


def test_who_is_in_is_known(owner: User) -> None:
    assert is_here("owner", {}, owner)
    assert not is_here("another", {}, owner)


def test_the_cookie_is_for_this_site_and_no_script(owner: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()
    known.remember(response, owner)
    (morsel,) = response.cookies.values()
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"]) == (True, True, "Lax")
