"""Standard Webhooks by the vectors of its specification, and tokens. Mutations: source_contract."""

import base64
from datetime import UTC, datetime

import pytest

from integrations import signatures
from integrations.contracts import BadSignature, RawRequest

# The example of the specification's reference libraries.
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'
AT = datetime.fromtimestamp(1614265330, UTC)


def verify(headers: dict[str, str], secrets: list[str], body: bytes = BODY) -> None:
    request = RawRequest("POST", "/", headers, body)
    signatures.verify_signed(request, secrets=secrets, now=AT)


def test_the_published_vector_is_believed() -> None:
    verify(SIGNED, [KEY])
    verify(SIGNED, ["nd_a-token-that-is-passed-over", "whsec_" + base64.b64encode(b"k" * 32).decode(), KEY])


def test_one_of_several_signatures_is_enough() -> None:
    good = SIGNED["webhook-signature"]
    other = "v1," + base64.b64encode(b"x" * 32).decode()
    verify({**SIGNED, "webhook-signature": f"{other} v1a,c29tZXRoaW5n {good}"}, [KEY])


@pytest.mark.parametrize(
    "timestamp", ["", "0", "-1", "1614265330.0", "1e9", "١٦١٤٢٦٥٣٣٠", "9" * 13, "NaN", " 1614265330", "0x60"]
)
def test_a_hostile_timestamp_is_only_refused(timestamp: str) -> None:
    with pytest.raises(BadSignature):
        verify({**SIGNED, "webhook-timestamp": timestamp}, [KEY])


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "ü", "x" * 256, "a\n"])
def test_a_hostile_id_is_only_refused(message_id: str) -> None:
    with pytest.raises(BadSignature):
        verify({**SIGNED, "webhook-id": message_id}, [KEY])


@pytest.mark.parametrize("signature", ["v1", "v1,", ",", " ", "v1,ü", "v1,a,b", "v1,AAAA  v1,AAAA", "x" * 10_000])
def test_a_hostile_signature_is_only_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        verify({**SIGNED, "webhook-signature": signature}, [KEY])


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    good = SIGNED["webhook-signature"]
    twin = good.removesuffix("E=") + "F="
    assert base64.b64decode(twin[3:]) == base64.b64decode(good[3:])
    with pytest.raises(BadSignature):
        verify({**SIGNED, "webhook-signature": twin}, [KEY])


@pytest.mark.parametrize("secret", ["whsec_", "whsec_short", "whsec_****", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_an_unusable_key_believes_nothing(secret: str) -> None:
    with pytest.raises(BadSignature) as caught:
        verify(SIGNED, [secret])
    assert secret.removeprefix("whsec_") == "" or secret not in str(caught.value)
    with pytest.raises(ValueError, match="a signature key"):
        signatures.key_of(secret)


def test_keys_are_read_with_and_without_padding() -> None:
    code = base64.b64encode(b"k" * 32).decode()
    assert signatures.key_of(f"whsec_{code}") == signatures.key_of(f"whsec_{code.rstrip('=')}") == b"k" * 32


def test_tokens() -> None:
    token = "nd_" + "t" * 40
    signatures.verify_bearer({"authorization": f"bearer {token}"}, secrets=["whsec_x", "nd_" + "u" * 40, token])
    for headers in ({}, {"authorization": token}, {"authorization": "Bearer nd_"}, {"authorization": "Bearer ü"}):
        with pytest.raises(BadSignature):
            signatures.verify_bearer(headers, secrets=[token, "nd_", ""])
