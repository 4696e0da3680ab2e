import uuid

import pytest
from pytest_django import Settings

from integrations.mail.replies import MAX_LOCAL_CHARS, address_for, checked_mailbox, job_of

UID = "3f2a9c1e-0000-4000-8000-000000000001"


def test_an_address_of_ours_names_its_job_whatever_a_server_does_to_its_letters() -> None:
    address = address_for(UID, "desk@example.com")
    assert address.startswith("desk+")
    assert len(address.partition("@")[0]) <= 64
    assert job_of(address) == job_of(address.upper()) == job_of(f" {address} ") == UID


def test_no_other_address_does() -> None:
    address = address_for(UID, "desk@example.com")
    local, _, domain = address.partition("@")
    for spot in range(5, len(local)):
        other = "a" if local[spot] != "a" else "b"
        assert job_of(f"{local[:spot]}{other}{local[spot + 1 :]}@{domain}") == ""
    for one in ("", "desk@example.com", f"{local}", f"x{local}@", f"{local}a@{domain}", local.replace("+", "++")):
        assert job_of(one) == ""
    assert job_of(address_for(str(uuid.uuid4()), "desk@example.com")) != UID


def test_a_key_that_is_being_changed_still_counts(settings: Settings) -> None:
    address = address_for(UID, "desk@example.com")
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another key for tests, long enough for any check"
    assert job_of(address) == ""
    settings.SECRET_KEY_FALLBACKS = [before]
    assert job_of(address) == UID


@pytest.mark.parametrize("mailbox", ["", "desk@example.com", "a" * MAX_LOCAL_CHARS + "@example.com"])
def test_a_mailbox_that_can_take_answers(mailbox: str) -> None:
    assert checked_mailbox(mailbox) == mailbox


@pytest.mark.parametrize(
    "mailbox", ["desk", "@example.com", "desk+x@example.com", "Desk <desk@example.com>", "a" * 23 + "@example.com"]
)
def test_a_mailbox_that_cannot_is_named(mailbox: str) -> None:
    with pytest.raises(ValueError, match="MAIL_REPLY_TO"):
        checked_mailbox(mailbox)
