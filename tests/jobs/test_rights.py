"""The table of rights, held to every address of the house: who may come in where, and with which method."""

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from jobs import rights
from jobs.lifecycle import token as tokens
from jobs.models.token import SCOPES
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db

GROUPS = ("", rights.READER, rights.REVIEWER, rights.OWNER)
# Pages for whoever comes: the way in and out, what a browser needs for an icon, and a person's own account.
FOR_ALL = {"home", "manifest", "login", "logout", "enter", "language", "account", "zone", "password", "prove"}
# A person's own passkeys; whether a login is needed, the package says.
FOR_ALL |= {
    "passkey_make_begin",
    "passkey_make",
    "passkey_use_begin",
    "passkey_use",
    "passkey_rename",
    "passkey_remove",
}
# Where something else is needed than the right to read, or to decide where this is no reading.
OWNERS_ALONE = {
    *("trigger_new", "trigger_edit", "trigger_switch", "trigger_waiting", "trigger_secrets", "trigger_try"),
    *("trigger_test", "receipt_replay", "setup", "setup_test", "setup_mend"),
    *("budget", "client_new", "client_edit", "client_anew", "client_forget"),
}
MAY_READ = {rights.READER, rights.REVIEWER, rights.OWNER}
MAY_DECIDE = {rights.REVIEWER, rights.OWNER}
VALUES: dict[str, Any] = {
    "pk": 1,
    "uid": uuid.UUID(int=1),
    "slug": "enquiry",
    "receipt_id": 1,
    "client_slug": "lume",
    "answer_id": 1,
    "run_id": 1,
    "artifact_id": 1,
    "scope": "day",
    "name": "mail",
    "date": datetime.date(2026, 11, 20),
    "sha256": "0" * 64,
    "token": "none",
}


def pages() -> Iterator[tuple[str, str]]:
    """The name and an address of every page of the house."""
    (inbox,) = (one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "inbox")
    assert isinstance(inbox, URLResolver)
    for pattern in inbox.url_patterns:
        assert isinstance(pattern, URLPattern)
        values = {name: VALUES.get(name, "1") for name in pattern.pattern.regex.groupindex}
        yield str(pattern.name), reverse(f"inbox:{pattern.name}", kwargs=values)


def is_let_in(browser: Browser, method: str, address: str) -> bool:
    """Whether the door lets this person through: whatever comes after it, 403 is no."""
    response = browser.generic(method, address)
    assert response.status_code < 500
    return response.status_code != 403


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_every_page_lets_in_whom_the_table_names_and_nobody_else(group: str, method: str) -> None:
    browser = browser_of(person(group))
    wrong = []
    for name, address in pages():
        if name in FOR_ALL:
            continue
        allowed = MAY_READ if method in {"GET", "HEAD"} else MAY_DECIDE
        if name in OWNERS_ALONE:
            allowed = {rights.OWNER}
        may = is_let_in(browser, method, address)
        # A page that this test does not know may ask for more, never for less.
        if may and group not in allowed:
            wrong.append(f"{method} {name} lets in {group or 'who is in no group'}")
        if not may and group == rights.OWNER:
            wrong.append(f"{method} {name} refuses owners")
        if not may and group in allowed and method == "GET" and name in READ_BY_ALL:
            wrong.append(f"{method} {name} refuses {group}")
    assert not wrong


READ_BY_ALL = {
    *("inbox", "pulse", "item", "queue", "job", "nights", "night", "triggers", "trigger", "receipts", "receipt"),
    *("artifact", "costs", "clients", "client", "run", "versions"),
}
DECIDED_BY_REVIEWERS = {
    *("approve", "edit", "revise", "decline", "answer", "retry", "resolve", "acknowledge", "run_now", "snooze"),
    *("undo", "job_retry", "job_cancel", "job_again", "job_due", "many"),
}


def test_reviewers_come_to_every_verb() -> None:
    browser = browser_of(person(rights.REVIEWER))
    known = dict(pages())
    assert [name for name in DECIDED_BY_REVIEWERS if not is_let_in(browser, "POST", known[name])] == []


def test_who_has_not_logged_in_is_led_to_the_login_everywhere() -> None:
    for method in ("GET", "POST"):
        for name, address in pages():
            if name not in FOR_ALL:
                response = Browser().generic(method, address)
                assert (name, response.status_code, response.headers.get("Location", "")[:13]) == (
                    name,
                    302,
                    "/login/?next=",
                )


@pytest.mark.parametrize("group", GROUPS)
def test_the_engine_room_is_for_owners(group: str) -> None:
    browser = browser_of(person(group))
    for path in ("/admin/", "/admin/jobs/job/", "/admin/jobs/trigger/add/", "/admin/auth/user/"):
        assert (browser.get(path).status_code == 200) == (group == rights.OWNER)
    assert browser.get("/admin/login/").status_code == (302 if group == rights.OWNER else 403)


def calls() -> Iterator[tuple[str, str]]:
    """Method and address of every call of the API."""
    (api,) = (one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "api")
    assert isinstance(api, URLResolver)
    for pattern in api.url_patterns:
        assert isinstance(pattern, URLPattern)
        view = getattr(pattern.callback, "view_class", None)
        for method in getattr(view, "scopes", {}):
            values = {name: VALUES.get(name, "1") for name in pattern.pattern.regex.groupindex}
            yield method, reverse(f"api:{pattern.name}", kwargs=values)


@pytest.mark.parametrize("group", GROUPS)
def test_a_token_may_do_no_more_than_its_person(group: str) -> None:
    token = tokens.make(name="program", user=person(group), scopes=SCOPES)
    browser = Browser(headers={"authorization": f"Bearer {token.text}"})
    seen = 0
    for method, address in calls():
        allowed = MAY_READ if method == "GET" else MAY_DECIDE
        response = browser.generic(method, address, data=b"{}", content_type="application/json")
        assert (response.status_code != 403) == (group in allowed), (method, address, response.content)
        seen += 1
    assert seen > 15


def test_each_group_may_what_those_below_it_may() -> None:
    reader, reviewer, owner = (rights.of([name]) for name in (rights.READER, rights.REVIEWER, rights.OWNER))
    assert reader < reviewer < owner == rights.ALL
    assert rights.of(["cooks"]) == frozenset()
    assert set(rights.ABOUT) == set(rights.GROUPS)
