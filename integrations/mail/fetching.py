"""Providers whose webhook only says that a mail is there: it is fetched from their API, within a time limit.

django-anymail's own views ask without one, and keep nothing of the bytes that came.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urljoin

import requests
from anymail.inbound import AnymailInboundMessage
from anymail.webhooks.brevo import BrevoInboundWebhookView
from anymail.webhooks.mailtrap import MailtrapInboundWebhookView

# Connect, then between two pieces of the answer: a provider waits for us 10 s and more.
TIMEOUT = (3.0, 5.0)
MAX_BYTES = 35_000_000


class Unfetched(Exception):
    """The mail could not be fetched just now: the webhook should be sent again."""


class Mailtrap(MailtrapInboundWebhookView):  # type: ignore[misc]  # the library has no types
    """https://docs.mailtrap.io/email-api-smtp/advanced/webhooks"""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.fetched: list[bytes] = []

    def fetch_inbound_message(self, inbox_id: int, message_id: str) -> Any:
        """What Mailtrap knows of the mail, and where its bytes are."""
        path = f"inbound/inboxes/{quote(str(inbox_id), safe='')}/messages/{quote(message_id, safe='')}"
        url = urljoin(self.api_url, path)
        return read_json(get(url, {"Authorization": f"Bearer {self.api_token}"}))

    def fetch_raw_message_chunks(self, raw_message_url: str) -> Iterator[bytes]:
        """The bytes of the mail."""
        self.fetched.append(get(raw_message_url)[0])
        yield self.fetched[-1]


class Brevo(BrevoInboundWebhookView):  # type: ignore[misc]  # as above
    """https://developers.brevo.com/docs/inbound-parse-webhooks"""

    def _fetch_attachment(self, attachment: dict[str, Any]) -> Any:
        url = urljoin(self.api_url, f"inbound/attachments/{quote(attachment['DownloadToken'], safe='')}")
        content, kind = get(url, {"api-key": self.api_key})
        return AnymailInboundMessage.construct_attachment(
            content_type=kind or attachment["ContentType"],
            content=content,
            filename=attachment.get("Name"),
            content_id=attachment.get("ContentID"),
        )


def get(url: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, str]:
    """The content at the address and its type; raises Unfetched."""
    try:
        with requests.get(url, headers=dict(headers or {}), timeout=TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            content = b""
            for piece in answer.iter_content(65_536):
                content += piece
                if len(content) > MAX_BYTES:
                    raise Unfetched(f"The mail has more than {MAX_BYTES} bytes, the most that is taken here.")
            return content, answer.headers.get("Content-Type", "")
    except requests.RequestException as error:
        raise Unfetched(f"The provider's API could not be asked for the mail: {error}") from error


def read_json(answer: tuple[bytes, str]) -> dict[str, Any]:
    """The object that `get` brought; raises Unfetched."""
    try:
        value = json.loads(answer[0])
    except ValueError as error:
        raise Unfetched("The provider's API did not answer in JSON.") from error
    if not isinstance(value, dict):
        raise Unfetched("The provider's API answered with something else than a mail.")
    return value
