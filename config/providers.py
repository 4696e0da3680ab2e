"""What each provider is made with, read from the environment: one function a provider, in one list.

A connected provider takes over the kinds of effect that it names; without any, everything stays on this machine.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parseaddr
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
    places: dict[str, Options] = field(default_factory=dict)  # of a provider with several targets, each by its name
    delivers: tuple[str, ...] = ()  # kinds of effect
    gap_finder: Options | None = None
    probe: Options | None = None
    notices: Wish | None = None  # only where there is a target
    desk: Options | None = None  # what a provider's own door needs, where people write and decide
    listener: str = ""  # the command that takes in what comes by a connection opened from here


def wire(house: House) -> dict[str, Wiring]:
    """Provider name -> what it brings along."""
    return {read.__name__: read(house) for read in PROVIDERS}


def folder(house: House) -> Wiring:
    """Documents and briefs as files."""
    return Wiring(target={"root": house.var / "folder"}, delivers=("document", "brief"))


def git(house: House) -> Wiring:
    """Branches to any git remote, by an address that may write where it differs from the one that reads."""
    pushed = house.repositories | env.mapping("NIGHTDESK_PUSH_REPOSITORIES", known=house.repositories)
    return Wiring(target={"repositories": pushed, "workdir": house.var / "git"}, delivers=("branch",))


def mail(house: House) -> Wiring:
    """Mail in by the webhooks of providers, and out by Django's mail: EMAIL_URL leads to a server or into files."""
    answers = env.text("MAIL_REPLY_TO")
    own = {parseaddr(address)[1] for address in (house.mail_from, answers)} - {""}
    return Wiring(
        source={"own": sorted(own), "authserv_ids": env.listing("MAIL_AUTHSERV_ID")},
        secrets=env.listing("ANYMAIL_WEBHOOK_SECRET"),
        target={"sender": house.mail_from},
        delivers=("client_message",),
    )


def anymail() -> dict[str, Any]:
    """What django-anymail is told of e-mail providers, without what is not set.

    Its own names: https://anymail.dev/en/stable/esps/ (the topics of Amazon SES are ours).
    """
    given = {
        "WEBHOOK_SECRET": env.listing("ANYMAIL_WEBHOOK_SECRET"),
        "AMAZON_SES_TOPIC_ARNS": env.listing("ANYMAIL_AMAZON_SES_TOPIC_ARNS"),
        "BREVO_API_KEY": env.text("ANYMAIL_BREVO_API_KEY"),
        "BREVO_API_URL": env.address("ANYMAIL_BREVO_API_URL"),
        "MAILERSEND_INBOUND_SECRET": env.text("ANYMAIL_MAILERSEND_INBOUND_SECRET"),
        "MAILGUN_WEBHOOK_SIGNING_KEY": env.text("ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY"),
        "MAILTRAP_API_TOKEN": env.text("ANYMAIL_MAILTRAP_API_TOKEN"),
        "MAILTRAP_API_URL": env.address("ANYMAIL_MAILTRAP_API_URL"),
        "MAILTRAP_INBOUND_SECRET": env.text("ANYMAIL_MAILTRAP_INBOUND_SECRET"),
        "MANDRILL_WEBHOOK_KEY": env.text("ANYMAIL_MANDRILL_WEBHOOK_KEY"),
        "POSTAL_WEBHOOK_KEY": env.text("ANYMAIL_POSTAL_WEBHOOK_KEY"),
        "RESEND_API_KEY": env.text("ANYMAIL_RESEND_API_KEY"),
        "RESEND_API_URL": env.address("ANYMAIL_RESEND_API_URL"),
        "RESEND_INBOUND_SECRET": env.text("ANYMAIL_RESEND_INBOUND_SECRET"),
    }
    return {name: value for name, value in given.items() if value}


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


# What changes a message there; a delivery that arrived is worth its link.
_SLACK_TELLS = Wish(
    events=(
        *("job.opened", "job.planned", "job.asked", "job.answered", "job.needs_review", "job.resumed"),
        *("job.completed", "job.failed", "job.retried", "job.cancelled"),
        *("review.*", "delivery.delivered"),
    ),
    cards=("job", "review"),
    digest=True,
)


def slack(house: House) -> Wiring:
    """What people ask for in Slack, a message there for each job and decision, and who may decide."""
    channel = env.text("SLACK_CHANNEL")
    if channel and not is_channel(channel):
        raise env.BadSetting(f"SLACK_CHANNEL is {channel!r}: write the channel's id, as in C0123ABCD, not its name")
    users, approvers = env.listing("SLACK_USERS"), env.mapping("SLACK_APPROVERS")
    if wrong := [one for one in (*users, *approvers) if one != ANYBODY and not is_user(one)]:
        raise env.BadSetting(f"Of Slack, {wrong[0]!r} is named: write people's ids, as in U0123ABCD")
    token = env.text("SLACK_BOT_TOKEN")
    reached = {"token": token, "base_url": env.address("SLACK_BASE_URL", "https://slack.com/api")}
    is_connected = bool(channel) and env.is_held("SLACK_BOT_TOKEN")
    return Wiring(
        source={"users": sorted({*users, *approvers}), "channel": channel},
        secrets=env.listing("SLACK_SIGNING_SECRET"),
        target={**reached, "channel": channel} if is_connected else None,
        notices=_SLACK_TELLS,
        probe={**reached, "channel": channel} if is_connected else None,
        desk={**reached, "app_token": env.text("SLACK_APP_TOKEN"), "approvers": approvers},
        listener="slack_socket" if env.is_held("SLACK_APP_TOKEN") else "",
    )


def notion(house: House) -> Wiring:
    """Notion: briefs as rows of the owner's data source."""
    connected, data_source = env.is_held("NOTION_TOKEN"), env.text("NOTION_DATA_SOURCE")
    options = {
        "token": env.text("NOTION_TOKEN"),
        "site": house.base_url,
        "data_source": data_source,
        "base_url": env.address("NOTION_BASE_URL", "https://api.notion.com"),
    }
    return Wiring(
        target=options if connected and data_source else None,
        delivers=("brief",),
    )


def webhook(house: House) -> Wiring:
    """Other systems, told of jobs and reviews at addresses of the owner's."""
    places = env.mapping("NIGHTDESK_WEBHOOKS")
    secrets = env.mapping("NIGHTDESK_WEBHOOK_SECRETS", known=places)
    events = env.listing("NIGHTDESK_WEBHOOK_EVENTS", default=["job.*", "review.*"])
    missing = sorted(places.keys() - secrets.keys())
    # A process that may not hold the secrets has none of them.
    if missing and (secrets or not env.is_held("NIGHTDESK_WEBHOOK_SECRETS")):
        raise env.BadSetting(f"NIGHTDESK_WEBHOOK_SECRETS lacks {', '.join(missing)}: write name=whsec_… for each")
    env.addresses.update({f"NIGHTDESK_WEBHOOKS ({name})": url for name, url in places.items()})
    made: dict[str, Options] = {
        name: {"place": name, "url": url, "secret": secrets.get(name, "")} for name, url in places.items()
    }
    return Wiring(places=made, notices=Wish(events=tuple(events)))


PROVIDERS: list[Callable[[House], Wiring]] = [folder, git, mail, owner, github, slack, notion, webhook]


def sources(wired: dict[str, Wiring]) -> dict[str, Options]:
    """What each source is made with."""
    return {name: wiring.source for name, wiring in wired.items() if wiring.source is not None}


def secrets(wired: dict[str, Wiring]) -> dict[str, list[str]]:
    """What proves the sender of each source that has one secret for all its rules."""
    return {name: wiring.secrets for name, wiring in wired.items() if wiring.source is not None}


def targets(wired: dict[str, Wiring]) -> dict[str, Options]:
    """What each target is made with; of a provider's several, each is named provider:place."""
    made = {name: wiring.target for name, wiring in wired.items() if wiring.target is not None}
    several = [(name, place, options) for name, wiring in wired.items() for place, options in wiring.places.items()]
    return made | {f"{name}:{place}": options for name, place, options in several}


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
    wishes = {name: wiring.notices for name, wiring in wired.items() if wiring.notices}
    told = {target: wishes.get(target.partition(":")[0]) for target in targets(wired)}
    return {
        target: {"events": [*wish.events], "cards": [*wish.cards], "digest": wish.digest}
        for target, wish in told.items()
        if wish
    }


def listeners(wired: dict[str, Wiring]) -> list[str]:
    """The commands that run beside the web for as long as it does."""
    return [wiring.listener for wiring in wired.values() if wiring.listener]
