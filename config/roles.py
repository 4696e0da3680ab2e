"""Which process knows which secret: the web, the agents and the deliveries each get their own part."""

import os
import re
from collections.abc import Iterator
from urllib.parse import unquote

from config import env

WEB = "web"
AGENTS = "agents"
DELIVERIES = "deliveries"
SOCKET = "socket"  # takes in what comes from Slack where there is no public address
MAILBOX = "mailbox"  # takes in mail the moment it comes

# The commands that listen all day, each with the role that it has.
LISTENERS = {"slack_socket": SOCKET, "mailbox": MAILBOX}

# Every credential of config/settings.py, and the only roles that may hold it. Thinking never gets one that writes.
SECRETS: dict[str, frozenset[str]] = {
    "ANTHROPIC_API_KEY": frozenset({AGENTS}),
    "GITHUB_WEBHOOK_SECRET": frozenset({WEB}),
    "GITHUB_TOKEN": frozenset({DELIVERIES}),
    "GITHUB_APP_KEY": frozenset({DELIVERIES}),
    "GITHUB_READ_TOKEN": frozenset({AGENTS}),
    "NOTION_TOKEN": frozenset({DELIVERIES}),
    "NOTION_READ_TOKEN": frozenset({AGENTS}),
    "NOTION_WEBHOOK_SECRET": frozenset({WEB}),
    "SLACK_SIGNING_SECRET": frozenset({WEB}),
    # The web opens the small windows in which people write: Slack waits three seconds for one.
    "SLACK_BOT_TOKEN": frozenset({WEB, DELIVERIES, SOCKET}),
    "SLACK_APP_TOKEN": frozenset({SOCKET}),
    # A mail's files are kept where artifacts are.
    "NIGHTDESK_ARTIFACTS_KEY": frozenset({WEB, AGENTS, DELIVERIES, MAILBOX}),
    "NIGHTDESK_FOLDER_KEY": frozenset({DELIVERIES}),
    "EMAIL_URL": frozenset({DELIVERIES}),
    # The deliveries look into the mailbox too: once a minute, and when the set-up page asks.
    "IMAP_URL": frozenset({DELIVERIES, MAILBOX}),
    # Proofs of who posts mail here. What Brevo, Mailtrap and Resend only announce, the web itself fetches.
    "ANYMAIL_WEBHOOK_SECRET": frozenset({WEB}),
    "ANYMAIL_MAILERSEND_INBOUND_SECRET": frozenset({WEB}),
    "ANYMAIL_MAILERSEND_SIGNING_SECRET": frozenset({WEB}),
    "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": frozenset({WEB}),
    "ANYMAIL_MAILTRAP_INBOUND_SECRET": frozenset({WEB}),
    "ANYMAIL_MAILTRAP_TRACKING_SECRET": frozenset({WEB}),
    "ANYMAIL_MANDRILL_WEBHOOK_KEY": frozenset({WEB}),
    "ANYMAIL_RESEND_INBOUND_SECRET": frozenset({WEB}),
    "ANYMAIL_RESEND_SIGNING_SECRET": frozenset({WEB}),
    "ANYMAIL_BREVO_API_KEY": frozenset({WEB}),
    "ANYMAIL_MAILTRAP_API_TOKEN": frozenset({WEB}),
    "ANYMAIL_RESEND_API_KEY": frozenset({WEB}),
    "NIGHTDESK_PUSH_REPOSITORIES": frozenset({DELIVERIES}),
    "NIGHTDESK_WEBHOOK_SECRETS": frozenset({DELIVERIES}),
}


_PASSWORD = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")


def environment(role: str, *, rehearsal: bool) -> dict[str, str]:
    """The environment of a process of this role; `rehearsal` tells those without a key whether there is one.

    Of what is withheld it learns the names that others hold (`env.is_held`): what is connected is the same for all.
    """
    withheld = {name for name, roles in SECRETS.items() if role not in roles}
    known = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in withheld}
    elsewhere = sorted(name for name in withheld if env.is_held(name))
    return known | {
        "NIGHTDESK_ROLE": role,
        "NIGHTDESK_REHEARSAL": "on" if rehearsal else "off",
        "NIGHTDESK_HELD_ELSEWHERE": ",".join(elsewhere),
    }


def held() -> dict[str, list[str]]:
    """The secrets of this process by name, without what stands around them. Nothing that it sends holds one."""
    found = {name: [*_secret_in(env.text(name))] for name in [*SECRETS, "SECRET_KEY"]}
    return {name: values for name, values in found.items() if values}


def _secret_in(value: str) -> Iterator[str]:
    """The passwords of addresses; the second halves of pairs; else all of it."""
    if "://" in value:
        for password in _PASSWORD.findall(value):
            yield from dict.fromkeys([password, unquote(password)])
    elif "=whsec_" in value:
        yield from (pair.partition("=")[2] for pair in value.split(","))
    elif value:
        yield value
        if ":" in value and not value.startswith("-----"):
            yield value.partition(":")[2]
