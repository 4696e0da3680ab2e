import json
import math

import pytest

from agents.llm.cleaning import cleaned, without_secrets


def test_what_no_database_takes_is_gone_at_any_depth() -> None:
    value = {"a\x00": ["b\x00c", {"d": "\ud83d"}], "n": math.nan, "i": [math.inf, 1.5]}
    assert cleaned(value) == {"a": ["bc", {"d": "?"}], "n": None, "i": [None, 1.5]}


def test_everything_else_stays_as_it_is() -> None:
    value = {"text": "Grüße 🐝\t\n", "list": [1, True, None, 2.5], "empty": {}}
    assert cleaned(value) == value
    json.dumps(cleaned(value), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-api03-abcdefgh",
        "ghp_abcdefghij0123456789",
        "github_pat_11AAAAAA_bbbbbbbb",
        "xoxb-1234-5678-abcdef",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ",
    ],
)
def test_what_looks_like_a_credential_is_taken_out(secret: str) -> None:
    assert without_secrets(f"fatal: {secret} was refused") in {"fatal: [secret] was refused", "fatal: [secret]"}


def test_an_address_loses_its_password_alone() -> None:
    said = "fatal: could not read https://bot:t0ken@git.example/site.git at 10:42:01"
    assert without_secrets(said) == "fatal: could not read https://[secret]@git.example/site.git at 10:42:01"
    assert without_secrets("Nothing secret: 12:30, a@b.example") == "Nothing secret: 12:30, a@b.example"
