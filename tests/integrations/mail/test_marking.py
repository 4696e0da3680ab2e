"""A mail bears a mark that its provider tells us again."""

from typing import Any

import pytest
from anymail.backends import base
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string
from pytest_django import Settings

from config.env import PROVIDER_KEYS
from integrations.mail import marking, postmark

KEY = "a" * 32


def a_mail() -> EmailMessage:
    headers = {"Message-ID": f"<{KEY}@studio.example>"}
    return EmailMessage("Autumn menu", "Text.", "desk@studio.example", ["marta@example.com"], headers=headers)


# Of SendGrid anymail says that it looks after it no more.
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
@pytest.mark.parametrize("name", PROVIDER_KEYS)
def test_what_a_provider_is_sent_holds_the_mark(name: str, settings: Settings) -> None:
    """By anymail's own backend: one that cannot take it would refuse the mail."""
    settings.ANYMAIL = dict.fromkeys(PROVIDER_KEYS[name], "key")
    backend: Any = import_string(f"anymail.backends.{name}.EmailBackend")()
    mail = a_mail()
    marking.mark(mail, name)
    payload: base.BasePayload = backend.build_message_payload(mail, backend.send_defaults)
    payload.get_api_endpoint()
    assert KEY in f"{payload.serialize_data()} {vars(payload)}"


def test_postmarks_own_mark_is_one_of_them() -> None:
    mail = a_mail()
    postmark.mark(mail, key="1:1:0:1", by="mail")
    assert marking.found(vars(mail)["metadata"], None) == KEY


def test_a_mail_without_an_id_bears_none() -> None:
    mail = EmailMessage("A trial", "Text.")
    marking.mark(mail, "mailgun")
    assert not hasattr(mail, "metadata")


@pytest.mark.parametrize(
    ("metadata", "tags", "expected"),
    [
        ({"nightdesk": KEY}, None, KEY),
        ({}, ["other", f"nightdesk-{KEY}"], KEY),
        (None, None, ""),
        ({"other": "x"}, [None], ""),
    ],
    ids=["metadata", "a tag", "nothing", "somebody else's"],
)
def test_it_is_found_where_the_provider_tells_it(metadata: Any, tags: Any, expected: str) -> None:
    assert marking.found(metadata, tags) == expected
