"""Notices as signed POSTs to a place that its owner named; each place is a target of its own.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The message's id is the delivery's key: a repeat is the same message, and a receiver that has seen the id does
nothing more. So an answer that got lost is no doubt: the message is sent again.
"""

import email.utils
import http.client
import ipaddress
import json
import re
import ssl
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from integrations import bodies, signatures
from integrations.contracts import DeliveryError, Json, Landed, Outgoing
from integrations.words import _

TIMEOUT_SECONDS = 15.0
_NAME = re.compile(r"[a-z0-9-]{1,30}")
_MOST_WAIT_SECONDS = 86_400.0
_GONE = 410
# What of a job and of a review is told; whoever wants more asks the API.
_JOB = ("id", "title", "state", "reason", "priority", "client", "trigger", "spent_microusd", "created_at", "page")
_REVIEW = ("id", "kind", "state", "title", "consequence", "priority", "due_at", "decided_by", "decided_at", "page")


class WebhookTarget:
    """Posts to the address of one place, signed with its whsec_ key."""

    slug: ClassVar[str] = "webhook"
    kinds: ClassVar[frozenset[str]] = frozenset({"notice"})
    lag_seconds: ClassVar[float] = 0.0

    def __init__(self, *, place: str, url: str, secret: str) -> None:
        if not _NAME.fullmatch(place):
            raise ValueError(f"{place!r} names no place: write up to 30 small letters, digits and dashes")
        signatures.key_of(secret)
        self._place, self._url, self._secret = place, _address(place, url), secret
        self._is_gone = False

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Post it once. Raises DeliveryError; a place that answered 410 is left alone until the next start."""
        if outgoing.kind not in self.kinds:
            raise DeliveryError(
                _("A webhook takes notices, not a {kind}.").format(kind=outgoing.kind), permanent=True
            )
        body = json.dumps(_message(outgoing), ensure_ascii=False).encode()
        status, retry_after = (_GONE, "") if self._is_gone else self._post(outgoing.key, body)
        if not 200 <= status < 300:
            raise self._refusal(status, retry_after)
        return Landed(
            external_id=outgoing.key, detail=_("{place} answered {status}").format(place=self._place, status=status)
        )

    def find(self, outgoing: Outgoing) -> Landed | None:
        """Always None: nobody can be asked, and to send the same message once more does no harm."""
        return None

    def reach(self) -> str:
        """Who is at the address, without a word to them. Raises DeliveryError."""
        connection = _connection(self._url)
        try:
            connection.connect()
            return f"{self._place}: {self._url.hostname} answers"
        except OSError as error:
            raise self._silence(error) from error
        finally:
            connection.close()

    def _post(self, message_id: str, body: bytes) -> tuple[int, str]:
        """The answer's status and Retry-After. No redirect is followed; no proxy of the environment is used."""
        proof = signatures.proof(body, message_id=message_id, secret=self._secret, now=datetime.now(UTC))
        headers = {"content-type": bodies.JSON_TYPE, "user-agent": "Nightdesk", **proof}
        path = self._url._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection = _connection(self._url)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("retry-after", "")
        except (OSError, http.client.HTTPException) as error:
            raise self._silence(error) from error
        finally:
            connection.close()

    def _silence(self, error: Exception) -> DeliveryError:
        what = bodies.one_line(f"{type(error).__name__}: {error}".rstrip(": "))
        return DeliveryError(
            _("{place} gave no answer ({what}).").format(place=self._place, what=what), permanent=False
        )

    def _refusal(self, status: int, retry_after: str) -> DeliveryError:
        said = f"{self._place} answered {status}"
        if status == _GONE:
            self._is_gone = True
            return DeliveryError(_("{said}, gone: it is told nothing more.").format(said=said), permanent=True)
        if 300 <= status < 400:
            said = _("{said}: redirects are not followed, name the address that it leads to.").format(said=said)
            return DeliveryError(said, permanent=True)
        return DeliveryError(f"{said}.", permanent=False, retry_after=_wait(retry_after))


def _message(outgoing: Outgoing) -> Json:
    """What is told, small: what happened when, and to which job and review."""
    event = outgoing.fields.get("event")
    if not isinstance(event, dict):
        raise DeliveryError(_("There is no event to tell."), permanent=True)
    told = {"job": _part(outgoing.fields.get("job"), _JOB), "review": _part(outgoing.fields.get("review"), _REVIEW)}
    data = {"event": event["id"], **{noun: part for noun, part in told.items() if part}}
    return {"type": event["name"], "timestamp": event["at"], "data": data}


def _part(shown: Any, names: tuple[str, ...]) -> Json:
    return {name: shown[name] for name in names if name in shown} if isinstance(shown, dict) else {}


def _address(name: str, url: str) -> SplitResult:
    """The parts of a place's address; raises ValueError for what is neither https nor this machine."""
    parts = urlsplit(url)
    if parts.username is not None or not parts.hostname:
        raise ValueError(f"the address of {name} must look like https://example.com/hook, without a login")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError(f"the address of {name} must begin with https://, unless it is on this machine")
    parts.port  # noqa: B018 - raises ValueError for a port that is none
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _connection(url: SplitResult) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "http":
        return http.client.HTTPConnection(host, url.port, timeout=TIMEOUT_SECONDS)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, url.port, timeout=TIMEOUT_SECONDS, context=context)


def _wait(retry_after: str) -> float | None:
    """Seconds of a Retry-After, in either of its forms; None if it says nothing, a day at most."""
    if retry_after.strip().isdecimal():
        return min(float(retry_after), _MOST_WAIT_SECONDS)
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    seconds = (until.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _MOST_WAIT_SECONDS)
