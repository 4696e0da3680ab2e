"""The words that providers share."""

import pytest
from pydantic import ValidationError

from integrations.contracts import BadSignature, DeliveryError, Incoming, Malformed, Refusal


def test_an_event_has_an_id_that_fits() -> None:
    assert Incoming(external_id="x" * 255, kind="a").data == {}
    for external_id in ("", "x" * 256):
        with pytest.raises(ValidationError):
            Incoming(external_id=external_id, kind="a")


def test_an_event_is_not_changed_and_takes_no_unknown_field() -> None:
    incoming = Incoming(external_id="1", kind="a")
    with pytest.raises(ValidationError, match="frozen"):
        setattr(incoming, "kind", "b")  # noqa: B010 - the plain form is refused before it runs
    with pytest.raises(ValidationError, match="colour"):
        Incoming.model_validate({"external_id": "1", "kind": "a", "colour": "red"})


def test_refusals_say_what_the_sender_is_answered() -> None:
    assert (Refusal.status, Malformed.code) == (400, "malformed")
    assert (BadSignature.status, BadSignature.code) == (401, "bad_signature")


def test_a_delivery_error_says_whether_to_try_again() -> None:
    error = DeliveryError("Full.", permanent=False, retry_after=60)
    assert (str(error), error.permanent, error.retry_after) == ("Full.", False, 60)
