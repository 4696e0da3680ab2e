"""Notion, GitHub, Slack and a mail server in a process of their own, each of which keeps a fifth of its answers.

What they are asked for they do; then, by chance, they hang up. At the end they say what is there.
"""

import asyncio
import contextlib
import multiprocessing
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.emulators.github import TOKEN as GITHUB_TOKEN
from tests.emulators.github import GitHubEmulator
from tests.emulators.kit import Emu, Fault, Req
from tests.emulators.notion import TOKEN as NOTION_TOKEN
from tests.emulators.notion import NotionEmulator
from tests.emulators.slack import TOKEN as SLACK_TOKEN
from tests.emulators.slack import SlackEmulator
from tests.integrations.mail.conftest import LocalController, Post
from tests.repositories import Owned

LOST = 0.2
HUB, CHANNEL = "acme/hub", "C1"


@dataclass
class Found:
    """What is there at the end. `lost` are the answers that each place kept to itself."""

    rows: list[str]  # ids of pages
    pulls: list[tuple[str, str]]  # branch and head of each pull request
    updates: list[str]  # each ref that was pushed to, as often as it was
    messages: list[str]  # the card of each message
    mails: list[str]  # each Message-ID, as often as it came
    lost: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)  # what a place was asked for and does not allow


class Forgetful(Emu):
    """Does what changes something, and then loses a fifth of the answers to it."""

    writes: ClassVar[re.Pattern[str]]
    lost = 0

    def __init__(self) -> None:
        self.chance = random.Random(7)
        super().__init__()

    def take_fault(self, req: Req) -> Fault | None:
        asked = f"{req.method} {req.path}"
        if self.writes.search(asked) and self.chance.random() < LOST:
            self.lost += 1
            return Fault(match=self.writes, kind="lost", times=0, options={})
        return super().take_fault(req)


class Notion(Forgetful, NotionEmulator):
    writes = re.compile("^(POST /v1/pages$|PATCH )")


class GitHub(Forgetful, GitHubEmulator):
    writes = re.compile("^POST .*(/pulls|/labels|/comments|/git-receive-pack)$")


class Slack(Forgetful, SlackEmulator):
    writes = re.compile("^POST /api/chat[.](postMessage|update)$")


class Mails(Post):
    """Takes every mail, and hangs up on a fifth of those who sent one."""

    def __init__(self) -> None:
        super().__init__()
        self.chance, self.lost = random.Random(7), 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        if self.chance.random() < LOST:
            self.lost += 1
            transport: Any = server.transport
            transport.abort()
            await asyncio.sleep(0)
        return "250 OK"


@dataclass
class Places:
    """The other side of the process: `settings` lead a house there."""

    settings: dict[str, str]
    _wire: "Connection[str, Any]"

    def found(self) -> Found:
        """What is there now."""
        self._wire.send("look")
        assert self._wire.poll(60), "the places do not answer"
        told: Found = self._wire.recv()
        return told


@contextlib.contextmanager
def places(hub: Path) -> Iterator[Places]:
    """All of them, with the repository of an owner in this folder as acme/hub."""
    apart = multiprocessing.get_context("spawn")
    here, there = apart.Pipe()
    process = apart.Process(target=_serve, args=(there, hub), daemon=True)
    process.start()
    try:
        assert here.poll(60), "the places did not open"
        yield Places(here.recv(), here)
    finally:
        process.terminate()
        process.join(timeout=10)


def _serve(wire: "Connection[Any, str]", hub: Path) -> None:
    notion, github, slack, mails = Notion().start(), GitHub().start(), Slack().start(), Mails()
    columns = {"External_ID": "rich_text", "Digest": "rich_text", "State": "status", "Client": "rich_text"}
    source, owned = notion.add_source(**columns, Job="url"), Owned(hub)
    place = github.add_repository(HUB, owned)
    channel = slack.add_channel(CHANNEL)
    controller = LocalController(mails, hostname="127.0.0.1", port=0)
    controller.start()
    wire.send(
        {
            "NOTION_TOKEN": NOTION_TOKEN,
            "NOTION_DATA_SOURCE": source,
            "NOTION_BASE_URL": notion.url,
            "GITHUB_TOKEN": GITHUB_TOKEN,
            "GITHUB_BASE_URL": github.url,
            "GITHUB_PAUSE": "0s",
            "SLACK_BOT_TOKEN": SLACK_TOKEN,
            "SLACK_CHANNEL": CHANNEL,
            "SLACK_BASE_URL": slack.base_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{controller.port}",
        }
    )
    while wire.recv() == "look":
        counted = {"notion": notion.lost, "github": github.lost, "slack": slack.lost, "mail": mails.lost}
        wire.send(
            Found(
                rows=[page.id for page in notion.rows(source)],
                pulls=[(pull.head, place.head_of(pull)) for pull in place.pulls],
                updates=owned.updates(),
                messages=[one["metadata"]["event_payload"]["card"] for one in channel.messages],
                mails=[str(_content(envelope)["Message-ID"]) for envelope in mails.taken],
                lost=counted,
                wrong=[*notion.bugs(), *github.bugs(), *slack.bugs(), *place.repo.refused],
            )
        )


def _content(envelope: Envelope) -> Any:
    assert isinstance(envelope.content, bytes)
    return message_from_bytes(envelope.content)
