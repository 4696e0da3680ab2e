"""How people come in: passwords with a limit to guessing, and passkeys. Settings of the packages behind it."""

import ipaddress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

# So long a wrong password counts.
COOLOFF = timedelta(minutes=15)
# So many at one name from one place; times WIDER at one name from everywhere, and from one place at any name.
LIMIT, WIDER = 5, 4


def has_passkeys(base_url: str) -> bool:
    """Whether there can be any: a passkey belongs to a name, so a house that is opened by a number has none."""
    return not _is_number(urlsplit(base_url).hostname or "")


def settings(base_url: str) -> dict[str, Any]:
    """Settings for django-axes and django-otp-webauthn, for a house that people open at this address."""
    host, named = urlsplit(base_url).hostname, has_passkeys(base_url)
    return {
        "AUTHENTICATION_BACKENDS": [
            "axes.backends.AxesStandaloneBackend",
            "jobs.membership.ByGroup",
            "jobs.membership.ByPasskey",
        ],
        # config/guesses.py. Going on while one is shut out makes it no longer.
        "AXES_HANDLER": "config.guesses.Counting",
        "AXES_FAILURE_LIMIT": LIMIT,
        "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"], "username", "ip_address"],
        "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,
        "AXES_RESET_ON_SUCCESS": True,
        "AXES_DISABLE_ACCESS_LOG": True,
        "AXES_CLIENT_IP_CALLABLE": "config.guesses.visitor",
        "AXES_LOCKOUT_CALLABLE": "config.guesses.locked_out",
        "AXES_VERBOSE": False,
        "OTP_WEBAUTHN_RP_NAME": "Nightdesk",
        "OTP_WEBAUTHN_RP_ID": host if named else "localhost",
        "OTP_WEBAUTHN_ALLOWED_ORIGINS": [base_url if named else "http://localhost"],
    }


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return not host
    return True
