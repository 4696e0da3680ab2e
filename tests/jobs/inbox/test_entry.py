"""The way in without a password."""

import time

import pytest
from django.contrib.auth.models import User
from django.core import signing

from jobs.inbox import entry

pytestmark = pytest.mark.django_db


def token_of(link: str) -> str:
    """The part of the link that opens."""
    return link.rstrip("/").rpartition("/")[2]


def test_a_link_lets_its_person_in_once(owner: User) -> None:
    token = token_of(entry.enter_link(owner))
    assert entry.person_of(token) == owner, "looking changes nothing"
    assert entry.redeem(token) == owner
    with pytest.raises(entry.BadLink, match="used already"):
        entry.redeem(token)


def test_of_two_links_one_use_ends_both(owner: User) -> None:
    first, second = token_of(entry.enter_link(owner)), token_of(entry.enter_link(owner))
    entry.redeem(second)
    with pytest.raises(entry.BadLink):
        entry.redeem(first)


def test_a_link_is_old_after_fifteen_minutes(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(entry.enter_link(owner))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + entry.MAX_AGE_SECONDS + 1)
    with pytest.raises(entry.BadLink, match="older than 15 minutes"):
        entry.redeem(token)


def test_a_new_password_ends_the_links_before_it(owner: User) -> None:
    token = token_of(entry.enter_link(owner))
    owner.set_password("another long password")
    owner.save()
    with pytest.raises(entry.BadLink):
        entry.redeem(token)


def test_somebody_who_is_not_active_has_no_way_in(stranger: User) -> None:
    with pytest.raises(entry.BadLink):
        entry.redeem(token_of(entry.enter_link(stranger)))


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", lambda t: "", lambda t: "a:b:c"])
def test_a_changed_link_is_none_of_ours(owner: User, change: object) -> None:
    token = token_of(entry.enter_link(owner))
    with pytest.raises(entry.BadLink, match="not one of our links"):
        entry.redeem(change(token))  # type: ignore[operator]  # a function


def test_a_link_says_nothing_of_the_password(owner: User) -> None:
    token = token_of(entry.enter_link(owner))
    payload = signing.loads(token, salt="nightdesk.entry")
    assert set(payload) == {"user", "mark"}
    assert owner.password not in str(payload)
