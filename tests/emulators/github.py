"""GitHub on loopback: real bare repositories over git's own protocol, and a strict part of the API over them.

A request that GitHub's own description does not allow, or a path that nobody serves, is a violation: the test that
caused it fails at its end.
"""

import itertools
import re
from collections.abc import Callable
from pathlib import Path

from tests.emulators.github_git import Repo, serve
from tests.emulators.github_hooks import Hook, Hooks, Sender
from tests.emulators.github_issues import Issues
from tests.emulators.github_logins import READ_TOKEN, TOKEN, Logins, require
from tests.emulators.github_places import Place
from tests.emulators.github_requests import problems
from tests.emulators.kit import Emu, Reply, Req
from tests.repositories import Owned

__all__ = ["READ_TOKEN", "TOKEN", "GitHubEmulator", "Hook"]

VERSIONS = {"2022-11-28", "2026-03-10"}
LOGIN = "nightdesk-bot"


class GitHubEmulator(Issues, Hooks, Emu):
    """`logins` are its tokens, `places` its repositories; both are changed as a test likes."""

    def __init__(self, *, token: str = TOKEN, page_size: int = 100) -> None:
        self.page_size = page_size
        self.hooks = {}
        self.sender: Sender = lambda event, guid: 202
        self.ids = itertools.count(12_000_000_001)
        self.places: dict[str, Place] = {}
        self.logins = Logins()
        self._happenings: list[tuple[re.Pattern[str], Callable[[], object]]] = []
        may = dict.fromkeys(("contents", "pull_requests"), "write")
        self.logins.add(token, LOGIN, **may, metadata="read", checks="read", statuses="read")
        self.logins.add(READ_TOKEN, LOGIN, contents="read", issues="read", metadata="read")
        super().__init__()

    def setup(self) -> None:
        self.set_up_hooks()
        self.set_up_pulls()
        self.set_up_issues()
        self.route("GET", r"/(?P<full_name>[^/]+/[^/]+)\.git/(?P<rest>.+)", self._git)
        self.route("POST", r"/(?P<full_name>[^/]+/[^/]+)\.git/(?P<rest>.+)", self._git)

    def add_repository(self, full_name: str, owned: Owned) -> Place:
        """The owner's bare repository, at this host under owner/name. The emulator has been started."""
        place = Place(1_000 + len(self.places), self.url, Repo(owned.path, full_name))
        self.places[full_name] = place
        return place

    def pre(self, req: Req) -> None:
        """Headers and login first, then the request's own form."""
        if ".git/" in req.path:
            return
        if not req.headers.get("user-agent"):
            raise Reply(403, {"message": "Request forbidden by administrative rules."})
        if req.headers.get("x-github-api-version") not in VERSIONS:
            raise Reply(400, {"message": "Invalid API version"})
        if not req.path.startswith("/app") and not req.path.endswith("/installation"):
            self.logins.of(req)
        is_served = any(method == req.method and pattern.fullmatch(req.path) for method, pattern, _ in self.routes)
        if is_served and (found := problems(req)):
            self.violations.append(f"{req.method} {req.path}: {'; '.join(found)}")
            errors = [{"resource": "Request", "code": "custom", "message": one} for one in found]
            raise Reply(422, {"message": "Validation Failed", "errors": errors, "status": "422"})

    def before(self, match: str, happens: Callable[[], object]) -> None:
        """Once, just before the first request whose "METHOD path" matches."""
        self._happenings.append((re.compile(match), happens))

    def answer(self, req: Req) -> Reply:
        """As every service, and with the scopes of a classic token."""
        due = [one for one in self._happenings if one[0].search(f"{req.method} {req.path}")]
        for one in due:
            self._happenings.remove(one)
            one[1]()
        reply = super().answer(req)
        token = req.headers.get("authorization", "").partition(" ")[2]
        grant = self.logins.grants.get(token)
        if grant and grant.scopes is not None:
            reply.headers = {**reply.headers, "X-OAuth-Scopes": grant.scopes}
        return reply

    def not_found(self, req: Req) -> Reply:
        self.violations.append(f"unknown: {req.method} {req.path}")
        return Reply(404, {"message": "Not Found"})

    def _git(self, req: Req, full_name: str, rest: str) -> Reply:
        place = self.places.get(full_name)
        grant = self.logins.of_git(req)
        if place is None:
            raise Reply(404, raw=b"Repository not found.", ctype="text/plain")
        is_push = "git-receive-pack" in (rest, *req.query.get("service", []))
        try:
            require(grant, full_name, contents="write" if is_push else "read")
        except Reply as refusal:
            text = f"Permission to {full_name}.git denied to {grant.login}."
            raise Reply(refusal.status, raw=text.encode(), ctype="text/plain") from refusal
        path: Path = place.repo.path
        return serve(path.parent, req, f"/{path.name}/{rest}")
