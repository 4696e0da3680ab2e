"""The demo's model on request: the strict Messages service of the test suite, in a process of its own.

It is in the repository alone: an emulator is no part of an installation that works for somebody.
"""

import secrets
import sys
from urllib.parse import urlsplit

from django.conf import settings

from config.supervisor import Child
from config.watch import WebWatch

_MODULE = "tests.emulators.anthropic"
_SOURCE = settings.BASE_DIR / "tests" / "emulators" / "anthropic.py"
# A role that gets no secret of anybody's; its token is on its command line, and opens nothing else.
ROLE = "model"


def is_here() -> bool:
    """Whether there is one to start."""
    return _SOURCE.exists()


def environment(port: int) -> dict[str, str]:
    """What makes the house think with the service on this port: the real adapter, its prices and its limits."""
    return {
        "NIGHTDESK_REHEARSAL": "off",
        "ANTHROPIC_API_KEY": f"sk-ant-demo-{secrets.token_hex(8)}",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
    }


def service() -> Child:
    """The service that the settings lead to; each of its answers takes two seconds."""
    port = urlsplit(settings.ANTHROPIC_BASE_URL).port or 0
    options = ["--port", str(port), "--token", settings.ANTHROPIC_API_KEY, "--delay", "2", "--wits"]
    return Child(
        role=ROLE,
        command=[sys.executable, "-m", _MODULE, *options],
        watch=WebWatch("127.0.0.1", port),
        also={"PYTHONPATH": str(settings.BASE_DIR)},
    )
