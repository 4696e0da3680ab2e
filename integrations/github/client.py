"""GitHub's list of webhook deliveries: what could not be delivered, and the button that sends it again.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
GitHub sends nothing again by itself, and forgets a delivery after three days.
"""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from http.client import HTTPException, HTTPMessage
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import BaseModel, TypeAdapter, ValidationError

from integrations.bodies import one_line
from integrations.contracts import DeliveryError, Undelivered
from integrations.words import _

log = logging.getLogger(__name__)

API_VERSION = "2022-11-28"
# A hundred on each: more than any hook of a small agency has in three days.
MAX_PAGES = 100

_SECONDS = 15.0
_MAX_BYTES = 20_000_000
_OWNER = re.compile(r"[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?")
_NEXT = re.compile(r'<([^<>]+)>;\s*rel="next"')


class _Config(BaseModel):
    url: str = ""


class _Hook(BaseModel):
    id: int
    active: bool = True
    config: _Config = _Config()


class _Attempt(BaseModel):
    id: int
    guid: str
    delivered_at: datetime
    status: str
    event: str
    action: str | None = None


_HOOKS = TypeAdapter(list[_Hook])
_ATTEMPTS = TypeAdapter(list[_Attempt])


class GitHubGaps:
    """Implements GapFinder for the hooks of repositories (owner/name) and organisations that post to `address`.

    `token` needs to read and write webhooks ("Webhooks" of a fine-grained token) and nothing else.
    """

    slug: ClassVar[str] = "github"

    def __init__(
        self, *, token: str, owners: Sequence[str], address: str, base_url: str = "https://api.github.com"
    ) -> None:
        if wrong := [owner for owner in owners if not _OWNER.fullmatch(owner)]:
            raise ValueError(
                f"GITHUB_HOOKS names {wrong[0]!r}: write owner/name of a repository, or an organisation"
            )
        self._token = token
        self._owners = owners
        self._address = address.rstrip("/")
        self._base_url = base_url.rstrip("/")
        self._opener = build_opener(_NoRedirect)

    def undelivered(self, since: datetime) -> list[Undelivered]:
        """What no attempt since then brought here, the oldest first. Raises DeliveryError if none can be asked."""
        found: list[Undelivered] = []
        problems: list[DeliveryError] = []
        for owner in self._owners:
            try:
                found += [gap for hook in self._hooks(owner) for gap in self._gaps(hook, since)]
            except DeliveryError as error:
                log.warning("deliveries of %s cannot be listed: %s", owner, error)
                problems.append(error)
        if problems and len(problems) == len(self._owners):
            raise problems[0]
        return sorted(found, key=lambda gap: gap.last_at)

    def redeliver(self, gap: Undelivered) -> None:
        """Have it sent once more, under the same id. Raises DeliveryError."""
        self._call("POST", f"{self._base_url}{gap.handle}")

    def _hooks(self, owner: str) -> list[str]:
        """The paths of the owner's hooks that post here."""
        root = f"/repos/{owner}" if "/" in owner else f"/orgs/{owner}"
        pages = self._pages(f"{self._base_url}{root}/hooks?per_page=100", _HOOKS)
        hooks = [hook for page in pages for hook in page if hook.config.url.rstrip("/") == self._address]
        if not hooks:
            raise DeliveryError(
                _("{owner} has no webhook that posts to {address}/.").format(owner=owner, address=self._address),
                permanent=True,
            )
        return [f"{root}/hooks/{hook.id}" for hook in hooks if hook.active]

    def _gaps(self, hook: str, since: datetime) -> Iterator[Undelivered]:
        attempts: dict[str, list[_Attempt]] = {}
        for page in self._pages(f"{self._base_url}{hook}/deliveries?per_page=100", _ATTEMPTS):
            for attempt in page:
                attempts.setdefault(attempt.guid, []).append(attempt)
            # The newest come first.
            if page and page[-1].delivered_at < since:
                break
        for guid, tries in attempts.items():
            last = max(tries, key=lambda attempt: attempt.delivered_at)
            if last.delivered_at >= since and not any(attempt.status == "OK" for attempt in tries):
                yield Undelivered(
                    external_id=guid,
                    kind=f"{last.event}.{last.action}" if last.action else last.event,
                    attempts=len(tries),
                    last_at=last.delivered_at,
                    reason=one_line(last.status),
                    handle=f"{hook}/deliveries/{last.id}/attempts",
                )

    def _pages(self, url: str, form: TypeAdapter[Any]) -> Iterator[Any]:
        for _page in range(MAX_PAGES):
            content, headers = self._call("GET", url)
            try:
                yield form.validate_python(json.loads(content))
            except (ValidationError, ValueError) as error:
                raise DeliveryError(
                    _("GitHub's answer to {url} cannot be read.").format(url=url), permanent=False
                ) from error
            following = _NEXT.search(headers.get("Link", ""))
            if following is None:
                return
            url = following[1]
            # The token goes to nobody else.
            if not url.startswith(f"{self._base_url}/"):
                raise DeliveryError(
                    _("GitHub's list goes on at another address: {url}").format(url=one_line(url)), permanent=True
                )

    def _call(self, method: str, url: str) -> tuple[bytes, HTTPMessage]:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token}",
            "User-Agent": "Nightdesk",
            "X-GitHub-Api-Version": API_VERSION,
        }
        request = Request(quote(url, safe=":/?&=%"), method=method, headers=headers)  # noqa: S310 - a checked address
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                return answer.read(_MAX_BYTES), answer.headers
        except HTTPError as error:
            with error:
                raise _refused(error, urlsplit(url).path) from error
        except (URLError, HTTPException, OSError) as error:
            raise DeliveryError(
                _("GitHub cannot be reached: {error}").format(error=one_line(str(error))), permanent=False
            ) from error


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Never: the token would go along."""


def _refused(error: HTTPError, path: str) -> DeliveryError:
    is_limit = (
        error.code == 429 or "retry-after" in error.headers or error.headers.get("x-ratelimit-remaining") == "0"
    )
    fix = {
        401: _("check GITHUB_TOKEN"),
        403: _("the token needs to read and write webhooks"),
        404: _("check GITHUB_HOOKS, and that the token may read webhooks there"),
    }.get(error.code, "")
    why = _("its limit of calls is reached") if is_limit else fix or one_line(error.reason)
    return DeliveryError(
        _("GitHub answers {code} for {path}: {why}.").format(code=error.code, path=path, why=why),
        permanent=error.code < 500 and not is_limit,
    )
