"""Deliveries of GitHub's."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

import pytest

from integrations.contracts import Incoming, Malformed, RawRequest
from integrations.github.source import GitHubSource
from tests.integrations.source_contract import NOW, SourceContract

SECRET = "It's a Secret to Everybody"
REPOSITORY = {"id": 1, "full_name": "Acme/widgets", "private": True}
ISSUE: dict[str, Any] = {
    "action": "labeled",
    "issue": {
        "number": 42,
        "title": "Menu page is slow",
        "body": "It takes 9 s.",
        "html_url": "https://github.com/Acme/widgets/issues/42",
        "author_association": "MEMBER",
        "user": {"login": "marta", "type": "User"},
        "labels": [{"name": "bug"}, {"name": "Nightdesk"}],
        "state": "open",
    },
    "label": {"id": 9, "name": "Nightdesk"},
    "repository": REPOSITORY,
    "sender": {"login": "tom", "type": "User"},
}
CHANGE: dict[str, Any] = {
    "action": "opened",
    "number": 7,
    "pull_request": {
        **ISSUE["issue"],
        "number": 7,
        "title": "Cache the menu",
        "body": None,
        "draft": False,
        "head": {"ref": "cache", "sha": "a" * 40, "repo": {"id": 2, "full_name": "tom/widgets"}},
        "base": {"ref": "main", "sha": "b" * 40, "repo": REPOSITORY},
    },
    "repository": REPOSITORY,
    "sender": {"login": "tom", "type": "User"},
}


class TestGitHub(SourceContract):
    source = GitHubSource()
    limit = 25_000_000
    secrets = [SECRET, "the next one"]
    proof = ("x-hub-signature-256",)
    good_body = json.dumps(ISSUE).encode()
    timestamped = False
    wrong_schemes = [
        ("x-hub-signature-256", f"{scheme}={{proof}}") for scheme in ("sha1", "sha512", "SHA256", "v1")
    ]

    def request(
        self,
        body: bytes | None = None,
        *,
        event: str = "evt-1",
        at: datetime = NOW,
        secret: str | None = None,
        kind: str = "issues",
    ) -> RawRequest:
        content = self.good_body if body is None else body
        digest = hmac.new((secret or SECRET).encode(), content, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-github-event": kind,
            "x-github-delivery": event,
            "x-hub-signature-256": f"sha256={digest}",
        }
        return RawRequest("POST", "/hooks/github/", headers, content)

    def read(self, payload: dict[str, Any], kind: str) -> Incoming:
        return self.source.parse(self.request(json.dumps(payload).encode(), kind=kind))

    def test_the_published_vector_is_believed(self) -> None:
        published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        request = RawRequest("POST", "/", {"x-hub-signature-256": published}, b"Hello, World!")
        assert self.accepts(request, secrets=["It's a Secret to Everybody"])

    def test_an_empty_secret_is_no_secret(self) -> None:
        digest = hmac.new(b"", self.good_body, hashlib.sha256).hexdigest()
        request = RawRequest("POST", "/", {"x-hub-signature-256": f"sha256={digest}"}, self.good_body)
        assert not self.accepts(request, secrets=[""])

    def test_the_old_signature_alone_is_no_proof(self) -> None:
        digest = hmac.new(SECRET.encode(), self.good_body, hashlib.sha1).hexdigest()
        request = RawRequest("POST", "/", {"x-hub-signature": f"sha1={digest}"}, self.good_body)
        assert not self.accepts(request)

    def test_a_labelled_issue_is_read(self) -> None:
        incoming = self.read(ISSUE, "issues")
        assert (incoming.kind, incoming.external_id, incoming.sender) == ("issues.labeled", "evt-1", "tom")
        assert incoming.summary == "Acme/widgets#42: Menu page is slow"
        assert incoming.data["text"] == "Menu page is slow\n\nIt takes 9 s."
        expected = {"label": "Nightdesk", "labels": ["bug", "Nightdesk"], "author": "marta", "number": 42}
        assert incoming.data.items() >= expected.items()

    def test_an_opened_pull_request_is_read(self) -> None:
        data = self.read(CHANGE, "pull_request").data
        expected = {"number": 7, "head_branch": "cache", "base_branch": "main", "from_fork": True, "body": ""}
        assert data.items() >= expected.items()

    def test_long_texts_are_bounded(self) -> None:
        payload = {**ISSUE, "issue": {**ISSUE["issue"], "body": "x" * 200_000, "labels": [{"name": "l"}] * 999}}
        data = self.read(payload, "issues").data
        assert len(data["body"]) == 20_000
        assert len(data["labels"]) == 50

    def test_a_ping_and_unknown_events_are_kept_and_open_nothing(self) -> None:
        ping = self.read({"zen": "Keep it simple.", "hook_id": 1, "repository": REPOSITORY}, "ping")
        assert (ping.kind, ping.summary) == ("ping", "Acme/widgets: ping; Keep it simple.")
        other = self.read({"action": "risen", "repository": REPOSITORY}, "moon_v2")
        assert other.kind == "moon_v2.risen"
        for event in ("issues.labeled", "pull_request.opened"):
            assert not self.source.matches(ping, {"event": event})
            assert not self.source.matches(other, {"event": event})

    def test_a_body_that_is_another_event_is_kept_and_meets_no_rule(self) -> None:
        for payload, kind in [(ISSUE, "pull_request"), (CHANGE, "issues"), ({**ISSUE, "issue": 1}, "issues")]:
            incoming = self.read(payload, kind)
            assert incoming.kind == f"{kind}.{payload['action']}"
            assert not self.source.matches(incoming, {"event": "issues.labeled", "label": "bug"})

    def test_a_push_of_thousands_of_commits_is_read(self) -> None:
        commits = [{"id": str(number), "added": ["a"] * 20, "message": "m"} for number in range(2_048)]
        payload = {"ref": "refs/heads/main", "commits": commits, "head_commit": commits[-1]}
        assert self.read(payload, "push").data["branch"] == "main"

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("x-github-event", ""),
            ("x-github-event", "Issues\n"),
            ("x-github-delivery", ""),
            ("x-github-delivery", "a,b"),
            ("content-type", "application/x-www-form-urlencoded"),
        ],
    )
    def test_unreadable_headers_are_refused(self, header: str, value: str) -> None:
        request = self.request()
        headers = {**request.headers, header: value}
        with pytest.raises(Malformed):
            self.source.parse(RawRequest("POST", "/", headers, request.body))

    def test_strangers_open_nothing_by_default(self) -> None:
        for association in ("NONE", "CONTRIBUTOR", "FIRST_TIMER", "something new"):
            payload = {**ISSUE, "issue": {**ISSUE["issue"], "author_association": association}}
            assert not self.source.matches(self.read(payload, "issues"), {"event": "issues.labeled"})
        assert self.source.matches(self.read(ISSUE, "issues"), {"event": "issues.labeled"})

    def test_what_we_did_ourselves_opens_nothing(self) -> None:
        wanted = {"event": "pull_request.opened", "label": "BUG"}
        assert self.source.matches(self.read(CHANGE, "pull_request"), wanted)
        change = CHANGE["pull_request"]
        ours = {**CHANGE, "pull_request": {**change, "head": {**change["head"], "ref": "agent/3f2a9c1e"}}}
        assert not self.source.matches(self.read(ours, "pull_request"), wanted)
        tom = GitHubSource(own_logins=["Tom"])
        incoming = tom.parse(self.request(json.dumps(CHANGE).encode(), kind="pull_request"))
        assert "tom" in incoming.ignored
        assert not tom.matches(incoming, wanted)

    def test_conditions_read_as_a_sentence(self) -> None:
        sentence = self.source.check_conditions({"event": "issues.labeled", "label": "Nightdesk"})
        assert sentence == (
            "An issue gets the label Nightdesk in any repository,"
            " written by: the owner, members of the organisation, collaborators."
        )
