"""The calls to Notion that Nightdesk makes, and what each of its refusals means.

https://developers.notion.com/reference/intro
Notion's client is asked by path and body: the keywords of its own methods drop what they don't know without a word.
It never tries twice: the outbox knows better when, and waits without a thread.
"""

import contextlib
import json
import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache

import httpx
from notion_client import Client
from notion_client.errors import HTTPResponseError, NotionClientErrorBase, RequestTimeoutError
from notion_client.helpers import extract_notion_id

from integrations.bodies import one_line
from integrations.contracts import DeliveryError, Json, OutcomeUnknown, TargetClosed
from integrations.notion.pace import Pace, pace_of
from integrations.words import _, gettext_noop

API_VERSION = "2026-03-11"
# One visit ends well before the lease of a delivery does; no call is begun that might not.
VISIT_SECONDS = 40.0
CALL_SECONDS = 15.0
_LEAST_SECONDS = 2.0
_OLDEST_FIRST = [{"timestamp": "created_time", "direction": "ascending"}]
_MAX_PAGES = 20
_LONGEST_WAIT = 3_600.0

log = logging.getLogger(__name__)


class NotThere(TargetClosed):
    """It does not exist, or is not shared with the integration: Notion does not tell them apart."""


class Notion:
    """Where the integration with this token is at home. Raises ValueError without a token."""

    def __init__(self, *, token: str, base_url: str = "https://api.notion.com", per_second: float = 3.0) -> None:
        if not token:
            raise ValueError("NOTION_TOKEN is missing in this process")
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._pace = pace_of(token, per_second)

    @contextlib.contextmanager
    def visit(self) -> Iterator["Visit"]:
        """A connection for a few calls in a row, made by one thread."""
        with httpx.Client(verify=_tls()) as wire:
            client = Client(
                client=wire,
                auth=self._token,
                base_url=self._base_url,
                notion_version=API_VERSION,
                retry=False,
                logger=log,
                log_level=logging.ERROR,
            )
            yield Visit(client, self._pace)


class Visit:
    """A few calls in a row. Each raises DeliveryError if nothing was done, OutcomeUnknown if that is not known."""

    def __init__(self, client: Client, pace: Pace) -> None:
        self._client = client
        self._pace = pace
        self._ends = time.monotonic() + VISIT_SECONDS

    def me(self) -> Json:
        """Whom the token belongs to: https://developers.notion.com/reference/get-self"""
        return self._read("GET", "users/me")

    def source(self, given: str) -> Json:
        """A data source with its columns: https://developers.notion.com/reference/retrieve-a-data-source

        It may be named by its id, or by the id or link of a database that has one data source alone.
        """
        wanted = extract_notion_id(given) or given
        try:
            return self._read("GET", f"data_sources/{wanted}")
        except NotThere:
            only = self._only_source(wanted)
        return self._read("GET", f"data_sources/{only}")

    def _only_source(self, database: str) -> str:
        """What lies in a database: https://developers.notion.com/reference/retrieve-database"""
        found = self._read("GET", f"databases/{database}")["data_sources"]
        if len(found) != 1:
            names = ", ".join(f"{one['name']} ({one['id']})" for one in found) or "none"
            raise DeliveryError(
                _("The database has several data sources: give the id of one: {names}.").format(names=names),
                permanent=True,
            )
        return str(found[0]["id"])

    def add_columns(self, source: str, columns: Json) -> Json:
        """Add columns: https://developers.notion.com/reference/update-a-data-source"""
        return self._write("PATCH", f"data_sources/{source}", {"properties": columns})

    def rows(self, source: str, where: Json, *, most: int = 100) -> list[Json]:
        """Rows that meet a filter, the oldest first: https://developers.notion.com/reference/query-a-data-source"""
        asked = {"filter": where, "sorts": _OLDEST_FIRST, "page_size": min(most, 100)}
        found: list[Json] = list(self._read("POST", f"data_sources/{source}/query", asked)["results"])
        return found

    def every_row(self, source: str, where: Json) -> Iterator[Json]:
        """All rows that meet a filter, however many. Raises DeliveryError if Notion does not give all of them."""
        asked = {"filter": where, "sorts": _OLDEST_FIRST, "page_size": 100}
        for _page in range(_MAX_PAGES):
            answer = self._read("POST", f"data_sources/{source}/query", asked)
            yield from answer["results"]
            if not answer["has_more"]:
                break
            asked["start_cursor"] = answer["next_cursor"]
        if answer["has_more"] or (answer.get("request_status") or {}).get("type") == "incomplete":
            raise DeliveryError(_("There are more rows in Notion than can be listed."), permanent=False)

    def page(self, page: str) -> Json:
        """A page with its properties: https://developers.notion.com/reference/retrieve-a-page"""
        return self._read("GET", f"pages/{page}")

    def create(self, source: str, properties: Json, markdown: str) -> Json:
        """A new row with a text: https://developers.notion.com/reference/post-page"""
        parent = {"type": "data_source_id", "data_source_id": source}
        return self._write("POST", "pages", {"parent": parent, "properties": properties, "markdown": markdown})

    def change(self, page: str, properties: Json) -> Json:
        """Other values of some properties: https://developers.notion.com/reference/patch-page"""
        return self._write("PATCH", f"pages/{page}", {"properties": properties})

    def discard(self, page: str) -> Json:
        """Into the trash, from which its owner can take it back: https://developers.notion.com/reference/patch-page"""
        return self._write("PATCH", f"pages/{page}", {"in_trash": True})

    def text(self, page: str) -> Json:
        """A page's text: https://developers.notion.com/reference/retrieve-page-markdown"""
        return self._read("GET", f"pages/{page}/markdown")

    def replace_text(self, page: str, markdown: str) -> Json:
        """Another text: https://developers.notion.com/reference/update-page-markdown"""
        body = {"type": "replace_content", "replace_content": {"new_str": markdown}}
        return self._write("PATCH", f"pages/{page}/markdown", body)

    def append_text(self, page: str, markdown: str) -> Json:
        """More text at the end: https://developers.notion.com/reference/update-page-markdown"""
        insert = {"content": markdown, "position": {"type": "end"}}
        return self._write("PATCH", f"pages/{page}/markdown", {"type": "insert_content", "insert_content": insert})

    def _read(self, method: str, path: str, body: Json | None = None) -> Json:
        """A call that changes nothing: when it fails, nothing was done."""
        try:
            return self._call(method, path, body)
        except OutcomeUnknown as error:
            raise DeliveryError(str(error), permanent=False) from error

    def _write(self, method: str, path: str, body: Json) -> Json:
        return self._call(method, path, body)

    def _call(self, method: str, path: str, body: Json | None) -> Json:
        self._pace.take()
        left = self._ends - time.monotonic()
        if left < _LEAST_SECONDS:
            raise DeliveryError(_("Notion is slow: the rest is done at the next try."), permanent=False)
        self._client.client.timeout = httpx.Timeout(min(CALL_SECONDS, left))
        with self._understood(f"{method} {_what(path)}"):
            answer = self._client.request(path=path, method=method, body=body)
            if not isinstance(answer, dict):
                raise ValueError("no object")
        return answer

    @contextlib.contextmanager
    def _understood(self, call: str) -> Iterator[None]:
        """What went wrong in the words of the contract."""
        try:
            yield
        except HTTPResponseError as error:
            raise self._refusal(error, call) from error
        except RequestTimeoutError as error:
            raise OutcomeUnknown(_("Notion gave no answer to {call} in time.").format(call=call)) from error
        except NotionClientErrorBase as error:
            raise DeliveryError(
                _("Notion cannot be asked so: {error}").format(error=one_line(str(error))), permanent=True
            ) from error
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise DeliveryError(
                _("Notion cannot be reached: {error}").format(error=one_line(str(error))), permanent=False
            ) from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(
                _("Notion broke off {call}: {error}").format(call=call, error=one_line(str(error)))
            ) from error
        except ValueError as error:
            raise OutcomeUnknown(_("Notion's answer to {call} cannot be read.").format(call=call)) from error

    def _refusal(self, error: HTTPResponseError, call: str) -> DeliveryError | OutcomeUnknown:
        """What a refusal means: for good, for a while, or nobody knows.

        https://developers.notion.com/reference/status-codes and https://developers.notion.com/reference/request-limits
        """
        status, code = error.status, str(_said(error).get("code"))
        if status in {429, 529}:
            return self._slow_down(error)
        if status == 409 and code != "row_limit_exceeded":
            return DeliveryError(_("Notion was changing the same at this moment (409)."), permanent=False)
        if status >= 500:
            return OutcomeUnknown(_("Notion answers {status} to {call}.").format(status=status, call=call))
        if status == 404:
            return NotThere(f"Notion answers 404 to {call}: {_NOT_SHARED}")
        if status in _CLOSED:
            return TargetClosed(
                _("Notion answers {status} to {call}: {closed}").format(
                    status=status, call=call, closed=_(_CLOSED[status])
                )
            )
        why = _(_FIXES[code]) if code in _FIXES else one_line(str(error)) or _("no reason given")
        return DeliveryError(
            _("Notion answers {status} to {call}: {why}").format(status=status, call=call, why=why), permanent=True
        )

    def _slow_down(self, error: HTTPResponseError) -> DeliveryError:
        """Notion says how long: nobody in this process asks before that."""
        seconds = _retry_after(error.headers)
        data = _said(error).get("additional_data") or {}
        reason = one_line(data.get("rate_limit_reason") or "") or (
            _("overloaded") if error.status == 529 else _("no reason given")
        )
        why = _("Notion takes no more calls for a while ({status}, {reason}).").format(
            status=error.status, reason=reason
        )
        self._pace.pause(seconds, why)
        return DeliveryError(why, permanent=False, retry_after=seconds)


_CLOSED = {
    401: gettext_noop("it does not know the token: check NOTION_TOKEN."),
    403: gettext_noop("the integration may not do this: give it the rights to read, insert and update content."),
}
_NOT_SHARED = gettext_noop(
    "it is not there, or not shared: open it in Notion and add the integration under ••• > Connections."
)
_FIXES = {
    "row_limit_exceeded": gettext_noop("the workspace takes no more rows: make room, or choose another plan.")
}


def _said(error: HTTPResponseError) -> Json:
    """The body of the answer, also where the client does not know its code; empty if it is no object."""
    try:
        said = json.loads(error.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _what(path: str) -> str:
    """The kind of thing that was asked for, without its id."""
    return path.split("/")[0].replace("_", " ")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait: as told, in seconds or as a date, else a minute; an hour at most."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value) if value.isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError):
        seconds = 60.0
    return min(max(seconds, 0.0), _LONGEST_WAIT)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Read once: the list of authorities costs more than a call."""
    return httpx.create_ssl_context()
