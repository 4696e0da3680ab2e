"""What a provider tells of a mail that was sent; each provider's own form is tested through its webhook."""

from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent

from integrations.contracts import Incoming
from integrations.mail import tracking

SENDER = "Studio <desk@studio.example>"
KEY = "a" * 32


def read(**changes: Any) -> Incoming:
    known = {
        "event_type": "bounced",
        "event_id": "1",
        "recipient": "gone@example.com",
        "metadata": {"nightdesk": KEY},
        "mta_response": "550 no such\r\nuser",
        "esp_event": {},
    }
    return tracking.read(AnymailTrackingEvent(**known | changes), "postmark", sender=SENDER)


def test_a_mail_of_ours_is_known_by_its_mark() -> None:
    incoming = read()
    assert incoming.returned
    assert incoming.returned.message_id == f"<{KEY}@studio.example>"
    assert (incoming.returned.recipient, incoming.returned.why) == ("gone@example.com", "550 no such user")
    assert incoming.kind == "mail.bounced"
    assert incoming.ignored


@pytest.mark.parametrize(
    "told",
    [
        {"message_id": f"<{KEY}@studio.example>"},
        {"esp_event": {"smtp-id": f"<{KEY}@studio.example>"}},
        {"esp_event": {"payload": {"message": {"message_id": f"{KEY}@studio.example"}}}},
        {"esp_event": {"mail": {"commonHeaders": {"messageId": f"<{KEY}@studio.example>"}}}},
    ],
    ids=["as its own id", "SendGrid", "Postal", "Amazon"],
)
def test_one_without_a_mark_is_known_by_its_message_id(told: dict[str, Any]) -> None:
    incoming = read(metadata=None, **told)
    assert incoming.returned
    assert incoming.returned.message_id == f"<{KEY}@studio.example>"


@pytest.mark.parametrize(
    "told",
    [{}, {"message_id": "42"}, {"message_id": 42, "esp_event": [1]}, {"esp_event": {"mail": "x"}}],
    ids=["nothing", "another id", "of other types", "of another shape"],
)
def test_what_names_no_mail_of_ours_is_kept_and_means_nothing(told: dict[str, Any]) -> None:
    assert read(metadata=None, **told).returned is None


@pytest.mark.parametrize("kind", ["delivered", "opened", "deferred", "queued", "unsubscribed", "unknown"])
def test_only_what_did_not_arrive_is_a_return(kind: str) -> None:
    assert read(event_type=kind).returned is None


@pytest.mark.parametrize("kind", ["bounced", "rejected", "failed", "complained"])
def test_each_way_not_to_be_read_is_one(kind: str) -> None:
    returned = read(event_type=kind).returned
    assert returned
    assert returned.is_complaint is (kind == "complained")


def test_the_same_event_has_the_same_id_and_another_another() -> None:
    ids = {
        read().external_id,
        read().external_id,
        read(event_type="complained").external_id,
        read(recipient="other@example.com").external_id,
        read(event_id=None).external_id,
        read(event_id=None, esp_event={"at": 2}).external_id,
    }
    assert len(ids) == 5


def test_of_a_signature_over_nothing_but_itself_the_token_is_good_once() -> None:
    event = AnymailTrackingEvent(event_type="bounced", event_id="t" * 50, esp_event={})
    assert tracking.read(event, "mailgun", sender=SENDER).token == f"mailgun:{'t' * 50}"
    assert read().token == ""
