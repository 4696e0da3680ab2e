"""Whatever is not Slack's signature is refused in words; the contract's tests mutate it further."""

from datetime import timedelta

import pytest

from integrations.contracts import BadSignature, RawRequest
from integrations.slack import signing
from tests.integrations.source_contract import NOW


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({"x-slack-request-timestamp": "soon"}, b"{}", "whole seconds"),
        ({"x-slack-signature": "v0=abc"}, b"{}", "64 hex digits"),
        ({}, b"\xff", "SLACK_SIGNING_SECRET"),
    ],
)
def test_what_is_no_proof_is_refused_in_words(headers: dict[str, str], body: bytes, said: str) -> None:
    proof = {**signing.proof(b"{}", secret="s", now=NOW), **headers}
    request = RawRequest(method="POST", path="", headers=proof, body=body)
    with pytest.raises(BadSignature, match=said):
        signing.verify(request, secrets=["s"], now=NOW)


def test_a_body_that_is_no_text_can_be_signed() -> None:
    proof = signing.proof(b"\xff", secret="s", now=NOW)
    request = RawRequest(method="POST", path="", headers=proof, body=b"\xff")
    signing.verify(request, secrets=["other", "s"], now=NOW + timedelta(seconds=300))
