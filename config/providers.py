"""What each provider is made with, read from the environment: one function a provider, in one list.

A connected provider takes over the kinds of effect that it names; without any, everything stays on this machine.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from config import env
from integrations.github.addresses import full_name, site_of, with_token
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
    ci_repositories: tuple[str, ...] = ()  # where agents may change what runs in the repository's CI


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
    reaches_channels: bool = False  # whether it posts to clients who have a channel, in place of mail
    repositories: tuple[str, ...] = ()  # whose branches it delivers in the place of any other target
    gap_finder: Options | None = None
    probe: Options | None = None
    notices: Wish | None = None  # only where there is a target
    desk: Options | None = None  # what a provider's own door needs, where people write and decide
    listener: str = ""  # the command that takes in what comes by a connection opened from here


def wire(house: House) -> dict[str, Wiring]:
    """Provider name -> what it brings along."""
    return {read.__name__: read(house) for read in PROVIDERS}


def folder(house: House) -> Wiring:
    """Documents and briefs as files, in a folder or an S3 bucket."""
    root = env.text("NIGHTDESK_FOLDER") or str(house.var / "folder")
    target = {
        "root": root,
        "options": bucket(env.text("NIGHTDESK_FOLDER_KEY")) if root.startswith("s3://") else {},
        "pages": f"{house.base_url}/jobs/",
    }
    return Wiring(target=target, delivers=("document", "brief"), probe=target)


def git(house: House) -> Wiring:
    """Branches to any git remote, by an address that may write where it differs from the one that reads."""
    pushed = house.repositories | env.mapping("NIGHTDESK_PUSH_REPOSITORIES", known=house.repositories)
    elsewhere = _at_github(house)
    target = {
        "repositories": pushed,
        "workdir": house.var / "git",
        "ci_repositories": house.ci_repositories,
        "elsewhere": tuple(elsewhere),
    }
    return Wiring(target=target, delivers=("branch",), probe=target if pushed.keys() - elsewhere.keys() else None)


def mail(house: House) -> Wiring:
    """Mail in by the webhooks of providers, and out by Django's mail: EMAIL_URL leads to a server or into files."""
    answers = env.text("MAIL_REPLY_TO")
    own = {parseaddr(address)[1] for address in (house.mail_from, answers)} - {""}
    ids, passwords = env.listing("MAIL_AUTHSERV_ID"), env.listing("ANYMAIL_WEBHOOK_SECRET")
    ways = {"sender": house.mail_from, "reply_to": answers}
    sends, hooked = env.is_held("EMAIL_URL"), env.is_held("ANYMAIL_WEBHOOK_SECRET")
    looked_at = {**ways, "sends": sends, "mailbox": mailbox(), "authserv_ids": ids, "hooked": hooked}
    return Wiring(
        source={"own": sorted(own), "authserv_ids": ids},
        secrets=passwords,
        target=ways,
        delivers=("client_message",),
        probe=looked_at if sends or hooked or mailbox() else None,
        listener="mailbox" if env.is_held("IMAP_URL") else "",
    )


def mailbox() -> Options:
    """The mailbox that is read, if there is one."""
    given = {"url": env.text("IMAP_URL"), "done": env.text("IMAP_DONE"), "since": env.text("IMAP_SINCE")}
    return given if given["url"] else {}


def anymail() -> dict[str, Any]:
    """What django-anymail is told of e-mail providers, without what is not set."""
    # Its own names, but for the topics of Amazon SES: https://anymail.dev/en/stable/esps/
    given = {
        "WEBHOOK_SECRET": env.listing("ANYMAIL_WEBHOOK_SECRET"),
        "AMAZON_SES_TOPIC_ARNS": env.listing("ANYMAIL_AMAZON_SES_TOPIC_ARNS"),
        "BREVO_API_KEY": env.text("ANYMAIL_BREVO_API_KEY"),
        "BREVO_API_URL": env.address("ANYMAIL_BREVO_API_URL"),
        "MAILERSEND_INBOUND_SECRET": env.text("ANYMAIL_MAILERSEND_INBOUND_SECRET"),
        "MAILERSEND_SIGNING_SECRET": env.text("ANYMAIL_MAILERSEND_SIGNING_SECRET"),
        "MAILGUN_WEBHOOK_SIGNING_KEY": env.text("ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY"),
        "MAILTRAP_API_TOKEN": env.text("ANYMAIL_MAILTRAP_API_TOKEN"),
        "MAILTRAP_API_URL": env.address("ANYMAIL_MAILTRAP_API_URL"),
        "MAILTRAP_INBOUND_SECRET": env.text("ANYMAIL_MAILTRAP_INBOUND_SECRET"),
        "MAILTRAP_TRACKING_SECRET": env.text("ANYMAIL_MAILTRAP_TRACKING_SECRET"),
        "MANDRILL_WEBHOOK_KEY": env.text("ANYMAIL_MANDRILL_WEBHOOK_KEY"),
        "POSTMARK_API_URL": env.address("ANYMAIL_POSTMARK_API_URL"),
        "POSTAL_WEBHOOK_KEY": env.text("ANYMAIL_POSTAL_WEBHOOK_KEY"),
        "RESEND_API_KEY": env.text("ANYMAIL_RESEND_API_KEY"),
        "RESEND_API_URL": env.address("ANYMAIL_RESEND_API_URL"),
        "RESEND_INBOUND_SECRET": env.text("ANYMAIL_RESEND_INBOUND_SECRET"),
        "RESEND_SIGNING_SECRET": env.text("ANYMAIL_RESEND_SIGNING_SECRET"),
    }
    given["SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"] = env.text(
        "ANYMAIL_SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"
    )
    return {name: value for name, value in given.items() if value}


def owner(house: House) -> Wiring:
    """Nightdesk's own mail to its owner: the night's digest, and alarms."""
    to = env.listing("OWNER_MAIL")
    wish = Wish(events=("review.opened:alarm",), digest=True)
    return Wiring(target={"sender": house.mail_from, "to": to} if to else None, notices=wish)


def github(house: House) -> Wiring:
    """GitHub: its events, what its hooks could not deliver, and pull requests in the repositories that are there.

    By a token, or as an App, whose key goes before it.
    """
    token, app_id, app_key = env.text("GITHUB_TOKEN"), env.text("GITHUB_APP_ID"), env.text("GITHUB_APP_KEY")
    base_url, hooks = env.address("GITHUB_BASE_URL", "https://api.github.com"), env.listing("GITHUB_HOOKS")
    there = _at_github(house)
    login = {"token": token, "app_id": app_id, "app_key": app_key.replace("\\n", "\n"), "base_url": base_url}
    target = {
        **login,
        "repositories": there,
        "workdir": house.var / "git",
        "labels": env.listing("GITHUB_LABELS", default=["nightdesk"]),
        "merge_method": env.text("GITHUB_MERGE_METHOD", "merge"),
        "ci_repositories": house.ci_repositories,
        "pause": env.duration("GITHUB_PAUSE", default="1s").total_seconds(),
    }
    gaps = {"token": token, "owners": hooks, "address": f"{house.base_url}/hooks/github/", "base_url": base_url}
    return Wiring(
        source={"own_logins": env.listing("GITHUB_LOGIN"), "reviewers": env.listing("GITHUB_REVIEWERS")},
        secrets=env.listing("GITHUB_WEBHOOK_SECRET"),
        target=target if there else None,
        repositories=tuple(there),
        gap_finder=gaps if token and hooks else None,
        probe={
            **login,
            "repositories": house.repositories,
            "workdir": house.var / "git",
            "ci_repositories": house.ci_repositories,
            "hears": env.is_held("GITHUB_WEBHOOK_SECRET"),
        }
        if any(full_name(at, base_url) for at in house.repositories.values())
        else None,
    )


def _at_github(house: House) -> dict[str, str]:
    """The repositories that are there, once somebody holds a login."""
    base_url = env.address("GITHUB_BASE_URL", "https://api.github.com")
    if not env.is_held("GITHUB_TOKEN") and not (env.text("GITHUB_APP_ID") and env.is_held("GITHUB_APP_KEY")):
        return {}
    return {name: at for name, at in house.repositories.items() if full_name(at, base_url)}


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


def slack_connect(house: House) -> Wiring:
    """Messages to clients in channels that are shared with them, by the same app."""
    base_url, inbox = env.address("SLACK_BASE_URL", "https://slack.com/api"), env.text("SLACK_CHANNEL")
    reached = {"token": env.text("SLACK_BOT_TOKEN"), "base_url": base_url, "inbox": inbox}
    is_connected = env.is_held("SLACK_BOT_TOKEN")
    return Wiring(
        target=reached if is_connected else None, probe=reached if is_connected else None, reaches_channels=True
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


def notion(house: House) -> Wiring:
    """Notion: briefs as rows of a data source, and the inbox as rows of another, to be decided there."""
    connected, token = env.is_held("NOTION_TOKEN"), env.text("NOTION_TOKEN")
    briefs, reviews = env.text("NOTION_DATA_SOURCE"), env.text("NOTION_REVIEW_DATA_SOURCE")
    home: Options = {"token": token, "base_url": env.address("NOTION_BASE_URL", "https://api.notion.com")}
    sources = {"data_source": briefs, "review_data_source": reviews}
    board = {**home, "data_source": reviews, "approvers": env.mapping("NOTION_APPROVERS")}
    return Wiring(
        source={},
        secrets=env.listing("NOTION_WEBHOOK_SECRET"),
        target={**home, **sources, "site": house.base_url} if connected and (briefs or reviews) else None,
        delivers=("brief",) if briefs else (),
        notices=Wish(events=("review.*",), cards=("review",)) if reviews else None,
        desk=board if connected and reviews else None,
        probe={**home, **sources} if connected else None,
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
    return Wiring(
        places=made,
        notices=Wish(events=tuple(events)),
        probe={"places": [*made.values()]} if made else None,
    )


PROVIDERS: list[Callable[[House], Wiring]] = [
    folder,
    git,
    mail,
    owner,
    github,
    slack,
    slack_connect,
    notion,
    webhook,
]


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


def channels_by(wired: dict[str, Wiring]) -> str:
    """The target that posts to clients who have a channel; empty where none is connected."""
    able = [name for name, wiring in wired.items() if wiring.reaches_channels and wiring.target is not None]
    return able[-1] if able else ""


def branches_by(wired: dict[str, Wiring]) -> dict[str, str]:
    """Repository -> target, for those whose branches go another way than all others."""
    connected = {name: wiring.repositories for name, wiring in wired.items() if wiring.target is not None}
    return {repository: name for name, repositories in connected.items() for repository in repositories}


def read_by_agents(house: House) -> dict[str, str]:
    """The repositories as agents clone them: those at GitHub with the token that may only read, if there is one."""
    token, base_url = env.text("GITHUB_READ_TOKEN"), env.address("GITHUB_BASE_URL", "https://api.github.com")
    names = {name: full_name(at, base_url) for name, at in house.repositories.items()} if token else {}
    return {
        name: with_token(names[name], base_url, token) if names.get(name) else at
        for name, at in house.repositories.items()
    }


def own_places(house: House) -> dict[str, Options]:
    """What research may read of the owner's own, in Notion and at GitHub, each with a token that only reads."""
    notion_token, token = env.text("NOTION_READ_TOKEN"), env.text("GITHUB_READ_TOKEN")
    base_url = env.address("GITHUB_BASE_URL", "https://api.github.com")
    names = {name: full_name(at, base_url) for name, at in house.repositories.items()}
    there = {name: full for name, full in names.items() if full}
    found: dict[str, Options] = {}
    if notion_token:
        found["notion"] = {
            "token": notion_token,
            "base_url": env.address("NOTION_BASE_URL", "https://api.notion.com"),
        }
    if token and there:
        site = site_of(base_url).partition("://")[2]
        found["github"] = {"token": token, "base_url": base_url, "site": site, "repositories": there}
    return found


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
