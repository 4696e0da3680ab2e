"""GitHub's list of webhook deliveries: hooks, attempts by pages, and the button that sends one again."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.emulators.kit import Emu, Reply, Req

Sender = Callable[[str, str], int | None]


@dataclass
class Hook:
    """One webhook with its attempts, the newest first."""

    id: int
    url: str
    active: bool = True
    attempts: list[dict[str, Any]] = field(default_factory=list)


class Hooks(Emu):
    """A page holds at most `page_size` attempts.

    `sender` is told (event, guid) of each redelivery and says with which status the receiver answered, None for no
    answer.
    """

    page_size: int
    hooks: dict[str, list[Hook]]  # by "owner/name" or organisation
    sender: Sender
    ids: "itertools.count[int]"

    def set_up_hooks(self) -> None:
        """Register the routes."""
        for root in ("/repos/{owner}/{name}", "/orgs/{owner}"):
            self.route("GET", f"{root}/hooks", self._list_hooks)
            self.route("GET", f"{root}/hooks/{{hook}}/deliveries", self._list_deliveries)
            self.route("POST", f"{root}/hooks/{{hook}}/deliveries/{{delivery}}/attempts", self._redeliver)

    def add_hook(self, owner: str, url: str, *, active: bool = True) -> Hook:
        """A new webhook of this repository or organisation."""
        hook = Hook(next(self.ids), url, active)
        self.hooks.setdefault(owner, []).append(hook)
        return hook

    def attempt(
        self, hook: Hook, guid: str, status: int | None, *, event: str = "issues", ago: timedelta = timedelta(0)
    ) -> dict[str, Any]:
        """One attempt of a delivery, answered with this status (None: not at all)."""
        status_of = "OK" if status and status < 300 else f"Invalid HTTP Response: {status}"
        made = {
            "id": next(self.ids),
            "guid": guid,
            "delivered_at": f"{datetime.now(UTC) - ago:%Y-%m-%dT%H:%M:%SZ}",
            "redelivery": any(one["guid"] == guid for one in hook.attempts),
            "duration": 0.27,
            "status": status_of if status else "timed out",
            "status_code": status or 0,
            "event": event,
            "action": "labeled" if event == "issues" else None,
            "installation_id": None,
            "repository_id": 456,
            "throttled_at": None,
        }
        hook.attempts.append(made)
        hook.attempts.sort(key=lambda one: (one["delivered_at"], one["id"]), reverse=True)
        return made

    def _list_hooks(self, req: Req, owner: str, name: str = "") -> Any:
        found = self._owned(owner, name)
        return [
            {
                "type": "Repository" if name else "Organization",
                "id": hook.id,
                "name": "web",
                "active": hook.active,
                "events": ["*"],
                "config": {"url": hook.url, "content_type": "json", "insecure_ssl": "0", "secret": "********"},
                "url": f"{self.url}{req.path}/{hook.id}",
            }
            for hook in found
        ]

    def _list_deliveries(self, req: Req, hook: str, owner: str, name: str = "") -> Reply:
        attempts = self._hook(owner, name, hook).attempts
        size = min(self.page_size, int(req.query.get("per_page", ["30"])[0]))
        cursor = req.query.get("cursor", ["v1_0"])[0]
        if not re.fullmatch(r"v1_\d+", cursor) or size > 100:
            raise Reply(422, {"message": "Validation Failed"})
        start = next((at for at, one in enumerate(attempts) if one["id"] == int(cursor[3:])), 0)
        page, rest = attempts[start : start + size], attempts[start + size :]
        following = f'<{self.url}{req.path}?per_page={size}&cursor=v1_{rest[0]["id"]}>; rel="next"' if rest else ""
        return Reply(200, page, {"Link": following} if following else {})

    def _redeliver(self, req: Req, hook: str, delivery: str, owner: str, name: str = "") -> Reply:
        if req.body:
            raise Reply(400, {"message": "Problems parsing JSON"})
        found = self._hook(owner, name, hook)
        given = next((one for one in found.attempts if str(one["id"]) == delivery), None)
        if given is None:
            raise Reply(404, {"message": "Not Found"})
        self.attempt(found, given["guid"], self.sender(given["event"], given["guid"]), event=given["event"])
        return Reply(202, {})

    def _owned(self, owner: str, name: str) -> list[Hook]:
        found = self.hooks.get(f"{owner}/{name}" if name else owner)
        if found is None:
            raise Reply(404, {"message": "Not Found"})
        return found

    def _hook(self, owner: str, name: str, wanted: str) -> Hook:
        for hook in self._owned(owner, name):
            if str(hook.id) == wanted:
                return hook
        raise Reply(404, {"message": "Not Found"})
