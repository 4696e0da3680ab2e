"""Whether the other systems can be told: each place by itself."""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from integrations.contracts import DeliveryError, Finding, Outgoing
from integrations.webhook.target import WebhookTarget
from integrations.words import _, gettext_noop

TEST = "nightdesk.test"
_FIX = gettext_noop("Check NIGHTDESK_WEBHOOKS and NIGHTDESK_WEBHOOK_SECRETS, and what runs there.")


class WebhookProbe:
    """Looks at every place with the options of its target."""

    slug: ClassVar[str] = "webhook"

    def __init__(self, *, places: Sequence[dict[str, str]]) -> None:
        self._targets = [WebhookTarget(**options) for options in places]

    def look(self) -> list[Finding]:
        """Whether somebody answers at each address; nothing is sent."""
        return [_found(target.reach) for target in self._targets]

    def try_out(self) -> list[Finding]:
        """Send each place a signed message of the type nightdesk.test."""
        return [_found(partial(_send, target)) for target in self._targets]


def _send(target: WebhookTarget) -> str:
    now = datetime.now(UTC)
    event = {"id": 0, "name": TEST, "at": now.isoformat()}
    key = f"test-{secrets.token_hex(8)}"
    test = Outgoing(key=key, kind="notice", fields={"event": event}, files=[], created_at=now)
    return target.deliver(test).detail


def _found(ask: Callable[[], str]) -> Finding:
    try:
        return Finding(ok=True, says=ask())
    except DeliveryError as error:
        return Finding(ok=False, says=str(error), fix=_(_FIX))
