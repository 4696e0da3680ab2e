"""The webhooks of e-mail providers: what anymail reads of them, behind the proofs that it leaves out.

https://anymail.dev/en/stable/inbound/
"""

import json
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailNotSupportedWarning,
    AnymailWebhookValidationFailure,
)
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.mailersend import MailerSendInboundWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.mailjet import MailjetInboundWebhookView
from anymail.webhooks.mandrill import MandrillCombinedWebhookView
from anymail.webhooks.postal import PostalInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from anymail.webhooks.sendgrid import SendGridInboundWebhookView, SendGridTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostInboundWebhookView
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from integrations import bodies
from integrations.contracts import BadSignature, Malformed, RawRequest
from integrations.mail import fetching, forms, sns
from integrations.mail.reading import NO_ENVELOPE, Envelope

# Mailgun sends again for 8 hours, each time with the signature of the first time.
MAILGUN_AGE_SECONDS = 8 * 3600
MAILGUN_AHEAD_SECONDS = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Provider:
    """How one provider is read: by this view, or by the one at this dotted path, loaded when its first mail comes.

    `own_proof` names the setting that makes the shared password dispensable.
    """

    view: Callable[..., Any] | str
    own_proof: str = ""
    needs: str = ""  # the setting without which what it posts cannot be proven, or its mail not be fetched


class _SendGrid(SendGridInboundWebhookView):  # type: ignore[misc]  # the library has no types
    """As anymail's, without its warning that SendGrid is not looked after any more."""

    def __init__(self, **options: Any) -> None:
        super(SendGridInboundWebhookView, self).__init__(**options)


class _SendGridTracking(SendGridTrackingWebhookView):  # type: ignore[misc]  # as above
    """Likewise; the key that proves its posts is loaded as anymail does it."""

    def __init__(self, **options: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AnymailNotSupportedWarning)
            super().__init__(**options)


_OF_ANYMAIL = "anymail.webhooks"
# Mail that comes in.
PROVIDERS: dict[str, Provider] = {
    "amazon_ses": Provider("integrations.mail.amazon.AmazonSES", own_proof="AMAZON_SES_TOPIC_ARNS"),
    "brevo": Provider(fetching.Brevo, needs="BREVO_API_KEY"),
    "mailersend": Provider(MailerSendInboundWebhookView, "MAILERSEND_INBOUND_SECRET", "MAILERSEND_INBOUND_SECRET"),
    "mailgun": Provider(MailgunInboundWebhookView, "MAILGUN_WEBHOOK_SIGNING_KEY", "MAILGUN_WEBHOOK_SIGNING_KEY"),
    "mailjet": Provider(MailjetInboundWebhookView),
    "mailtrap": Provider(fetching.Mailtrap, "MAILTRAP_INBOUND_SECRET", "MAILTRAP_API_TOKEN"),
    "mandrill": Provider(MandrillCombinedWebhookView, "MANDRILL_WEBHOOK_KEY", "MANDRILL_WEBHOOK_KEY"),
    "postal": Provider(PostalInboundWebhookView, "POSTAL_WEBHOOK_KEY", "POSTAL_WEBHOOK_KEY"),
    "postmark": Provider(PostmarkInboundWebhookView),
    "resend": Provider("integrations.mail.resend.Resend", "RESEND_INBOUND_SECRET", "RESEND_API_KEY"),
    "sendgrid": Provider(_SendGrid),
    "sparkpost": Provider(SparkPostInboundWebhookView),
}
# What became of mail that was sent. Mandrill tells both at one address.
TRACKING: dict[str, Provider] = {
    "amazon_ses": Provider("integrations.mail.amazon.AmazonSESTracking", own_proof="AMAZON_SES_TOPIC_ARNS"),
    "brevo": Provider(f"{_OF_ANYMAIL}.brevo.BrevoTrackingWebhookView"),
    "mailersend": Provider(
        f"{_OF_ANYMAIL}.mailersend.MailerSendTrackingWebhookView",
        "MAILERSEND_SIGNING_SECRET",
        "MAILERSEND_SIGNING_SECRET",
    ),
    "mailgun": Provider(
        f"{_OF_ANYMAIL}.mailgun.MailgunTrackingWebhookView",
        "MAILGUN_WEBHOOK_SIGNING_KEY",
        "MAILGUN_WEBHOOK_SIGNING_KEY",
    ),
    "mailjet": Provider(f"{_OF_ANYMAIL}.mailjet.MailjetTrackingWebhookView"),
    "mailtrap": Provider(f"{_OF_ANYMAIL}.mailtrap.MailtrapTrackingWebhookView", "MAILTRAP_TRACKING_SECRET"),
    "mandrill": PROVIDERS["mandrill"],
    "postal": Provider(
        f"{_OF_ANYMAIL}.postal.PostalTrackingWebhookView", "POSTAL_WEBHOOK_KEY", "POSTAL_WEBHOOK_KEY"
    ),
    "postmark": Provider(f"{_OF_ANYMAIL}.postmark.PostmarkTrackingWebhookView"),
    "resend": Provider(f"{_OF_ANYMAIL}.resend.ResendTrackingWebhookView", "RESEND_SIGNING_SECRET"),
    "sendgrid": Provider(_SendGridTracking, "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"),
    "sparkpost": Provider(f"{_OF_ANYMAIL}.sparkpost.SparkPostTrackingWebhookView"),
}


@dataclass(frozen=True)
class Posted:
    """One mail of a webhook: parsed, its envelope, the bytes that it came in; or the `problem` with those."""

    message: Message
    envelope: Envelope
    raw: bytes
    problem: str = ""


@dataclass(frozen=True)
class Told:
    """What became of one mail that was sent, as anymail reads it, and the bytes that told it."""

    event: AnymailTrackingEvent
    raw: bytes


class Posting:
    """One request of a provider's, of which nothing is believed yet. Raises BadSignature where nothing could be.

    `tracks`: it came to the address at which a provider tells what became of mail that was sent.
    """

    def __init__(self, esp: str, raw: RawRequest, *, tracks: bool = False) -> None:
        self._esp, self._raw = esp, raw
        self._request = _Request(raw)
        self._view = _view_of(esp, (TRACKING if tracks else PROVIDERS)[esp])

    def verify(self, *, now: datetime) -> None:
        """Return if it proves to come from the provider; raise BadSignature."""
        try:
            self._view.run_validators(self._request)
        except AnymailWebhookValidationFailure as failure:
            raise BadSignature(str(failure)) from failure
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadSignature(f"The proof of the sender cannot be read: {error}") from error
        if self._esp == "mailgun":
            _check_age(self._timestamp(), now)
        if self._esp == "amazon_ses":
            topics = settings.ANYMAIL.get("AMAZON_SES_TOPIC_ARNS", [])
            sns.verify(self._notice(), topics=topics, fetch=sns.certificate)

    def contents(self) -> list[Posted | Told]:
        """The mails of a verified request, or what it tells of mails. Raises Malformed, Unfetched or Unreachable.

        What is whole and proven, but not as anymail expects it, is one mail that cannot be read: kept, not refused.
        """
        if self._esp == "amazon_ses" and self._notice().get("Type") == "SubscriptionConfirmation":
            sns.confirm(self._notice(), fetch=sns.ask_amazon)
            return []
        try:
            events = [event for event in self._view.parse_events(self._request) if event is not None]
        except (fetching.Unfetched, sns.Unreachable):
            raise
        except AnymailConfigurationError as error:
            raise Malformed(str(error)) from error
        except Exception as error:
            log.exception("a mail by %s could not be read", self._esp)
            return [Posted(Message(), NO_ENVELOPE, self._raw.body, f"{type(error).__name__} while reading it")]
        return [
            self._told(event, len(events))
            if isinstance(event, AnymailTrackingEvent)
            else self._posted(event, number, len(events))
            for number, event in enumerate(events)
        ]

    def _told(self, event: AnymailTrackingEvent, count: int) -> Told:
        return Told(event, self._raw.body if count == 1 else json.dumps(event.esp_event, default=str).encode())

    def _timestamp(self) -> str:
        """Mailgun's, which stands among the fields of a form, or in JSON beside the signature."""
        if self._request.content_type in {bodies.FORM_TYPE, forms.MULTIPART_TYPE}:
            return str(self._request.POST.get("timestamp", ""))
        return str(_json(self._raw.body)["signature"]["timestamp"])

    def _posted(self, event: Any, number: int, count: int) -> Posted:
        message = event.message
        fetched = getattr(self._view, "fetched", [])
        raw = self._raw.body if count == 1 else json.dumps(event.esp_event, default=str).encode()
        envelope = Envelope(
            recipient=str(message.envelope_recipient or ""),
            stripped=str(message.stripped_text or ""),
            token=f"mailgun:{event.event_id}" if self._esp == "mailgun" else "",
        )
        return Posted(message, envelope, fetched[number] if len(fetched) == count else raw)

    def _notice(self) -> Mapping[str, Any]:
        value = _json(self._raw.body)
        if not isinstance(value, dict):
            raise Malformed("The body is no notification of Amazon's.")
        return value


def _view_of(esp: str, provider: Provider) -> Any:
    known = settings.ANYMAIL
    if not (known.get("WEBHOOK_SECRET") or known.get(provider.own_proof)):
        other = f" or ANYMAIL_{provider.own_proof}" if provider.own_proof else ""
        raise BadSignature(f"Nothing from {esp} can be believed: set ANYMAIL_WEBHOOK_SECRET{other}.")
    if provider.needs and not known.get(provider.needs):
        raise BadSignature(f"Nothing from {esp} can be taken in: set ANYMAIL_{provider.needs}.")
    view = import_string(provider.view) if isinstance(provider.view, str) else provider.view
    return view()


def _check_age(timestamp: str, now: datetime) -> None:
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise BadSignature("The timestamp is no number of seconds since 1970.")
    age = now.timestamp() - int(timestamp)
    if not -MAILGUN_AHEAD_SECONDS <= age <= MAILGUN_AGE_SECONDS:
        raise BadSignature("The signature was made too long ago, or by a clock that is ahead of this one.")


def _json(body: bytes) -> Any:
    """What the body says in JSON, whatever texts are in it: they are strangers' mail."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not valid JSON.") from error
    if not isinstance(value, dict | list) or not value:
        raise Malformed("The body is neither a JSON object nor a list with something in it.")
    return value


class _Request(HttpRequest):
    """What anymail reads of a request, from bytes that were read under our own limit. Raises Malformed."""

    def __init__(self, raw: RawRequest) -> None:
        super().__init__()
        site = urlsplit(settings.BASE_URL)
        kind = raw.headers.get("content-type", "")
        self.method, self.path, self.path_info = raw.method, raw.path, raw.path
        self.META = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in raw.headers.items()}
        self.META |= {"CONTENT_TYPE": kind, "HTTP_HOST": site.netloc, "SERVER_NAME": site.hostname or ""}
        self.content_type, self.content_params = bodies.media_type(raw.headers), {}
        self._body, self._scheme = raw.body, site.scheme
        if self.content_type not in {bodies.FORM_TYPE, forms.MULTIPART_TYPE}:
            _json(raw.body)
        self.POST, self.FILES = forms.read(kind, raw.body)  # type: ignore[assignment]  # both are mutable here

    def _get_scheme(self) -> str:
        return self._scheme
