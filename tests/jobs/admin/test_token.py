"""The engine room's page of tokens: the text is shown once, and what was made is not changed."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse

from jobs.lifecycle import token as tokens
from jobs.models import Token

pytestmark = pytest.mark.django_db

ADD = "/admin/jobs/token/add/"


@pytest.fixture
def room(owner: User) -> Browser:
    browser = Browser()
    browser.force_login(owner)
    return browser


def add(room: Browser, owner: User, **changes: Any) -> Any:
    return room.post(ADD, {"name": "n8n", "user": owner.pk, "scopes": ["read", "jobs:write"], **changes})


def test_a_token_is_shown_once(room: Browser, owner: User) -> None:
    response = add(room, owner)
    found = re.search(r"<code>(nd_api_[\w-]+)</code>", response.content.decode())
    assert found
    assert tokens.recognise(found[1]) == Token.objects.get()
    assert "no-store" in response.headers["Cache-Control"]
    for path in (reverse("admin:jobs_token_changelist"), f"/admin/jobs/token/{Token.objects.get().pk}/change/"):
        assert found[1] not in room.get(path).content.decode()


def test_a_token_may_do_what_was_ticked(room: Browser, owner: User) -> None:
    add(room, owner)
    assert Token.objects.get().scopes == ["jobs:write", "read"]
    assert Token.objects.get().user == owner


@pytest.mark.parametrize("changes", [{"scopes": []}, {"scopes": ["everything"]}, {"name": "two words"}])
def test_a_token_that_makes_no_sense_is_refused(room: Browser, owner: User, changes: dict[str, Any]) -> None:
    assert add(room, owner, **changes).status_code == 200
    assert not Token.objects.exists()


def test_two_tokens_do_not_share_a_name(room: Browser, owner: User) -> None:
    add(room, owner)
    assert "already exists" in add(room, owner).content.decode()
    assert Token.objects.count() == 1


def test_a_token_is_neither_changed_nor_deleted(room: Browser, owner: User) -> None:
    token = tokens.make(name="n8n", user=owner, scopes=["read"])
    page = f"/admin/jobs/token/{token.pk}/"
    assert room.get(f"{page}change/").status_code == 200
    assert room.post(f"{page}change/", {"name": "other"}).status_code == 403
    assert room.post(f"{page}delete/", {"post": "yes"}).status_code == 403


def revoke(browser: Browser, token: Token) -> Any:
    data = {"action": "revoke", "index": 0, "_selected_action": token.pk}
    return browser.post(reverse("admin:jobs_token_changelist"), data, follow=True)


def test_a_token_is_revoked_from_the_list(room: Browser, owner: User) -> None:
    token = tokens.make(name="n8n", user=owner, scopes=["read"])
    assert "Revoked: n8n." in revoke(room, token).content.decode()
    assert tokens.recognise(token.text) is None
    assert "Revoked already: n8n." in revoke(room, token).content.decode()


def test_whoever_may_only_look_revokes_nothing(owner: User) -> None:
    token = tokens.make(name="n8n", user=owner, scopes=["read"])
    looker = User.objects.create_user("looker", password="a long enough password", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_token"))
    browser = Browser()
    browser.force_login(looker)
    revoke(browser, token)
    assert tokens.recognise(token.text) == token
