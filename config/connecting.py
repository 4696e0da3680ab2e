"""How each provider is connected, as the set-up page says it: what it is for, what to set, where from."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_noop as _

from config import env


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Guide:
    """A provider in a sentence, the way to connect it, and whether that was done."""

    about: str = ""
    how: str = ""
    is_connected: Callable[[], bool] = _always


def _held(*names: str) -> Callable[[], bool]:
    """Whether one of these secrets is known, here or to the processes that hold it."""
    return lambda: any(env.is_held(name) for name in names)


def _named(provider: str) -> Callable[[], bool]:
    """Whether the settings name something that this provider works with."""
    return lambda: provider in settings.PROBES


GUIDES: dict[str, Guide] = {
    "folder": Guide(
        _("Documents and briefs as files."),
        _(
            "NIGHTDESK_FOLDER names another folder, or a bucket "
            "(s3://bucket/prefix, NIGHTDESK_FOLDER_KEY=id:secret)."
        ),
    ),
    "git": Guide(
        _("Branches in repositories that git itself reaches."),
        _(
            "Name them in NIGHTDESK_REPOSITORIES=site=/srv/git/site.git, and in NIGHTDESK_PUSH_REPOSITORIES the "
            "addresses that may write, where those are others."
        ),
        _named("git"),
    ),
    "mail": Guide(
        _("Messages to clients by mail."),
        _(
            "Set EMAIL_URL=smtps://user:password@mail.example.com and MAIL_FROM. Until then messages become files. "
            "A mail provider tells what came back if it posts bounces to /hooks/mail/<provider>/tracking/."
        ),
        _held("EMAIL_URL"),
    ),
    "github": Guide(
        _("Branches with pull requests, and events of repositories."),
        _(
            "Make a fine-grained token for these repositories alone, with Contents and Pull requests: "
            "read and write (github.com/settings/personal-access-tokens), and set GITHUB_TOKEN; "
            "GITHUB_WEBHOOK_SECRET for its events."
        ),
        _held("GITHUB_TOKEN", "GITHUB_APP_KEY"),
    ),
    "slack": Guide(
        _("Reviews, questions and notices in a channel."),
        _(
            "Make an app (api.slack.com/apps) with the scopes chat:write and commands, install it, invite it "
            "to the channel, and set SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET and SLACK_CHANNEL."
        ),
        _held("SLACK_BOT_TOKEN"),
    ),
    "slack_connect": Guide(
        _("Messages to clients in a channel that is shared with them, in place of mail."),
        _(
            "Share a channel with the client (Slack Connect), invite the app there, and write the channel's id "
            "on the client's page. It needs SLACK_BOT_TOKEN."
        ),
        _held("SLACK_BOT_TOKEN"),
    ),
    "notion": Guide(
        _("Research briefs as rows of a data source, and the inbox as rows of another."),
        _(
            "Make an internal connection (notion.so/profile/integrations), share the database with it, and set "
            "NOTION_TOKEN, and NOTION_DATA_SOURCE, NOTION_REVIEW_DATA_SOURCE or both. Their columns are made here."
        ),
        _held("NOTION_TOKEN"),
    ),
    "webhook": Guide(
        _("Other systems, told what happens to jobs and reviews."),
        _(
            "Set NIGHTDESK_WEBHOOKS=crm=https://crm.example.com/hooks/nightdesk, and a key for each in "
            "NIGHTDESK_WEBHOOK_SECRETS=crm=whsec_…."
        ),
        _named("webhook"),
    ),
}
