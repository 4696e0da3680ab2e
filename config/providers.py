"""What each provider is made with, read from the environment: one function a provider, in one list.

A connected provider takes over the kinds of effect that it names; without any, everything stays on this machine.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import env
from integrations.slack.conditions import is_channel, is_user
from integrations.slack.source import ANYBODY

Options = dict[str, Any]


@dataclass(frozen=True)
class House:
    """What every provider may need to know of this installation."""

    base_url: str
    var: Path
    mail_from: str
    repositories: dict[str, str]


@dataclass(frozen=True)
class Wish:
    """What a target wants to be told of: names of events, with * for any ending, :kind for reviews of one kind.

    `cards` are "job" and "review": it shows one message of each and brings it up to date. Without, it is told each
    event by itself.
    """

    events: tuple[str, ...]
    cards: tuple[str, ...] = ()
    digest: bool = False  # the night, at the owner's hour


@dataclass(frozen=True)
class Wiring:
    """What one provider brings along; None where it has no such half, or is not connected."""

    source: Options | None = None
    secrets: list[str] = field(default_factory=list)  # several while one is being changed
    target: Options | None = None
    delivers: tuple[str, ...] = ()  # kinds of effect
    gap_finder: Options | None = None
    probe: Options | None = None
    notices: Wish | None = None  # only where there is a target
    desk: Options | None = None  # what a provider's own door needs, where people write and decide


def wire(house: House) -> dict[str, Wiring]:
    """Provider name -> what it brings along."""
    return {read.__name__: read(house) for read in PROVIDERS}


def folder(house: House) -> Wiring:
    """Documents as files, in a folder or an S3 bucket."""
    root = env.text("NIGHTDESK_FOLDER") or str(house.var / "folder")
    target = {
        "root": root,
        "options": bucket(env.text("NIGHTDESK_FOLDER_KEY")) if root.startswith("s3://") else {},
        "pages": f"{house.base_url}/jobs/",
    }
    return Wiring(target=target, delivers=("document",))


def git(house: House) -> Wiring:
    """Branches to any git remote, by an address that may write where it differs from the one that reads."""
    pushed = house.repositories | env.mapping("NIGHTDESK_PUSH_REPOSITORIES", known=house.repositories)
    return Wiring(target={"repositories": pushed, "workdir": house.var / "git"}, delivers=("branch",))


def mail(house: House) -> Wiring:
    """Messages by Django's mail, which EMAIL_URL leads to a server or into files."""
    return Wiring(target={"sender": house.mail_from}, delivers=("client_message",))


def owner(house: House) -> Wiring:
    """Nightdesk's own mail to its owner: the night's digest, and alarms."""
    to = env.listing("OWNER_MAIL")
    wish = Wish(events=("review.opened:alarm",), digest=True)
    return Wiring(target={"sender": house.mail_from, "to": to} if to else None, notices=wish)


def github(house: House) -> Wiring:
    """GitHub's events, and its API, asked for what a hook of these repositories could not deliver."""
    token, hooks = env.text("GITHUB_TOKEN"), env.listing("GITHUB_HOOKS")
    gaps = {
        "token": token,
        "owners": hooks,
        "address": f"{house.base_url}/hooks/github/",
        "base_url": env.address("GITHUB_BASE_URL", "https://api.github.com"),
    }
    return Wiring(
        source={"own_logins": env.listing("GITHUB_LOGIN")},
        secrets=env.listing("GITHUB_WEBHOOK_SECRET"),
        gap_finder=gaps if token and hooks else None,
    )


def slack(house: House) -> Wiring:
    """What people write in Slack, for work that the people named may ask for."""
    channel = env.text("SLACK_CHANNEL")
    if channel and not is_channel(channel):
        raise env.BadSetting(f"SLACK_CHANNEL is {channel!r}: write the channel's id, as in C0123ABCD, not its name")
    base_url = env.address("SLACK_BASE_URL", "https://slack.com/api")
    users = env.listing("SLACK_USERS")
    if wrong := [one for one in users if one != ANYBODY and not is_user(one)]:
        raise env.BadSetting(f"SLACK_USERS names {wrong[0]!r}: write people's ids, as in U0123ABCD, or {ANYBODY}")
    return Wiring(
        source={"users": users, "channel": channel},
        secrets=env.listing("SLACK_SIGNING_SECRET"),
        desk={"app_token": env.text("SLACK_APP_TOKEN"), "base_url": base_url},
    )


def bucket(key: str) -> Options:
    """What django-storages' S3Storage is made with beside the bucket's name; `key` is id:secret.

    Without a key, boto3 looks where it always does: AWS_ variables, a role of the machine.
    """
    identity, mark, secret = key.partition(":")
    if key and not (identity and mark and secret):
        raise env.BadSetting("The key of a bucket is its id and its secret: write id:secret")
    options = {
        "endpoint_url": env.address("NIGHTDESK_BUCKETS_URL"),
        "region_name": env.text("NIGHTDESK_BUCKETS_REGION"),
        "access_key": identity,
        "secret_key": secret,
    }
    return {name: value for name, value in options.items() if value}


PROVIDERS: list[Callable[[House], Wiring]] = [folder, git, mail, owner, github, slack]


def sources(wired: dict[str, Wiring]) -> dict[str, Options]:
    """What each source is made with."""
    return {name: wiring.source for name, wiring in wired.items() if wiring.source is not None}


def secrets(wired: dict[str, Wiring]) -> dict[str, list[str]]:
    """What proves the sender of each source that has one secret for all its rules."""
    return {name: wiring.secrets for name, wiring in wired.items() if wiring.source is not None}


def targets(wired: dict[str, Wiring]) -> dict[str, Options]:
    """What each target is made with."""
    return {name: wiring.target for name, wiring in wired.items() if wiring.target is not None}


def delivered_by(wired: dict[str, Wiring]) -> dict[str, str]:
    """Kind of effect -> target; of several, the last that is connected."""
    made = targets(wired)
    return {kind: name for name, wiring in wired.items() if name in made for kind in wiring.delivers}


def gap_finders(wired: dict[str, Wiring]) -> dict[str, Options]:
    """Who can be asked for what did not arrive, and what each is made with."""
    return {name: wiring.gap_finder for name, wiring in wired.items() if wiring.gap_finder is not None}


def probes(wired: dict[str, Wiring]) -> dict[str, Options]:
    """Who can say whether it can be worked with, and what each is made with."""
    return {name: wiring.probe for name, wiring in wired.items() if wiring.probe is not None}


def desks(wired: dict[str, Wiring]) -> dict[str, Options]:
    """Where people write and decide beside the pages, and what each is made with."""
    return {name: wiring.desk for name, wiring in wired.items() if wiring.desk is not None}


def notices(wired: dict[str, Wiring]) -> dict[str, dict[str, Any]]:
    """Target -> the events that it is told of, the cards that it shows, and whether it gets the night's digest."""
    wishes = {
        name: wiring.notices for name, wiring in wired.items() if wiring.notices and wiring.target is not None
    }
    return {
        name: {"events": [*wish.events], "cards": [*wish.cards], "digest": wish.digest}
        for name, wish in wishes.items()
    }
