"""Submissions of the owner's own site."""

import base64
import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from integrations.contracts import BadSignature, Malformed, RawRequest, TooLarge
from integrations.form.source import FormSource
from integrations.signatures import key_of, sign
from tests.integrations.source_contract import NOW, SourceContract

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "nd_4pXbJ0p3k1oQz8mVd2rT7yLw5nHcS9aE"
BODY = json.dumps({"subject": "New menu", "text": "Soup, please.", "email": "marta@example.com"}).encode()
ADDRESS: dict[str, Any] = {"method": "POST", "path": "/hooks/form/menu/", "trigger": "menu"}


class TestSignedForm(SourceContract):
    source = FormSource()
    limit = 14_000_000
    secrets = [KEY, TOKEN]
    proof = ("webhook-id", "webhook-timestamp", "webhook-signature")
    good_body = BODY
    wrong_schemes = [("webhook-signature", f"{scheme},{{proof}}") for scheme in ("v0", "v1a", "v2", "V1", "sha256")]

    def request(
        self, body: bytes | None = None, *, event: str = "evt-1", at: datetime = NOW, secret: str | None = None
    ) -> RawRequest:
        content = BODY if body is None else body
        stamp = str(int(at.timestamp()))
        headers = {
            "content-type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(key_of(secret or KEY), event, stamp, content),
        }
        return RawRequest(headers=headers, body=content, **ADDRESS)

    def test_the_reference_library_is_understood(self) -> None:
        given = Webhook(KEY).sign("msg_1", NOW, BODY.decode())
        headers = {**self.request(event="msg_1").headers, "webhook-signature": f"v1a,c29tZQ== {given}"}
        assert self.accepts(dataclasses.replace(self.request(), headers=headers))

    def test_a_wrong_signature_is_not_forgiven_for_a_token(self) -> None:
        headers = {**self.request().headers, "webhook-signature": "v1,AAAA", "authorization": f"Bearer {TOKEN}"}
        assert not self.accepts(dataclasses.replace(self.request(), headers=headers))

    def test_the_signed_parts_cannot_be_shifted(self) -> None:
        stamp = str(int(NOW.timestamp()))
        content = f"{stamp}.text=hello".encode()
        signature = sign(key_of(KEY), "msg", stamp, content)
        shifted = {
            "webhook-id": f"msg.{stamp}",
            "webhook-timestamp": stamp,
            "webhook-signature": signature,
        }
        assert not self.accepts(RawRequest(headers=shifted, body=b"text=hello", **ADDRESS))


class TestFormWithToken(SourceContract):
    source = FormSource()
    limit = 14_000_000
    secrets = [TOKEN, KEY]
    proof = ("authorization",)
    good_body = BODY
    covers_body = False
    timestamped = False
    wrong_schemes = [("authorization", f"{scheme} {{proof}}") for scheme in ("Basic", "Token", "Bearer  ", "whsec")]

    def request(
        self, body: bytes | None = None, *, event: str = "evt-1", at: datetime = NOW, secret: str | None = None
    ) -> RawRequest:
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {secret or TOKEN}",
            "idempotency-key": event,
        }
        return RawRequest(headers=headers, body=BODY if body is None else body, **ADDRESS)

    def test_a_signature_key_is_no_token(self) -> None:
        assert not self.accepts(self.request(secret=KEY))

    def test_without_an_id_the_same_bytes_are_the_same_submission(self) -> None:
        def external_id(body: bytes, trigger: str = "menu") -> str:
            address = {**ADDRESS, "trigger": trigger}
            return self.source.parse(
                RawRequest(headers={"content-type": "application/json"}, body=body, **address)
            ).external_id

        assert external_id(BODY) == external_id(BODY)
        assert external_id(BODY) != external_id(BODY + b" ")
        assert external_id(BODY) != external_id(BODY, trigger="other")

    @pytest.mark.parametrize("key", ["with space", "ü", "x" * 256, "a\tb"])
    def test_an_unreadable_idempotency_key_is_refused(self, key: str) -> None:
        with pytest.raises(Malformed, match="Idempotency-Key"):
            self.source.parse(self.request(event=key))

    def test_a_long_idempotency_key_fits(self) -> None:
        assert len(self.source.parse(self.request(event="x" * 255)).external_id) <= 255


def submit(body: bytes, content_type: str = "application/x-www-form-urlencoded") -> dict[str, Any]:
    request = RawRequest(headers={"content-type": content_type}, body=body, **ADDRESS)
    return FormSource().parse(request).model_dump()


def test_a_posted_form_is_read() -> None:
    found = submit(b"name=Marta&topic=Menu&text=Soup%0D%0Aplease&day=Mo&day=Tu&empty=")
    assert found["data"] == {
        "name": "Marta",
        "topic": "Menu",
        "text": "Soup\r\nplease",
        "day": ["Mo", "Tu"],
        "empty": "",
    }
    assert (found["sender"], found["summary"], found["kind"]) == ("Marta", "Menu", "submission")


def test_a_form_without_text_has_one_made_of_its_fields() -> None:
    assert submit(b"colour=red&size=3")["data"]["text"] == "colour: red\nsize: 3"
    assert submit(b"message=Hello+there&size=3")["data"]["text"] == "Hello there"


@pytest.mark.parametrize(
    "body", [b"", b"text", b"=x", b"text=%ff", b"text=a%00b", b"a=1&" * 300 + b"a=1", b"text=\xff", b"text=a\x00"]
)
def test_a_broken_form_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        submit(body)


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data; boundary=x", "application/xml"])
def test_other_content_types_are_named(content_type: str) -> None:
    with pytest.raises(Malformed, match="send application/json or"):
        submit(BODY, content_type)


def test_an_empty_object_is_no_submission() -> None:
    with pytest.raises(Malformed, match="no field"):
        submit(b"{}", "application/json; charset=utf-8")


def test_takes_no_conditions() -> None:
    source = FormSource()
    incoming = source.parse(RawRequest(headers={"content-type": "application/json"}, body=BODY, **ADDRESS))
    assert source.check_conditions({}) == "Every submission to its own address."
    assert source.matches(incoming, {})


def test_neither_proof_is_answered_with_what_to_send() -> None:
    request = RawRequest(headers={}, body=BODY, **ADDRESS)
    with pytest.raises(BadSignature, match="Authorization: Bearer nd_"):
        FormSource().verify(request, secrets=[KEY, TOKEN], now=NOW + timedelta(0))


def test_files_in_json_come_along_and_the_words_stay_small() -> None:
    content = b"x" * 3_000_000
    file = {"name": "plan.bin", "base64": base64.b64encode(content).decode()}
    body = json.dumps({"text": "Look.", "files": [file]}).encode()
    request = RawRequest(headers={"content-type": "application/json"}, body=body, **ADDRESS)
    incoming = FormSource().parse(request)
    assert [(one.name, one.content) for one in incoming.files] == [("plan.bin", content)]
    assert incoming.data == {"text": "Look.", "files": ["plan.bin"]}
    for text, said in (("x" * 256_001, "beside its files"), ("x" * 255_000, "")):
        body = json.dumps({"text": text, "files": [file]}).encode()
        if said:
            with pytest.raises(TooLarge, match=said):
                FormSource().parse(dataclasses.replace(request, body=body))
        else:
            assert FormSource().parse(dataclasses.replace(request, body=body)).files


def test_a_form_encoded_body_has_its_own_limit() -> None:
    with pytest.raises(TooLarge, match="256000"):
        submit(b"text=" + b"x" * 256_000)
