"""How people come in."""

import pytest

from config import doors


@pytest.mark.parametrize(
    ("url", "has_passkeys", "name"),
    [
        ("https://desk.example.com", True, "desk.example.com"),
        ("http://localhost:8000", True, "localhost"),
        ("http://127.0.0.1:8000", False, "localhost"),
        ("http://[::1]:8000", False, "localhost"),
    ],
)
def test_passkeys_belong_to_a_name(url: str, has_passkeys: bool, name: str) -> None:
    made = doors.settings(url)
    assert (doors.has_passkeys(url), made["OTP_WEBAUTHN_RP_ID"]) == (has_passkeys, name)
    assert made["OTP_WEBAUTHN_ALLOWED_ORIGINS"] == [url if has_passkeys else "http://localhost"]
