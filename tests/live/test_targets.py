"""The contract of every target on real accounts: what is made there is taken away at the end.

Set the variables that a class names, and run `pytest -m live tests/live`.
"""

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from github import Auth, Github, GithubException

from config import env
from integrations.contracts import Landed, Listing, Marked, Outgoing, Target
from integrations.github.target import GitHubTarget
from integrations.mail.mailbox import Mailbox
from integrations.mail.target import MailTarget
from integrations.notion.target import NotionTarget
from integrations.slack.client import SlackApi
from integrations.slack.connect import SlackConnectTarget
from integrations.slack.target import SlackTarget
from tests.integrations.branches.patches import as_patch
from tests.integrations.target_contract import OnThisMachine, TargetContract, out_file
from tests.live.conftest import given

pytestmark = pytest.mark.live

ARRIVES_SECONDS = 120.0


class Patient:
    """A target that looks for longer: a search of the real service may lag behind what was made."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.slug, self.kinds, self.lag_seconds = target.slug, target.kinds, target.lag_seconds

    def deliver(self, outgoing: Outgoing) -> Landed:
        """As it does."""
        return self.target.deliver(outgoing)

    def find(self, outgoing: Outgoing) -> Landed | None:
        """What is there by the end of its lag."""
        ends = time.monotonic() + self.lag_seconds
        while (found := self.target.find(outgoing)) is None and time.monotonic() < ends:
            time.sleep(0.5)
        return found


class LiveContract(OnThisMachine, TargetContract):
    """Each test has a job of its own, by which its effects are told from others; none fails on demand."""

    @pytest.fixture(autouse=True)
    def job(self, world: None) -> Iterator[None]:
        self.began = datetime.now(UTC) - timedelta(minutes=5)
        self.uid = str(uuid.uuid4())
        self.open_account()
        yield
        self.take_away()

    def open_account(self) -> None:
        """Read what the environment gives; skip where it gives nothing."""
        raise NotImplementedError

    def target(self) -> Target:
        """The target itself."""
        raise NotImplementedError

    def take_away(self) -> None:
        """Leave the account as it was found."""
        raise NotImplementedError

    def make(self) -> Any:
        return Patient(self.target())

    def mine(self) -> list[Marked]:
        """What of this test is there."""
        target = self.target()
        assert isinstance(target, Listing)
        return [one for one in target.listing(self.began) if one.key.startswith(f"{self.uid}:")]

    def effects(self) -> int:
        return len({one.external_id for one in self.mine()})

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        own = {"job_uid": self.uid, "created_at": datetime.now(UTC)}
        return super().outgoing(f"{self.uid}:{key.partition(':')[2]}", **own | changes)

    def test_what_is_there_is_listed_by_its_key(self) -> None:
        landed = self.make().deliver(self.outgoing())
        assert [(one.key, one.external_id) for one in self.mine()] == [(self.outgoing().key, landed.external_id)]


class TestNotion(LiveContract):
    """LIVE_NOTION_TOKEN, and LIVE_NOTION_DATA_SOURCE: one for briefs, with its columns."""

    kind = "brief"

    def open_account(self) -> None:
        self.token, self.source = given("LIVE_NOTION_TOKEN", "LIVE_NOTION_DATA_SOURCE")

    def target(self, **changes: Any) -> NotionTarget:
        values = {"token": self.token, "data_source": self.source, "site": "https://desk.example.com"}
        base = os.environ.get("LIVE_NOTION_BASE_URL", "https://api.notion.com")
        return NotionTarget(**{**values, "base_url": base, **changes})

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        parts = super().outgoing(key).key.split(":")
        return super().outgoing(key, card=":".join(parts[:2] + parts[3:]), **changes)

    def refused_for_good(self) -> tuple[Target, Outgoing]:
        return self.target(), self.outgoing(files=[out_file(b"x" * 300_000)])

    def take_away(self) -> None:
        for one in self.mine():
            self.target().withdraw(one)


class TestSlack(LiveContract):
    """LIVE_SLACK_BOT_TOKEN, and LIVE_SLACK_CHANNEL: the id of a channel that the app is in."""

    kind = "notice"
    fields = {"text": "Nightdesk tries its contract."}

    def open_account(self) -> None:
        self.token, self.channel = given("LIVE_SLACK_BOT_TOKEN", "LIVE_SLACK_CHANNEL")
        self.base_url = os.environ.get("LIVE_SLACK_BASE_URL", "https://slack.com/api")

    def target(self) -> SlackTarget:
        return SlackTarget(self.token, self.channel, self.base_url)

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        if changes.get("files") == []:
            changes["fields"] = {}
        return super().outgoing(key, **changes)

    def refused_for_good(self) -> tuple[Target, Outgoing]:
        return SlackTarget(self.token, "C0NOWHERE", self.base_url), self.outgoing()

    def take_away(self) -> None:
        api = SlackApi(self.token, self.base_url)
        for one in self.mine():
            channel, _, ts = one.external_id.partition(":")
            api.act("chat.delete", channel=channel, ts=ts)


class TestSlackConnect(LiveContract):
    """LIVE_SLACK_BOT_TOKEN, and LIVE_SLACK_CHANNEL: as a client's, it needs users.conversations too."""

    kind = "client_message"

    def open_account(self) -> None:
        self.token, self.channel = given("LIVE_SLACK_BOT_TOKEN", "LIVE_SLACK_CHANNEL")
        self.base_url = os.environ.get("LIVE_SLACK_BASE_URL", "https://slack.com/api")
        self.fields = {"to": [self.channel], "subject": "Nightdesk tries its contract"}

    def target(self) -> SlackConnectTarget:
        return SlackConnectTarget(self.token, base_url=self.base_url)

    def refused_for_good(self) -> tuple[Target, Outgoing]:
        return self.target(), self.outgoing(fields={"to": ["C0NOWHERE"]})

    def take_away(self) -> None:
        api = SlackApi(self.token, self.base_url)
        for one in self.mine():
            channel, _, ts = one.external_id.partition(":")
            api.act("chat.delete", channel=channel, ts=ts)


class TestGitHub(LiveContract):
    """LIVE_GITHUB_TOKEN, and LIVE_GITHUB_REPOSITORY: owner/name of one that may be written to."""

    kind = "branch"

    def open_account(self) -> None:
        self.token, self.name = given("LIVE_GITHUB_TOKEN", "LIVE_GITHUB_REPOSITORY")
        self.base_url = os.environ.get("LIVE_GITHUB_BASE_URL", "https://api.github.com")
        with self.api() as api:
            repository = api.get_repo(self.name)
            self.base = repository.get_branch(repository.default_branch).commit.sha
        self.jobs: set[str] = set()

    def api(self) -> Github:
        return Github(auth=Auth.Token(self.token), base_url=self.base_url, api_version="2022-11-28")

    def target(self) -> GitHubTarget:
        site = self.base_url.replace("://api.", "://")
        return GitHubTarget(
            repositories={"shop": f"{site}/{self.name}.git"},
            workdir=Path(self.folder) / "work",
            token=self.token,
            base_url=self.base_url,
        )

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        told = {"repository": "shop", "base_sha": self.base, "message": "Try the contract"}
        uid = str(uuid.uuid5(uuid.UUID(self.uid), key))
        self.jobs.add(uid)
        files = [as_patch(file) for file in changes.pop("files", [out_file()])]
        return super().outgoing(key, **{"fields": told, "job_uid": uid, "files": files, **changes})

    def refused_for_good(self) -> tuple[Target, Outgoing]:
        return self.target(), self.outgoing(fields={"repository": "attic", "base_sha": self.base})

    def take_away(self) -> None:
        with self.api() as api:
            repository = api.get_repo(self.name)
            for uid in self.jobs:
                head = f"{self.name.partition('/')[0]}:agent/{uid}"
                for pull in repository.get_pulls(state="open", head=head):
                    pull.edit(state="closed")
                with contextlib.suppress(GithubException):
                    repository.get_git_ref(f"heads/agent/{uid}").delete()


def test_a_mail_is_sent_and_arrives(settings: Any) -> None:
    """LIVE_EMAIL_URL, LIVE_MAIL_FROM, and LIVE_IMAP_URL: the mailbox of that address, to which the mail goes."""
    _, sender, imap = given("LIVE_EMAIL_URL", "LIVE_MAIL_FROM", "LIVE_IMAP_URL")
    settings.EMAIL_PROVIDER, settings.EMAIL_BACKEND = "", "integrations.mail.smtp.EmailBackend"
    for name, value in env.mail_server("LIVE_EMAIL_URL").items():
        setattr(settings, name, value)
    subject = f"Nightdesk tries its contract ({uuid.uuid4()})"
    letter = Outgoing(
        key=f"{uuid.uuid4()}:1:0:1",
        kind="client_message",
        job_uid=str(uuid.uuid4()),
        fields={"to": [sender], "subject": subject},
        files=[out_file()],
        created_at=datetime.now(UTC),
    )
    assert MailTarget(sender=sender).deliver(letter).external_id.startswith("<")
    ends = time.monotonic() + ARRIVES_SECONDS
    while True:
        with Mailbox(url=imap).visit() as visit:
            if visit.take_away(subject):
                return
        assert time.monotonic() < ends, "it did not arrive"
        time.sleep(1)
