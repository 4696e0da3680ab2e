"""The part of GitHub's API that deals with refs, pull requests, comments, labels, checks and App installations."""

from typing import Any

from tests.emulators.github_logins import INSTALLATION, Grant, Logins, require
from tests.emulators.github_places import Place, Pull
from tests.emulators.kit import Emu, Reply, Req

_HEX = set("0123456789abcdef")


def invalid(resource: str, message: str = "", **error: str) -> Reply:
    """422 as GitHub says it, with one error."""
    told = {"resource": resource, "code": "custom", **({"message": message} if message else {}), **error}
    return Reply(422, {"message": "Validation Failed", "errors": [told], "status": "422"})


def missing() -> Reply:
    """404, in the words that PyGithub reads."""
    return Reply(404, {"message": "Not Found", "status": "404"})


class Pulls(Emu):
    """Every call is made with a grant: what it does not reach is 404 or 403."""

    logins: Logins
    places: dict[str, Place]

    def set_up_pulls(self) -> None:
        """Register the routes."""
        repo = "/repos/(?P<full_name>[^/]+/[^/]+)"
        self.route("GET", "/user", lambda req: self._user(req))
        self.route("GET", "/app", self._app)
        self.route("GET", f"{repo}/installation", self._installation)
        self.route("POST", "/app/installations/{installation}/access_tokens", self._mint)
        self.route("GET", "/installation/repositories", self._reachable)
        self.route("GET", repo, self._repository)
        self.route("GET", f"{repo}/branches/(?P<ref>.+)", self._branch)
        self.route("GET", f"{repo}/git/ref/(?P<ref>.+)", self._ref)
        self.route("POST", f"{repo}/git/refs", self._make_ref)
        self.route("PATCH", f"{repo}/git/refs/(?P<ref>.+)", self._move_ref)
        self.route("DELETE", f"{repo}/git/refs/(?P<ref>.+)", self._drop_ref)
        self.route("GET", f"{repo}/pulls", self._list)
        self.route("POST", f"{repo}/pulls", self._open)
        self.route("GET", f"{repo}/pulls/(?P<number>\\d+)", self._pull)
        self.route("PATCH", f"{repo}/pulls/(?P<number>\\d+)", self._edit)
        self.route("PUT", f"{repo}/pulls/(?P<number>\\d+)/merge", self._merge)
        self.route("GET", f"{repo}/issues/(?P<number>\\d+)/comments", self._comments)
        self.route("POST", f"{repo}/issues/(?P<number>\\d+)/comments", self._comment)
        self.route("POST", f"{repo}/issues/(?P<number>\\d+)/labels", self._label)
        self.route("GET", f"{repo}/commits/(?P<ref>.+)/check-runs", self._check_runs)
        self.route("GET", f"{repo}/commits/(?P<ref>.+)/status", self._status)

    def paged(self, req: Req, rows: list[Any]) -> Reply:
        """One page, and a Link to the next one at this very host."""
        size = min(100, int(req.query.get("per_page", ["30"])[0]))
        number = int(req.query.get("page", ["1"])[0])
        page, is_last = rows[(number - 1) * size : number * size], number * size >= len(rows)
        also = "".join(f"&{name}={values[-1]}" for name, values in req.query.items() if name != "page")
        following = f'<{self.url}{req.path}?page={number + 1}{also}>; rel="next"'
        return Reply(200, page, {} if is_last else {"Link": following})

    def _place(self, req: Req, full_name: str, **needed: str) -> tuple[Place, Grant]:
        place = self.places.get(full_name)
        if place is None:
            raise missing()
        grant = self.logins.of(req)
        require(grant, full_name, **needed)
        return place, grant

    def _one(self, place: Place, number: str) -> Pull:
        for pull in place.pulls:
            if pull.number == int(number):
                return pull
        raise missing()

    def _user(self, req: Req) -> Any:
        grant = self.logins.of(req)
        if grant.expires:
            raise Reply(403, {"message": "Resource not accessible by integration", "status": "403"})
        return {"login": grant.login, "id": 2, "type": "User", "url": f"{self.url}/users/{grant.login}"}

    def _app(self, req: Req) -> Any:
        self.logins.app(req)
        rights = self.logins.app_rights
        return {"id": 424242, "slug": "nightdesk", "name": "Nightdesk", "permissions": rights, "events": []}

    def _installation(self, req: Req, full_name: str) -> Any:
        self.logins.app(req)
        if full_name not in self.places:
            raise missing()
        return {"id": INSTALLATION, "app_id": 424242, "repository_selection": "selected"}

    def _mint(self, req: Req, installation: str) -> Reply:
        self.logins.app(req)
        if int(installation) != INSTALLATION:
            raise missing()
        body = req.json() if req.body else {}
        names = body.get("repositories")
        wanted = {place.name for place in self.places.values() if place.name.partition("/")[2] in (names or [])}
        token, grant = self.logins.mint(body.get("permissions", {}), wanted if names else None)
        return Reply(
            201,
            {
                "token": token,
                "expires_at": f"{grant.expires:%Y-%m-%dT%H:%M:%SZ}",
                "permissions": grant.may,
                "repository_selection": "selected",
            },
        )

    def _reachable(self, req: Req) -> Any:
        grant = self.logins.of(req)
        if not grant.expires:
            raise Reply(
                403, {"message": "You must authenticate with an installation access token", "status": "403"}
            )
        shown = [
            one for one in self.places.values() if grant.repositories is None or one.name in grant.repositories
        ]
        return {"total_count": len(shown), "repositories": [one.as_json() for one in shown]}

    def _repository(self, req: Req, full_name: str) -> Any:
        place, grant = self._place(req, full_name, metadata="read")
        return place.as_json(may_push=grant.may.get("contents") == "write")

    def _branch(self, req: Req, full_name: str, ref: str) -> Any:
        place, _ = self._place(req, full_name, contents="read")
        sha = place.branch(ref)
        if not sha:
            raise missing()
        commit = {"sha": sha, "url": f"{place.api}/commits/{sha}"}
        return {"name": ref, "commit": commit, "protected": ref in place.protected}

    def _ref(self, req: Req, full_name: str, ref: str) -> Any:
        place, _ = self._place(req, full_name, contents="read")
        return self._told(place, f"refs/{ref}")

    def _make_ref(self, req: Req, full_name: str) -> Reply:
        place, _ = self._place(req, full_name, contents="write")
        ref, sha = req.json()["ref"], req.json()["sha"]
        if not ref.startswith("refs/") or ref.count("/") < 2:
            raise invalid("Reference", "Reference name must start with refs/ and have two slashes")
        if place.repo.sha(ref):
            raise Reply(422, {"message": "Reference already exists", "status": "422"})
        if set(sha) - _HEX or not place.repo.holds(sha):
            raise Reply(422, {"message": "Object does not exist", "status": "422"})
        place.repo.git("update-ref", ref, sha)
        return Reply(201, self._told(place, ref))

    def _move_ref(self, req: Req, full_name: str, ref: str) -> Any:
        place, _ = self._place(req, full_name, contents="write")
        now, sha = place.repo.sha(f"refs/{ref}"), req.json()["sha"]
        if not now:
            raise Reply(422, {"message": "Reference does not exist", "status": "422"})
        if not req.json().get("force") and not place.repo.is_ancestor(now, sha):
            raise Reply(422, {"message": "Update is not a fast forward", "status": "422"})
        place.repo.git("update-ref", f"refs/{ref}", sha)
        return self._told(place, f"refs/{ref}")

    def _drop_ref(self, req: Req, full_name: str, ref: str) -> Reply:
        place, _ = self._place(req, full_name, contents="write")
        if not place.repo.sha(f"refs/{ref}"):
            raise Reply(422, {"message": "Reference does not exist", "status": "422"})
        place.repo.git("update-ref", "-d", f"refs/{ref}")
        return Reply(204, raw=b"")

    def _told(self, place: Place, ref: str) -> Any:
        sha = place.repo.sha(ref)
        if not sha:
            raise missing()
        pointed = {"sha": sha, "type": "commit", "url": f"{place.api}/git/commits/{sha}"}
        return {"ref": ref, "node_id": "R", "url": f"{place.api}/git/{ref}", "object": pointed}

    def _list(self, req: Req, full_name: str) -> Reply:
        place, _ = self._place(req, full_name, pull_requests="read")
        asked = {name: values[-1] for name, values in req.query.items()}
        state, head, base = asked.get("state", "open"), asked.get("head", ""), asked.get("base", "")
        rows = [pull for pull in reversed(place.pulls) if state in {"all", pull.state}]
        if ":" in head:  # without an owner the filter is ignored, as it is there
            rows = [pull for pull in rows if f"{place.owner}:{pull.head}" == head]
        return self.paged(req, [place.pull_as_json(pull) for pull in rows if base in {"", pull.base}])

    def _open(self, req: Req, full_name: str) -> Reply:
        place, grant = self._place(req, full_name, pull_requests="write")
        body = req.json()
        head, base = body["head"].removeprefix(f"{place.owner}:"), body["base"]
        if not body.get("title"):
            raise invalid("PullRequest", code="missing_field", field="title")
        for end, name in (("head", head), ("base", base)):
            if not place.branch(name):
                raise invalid("PullRequest", code="invalid", field=end)
        if any(pull.state == "open" and (pull.head, pull.base) == (head, base) for pull in place.pulls):
            raise invalid("PullRequest", f"A pull request already exists for {place.owner}:{head}.")
        if not place.repo.commits_between(place.branch(base), place.branch(head)):
            raise invalid("PullRequest", f"No commits between {base} and {head}")
        number = 1 + max([12, *(pull.number for pull in place.pulls)])
        pull = Pull(
            number, body["title"], body.get("body") or "", head, base, grant.login, body.get("draft", False)
        )
        place.pulls.append(pull)
        return Reply(201, place.pull_as_json(pull))

    def _pull(self, req: Req, full_name: str, number: str) -> Any:
        place, _ = self._place(req, full_name, pull_requests="read")
        return place.pull_as_json(self._one(place, number))

    def _edit(self, req: Req, full_name: str, number: str) -> Any:
        place, _ = self._place(req, full_name, pull_requests="write")
        pull, body = self._one(place, number), req.json()
        pull.title, pull.body = body.get("title", pull.title), body.get("body", pull.body)
        if body.get("state") == "closed":
            self.close(place, pull)
        return place.pull_as_json(pull)

    def close(self, place: Place, pull: Pull) -> None:
        """Closed without merging."""
        pull.last_sha, pull.state = place.head_of(pull), "closed"

    def _merge(self, req: Req, full_name: str, number: str) -> Any:
        place, _ = self._place(req, full_name, contents="write")
        pull, body = self._one(place, number), req.json() if req.body else {}
        if place.unmergeable or pull.state != "open" or pull.draft:
            raise Reply(405, {"message": place.unmergeable or "Pull Request is not mergeable", "status": "405"})
        head = place.head_of(pull)
        if body.get("sha", head) != head:
            raise Reply(
                409, {"message": "Head branch was modified. Review and try the merge again.", "status": "409"}
            )
        made = self.merge(place, pull)
        return {"sha": made, "merged": True, "message": "Pull Request successfully merged"}

    def merge(self, place: Place, pull: Pull) -> str:
        """Merged, by the button or by somebody else's."""
        head = place.head_of(pull)
        made = place.repo.merge(f"refs/heads/{pull.base}", head, f"Merge pull request #{pull.number}")
        pull.last_sha, pull.state, pull.merged_as = head, "closed", made
        return made

    def _comments(self, req: Req, full_name: str, number: str) -> Reply:
        place, _ = self._place(req, full_name, pull_requests="read")
        return self.paged(req, self._one(place, number).comments)

    def _comment(self, req: Req, full_name: str, number: str) -> Reply:
        place, grant = self._place(req, full_name, pull_requests="write")
        pull, text = self._one(place, number), req.json()["body"]
        if not text.strip() or len(text) > 65_536:
            raise invalid("IssueComment", "body is too long (maximum is 65536 characters)", field="body")
        made = {
            "id": place.id * 10_000 + sum(len(one.comments) for one in place.pulls) + 1,
            "body": text,
            "user": {"login": grant.login, "id": 2, "type": "User"},
            "author_association": "MEMBER",
            "url": f"{place.api}/issues/comments/{len(pull.comments)}",
            "html_url": f"{self.url}/{place.name}/pull/{pull.number}#issuecomment-{len(pull.comments)}",
        }
        pull.comments.append(made)
        return Reply(201, made)

    def _label(self, req: Req, full_name: str, number: str) -> Any:
        place, _ = self._place(req, full_name, pull_requests="write")
        pull, body = self._one(place, number), req.json()
        names = body if isinstance(body, list) else body["labels"]
        pull.labels += [name for name in names if name not in pull.labels]
        return [{"id": at, "name": name, "color": "ededed"} for at, name in enumerate(pull.labels)]

    def _check_runs(self, req: Req, full_name: str, ref: str) -> Any:
        place, _ = self._place(req, full_name, checks="read")
        runs = place.check_runs.get(ref, [])
        return {"total_count": len(runs), "check_runs": runs}

    def _status(self, req: Req, full_name: str, ref: str) -> Any:
        place, _ = self._place(req, full_name, statuses="read")
        return {"state": "pending", "sha": ref, "statuses": place.statuses.get(ref, []), "total_count": 0}
