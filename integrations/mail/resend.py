"""Resend's webhook. svix, which checks its proof, takes a second to load: only its own mail waits for that."""

from typing import Any
from urllib.parse import quote, urljoin

from anymail.inbound import AnymailInboundMessage
from anymail.webhooks.resend import ResendInboundWebhookView

from integrations.mail import fetching


class Resend(ResendInboundWebhookView):  # type: ignore[misc]  # the library has no types
    """https://resend.com/docs/dashboard/receiving/introduction"""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.fetched: list[bytes] = []  # the bytes of each mail, in the order of the events

    def _fetch_inbound_email(self, email_id: str) -> AnymailInboundMessage:
        url = urljoin(self.api_url, f"emails/receiving/{quote(email_id, safe='')}")
        known = fetching.read_json(fetching.get(url, {"Authorization": f"Bearer {self.api_key}"}))
        address = (known.get("raw") or {}).get("download_url")
        if not address:
            raise fetching.Unfetched("Resend has no bytes of this mail yet.")
        self.fetched.append(fetching.get(address)[0])
        return AnymailInboundMessage.parse_raw_mime_bytes(self.fetched[-1])
