"""How each provider is connected, as the set-up page says it: what it is for, what to set, where from."""

from collections.abc import Callable
from dataclasses import dataclass

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


GUIDES: dict[str, Guide] = {
    "mail": Guide(
        "Messages to clients by mail.",
        "Set EMAIL_URL=smtps://user:password@mail.example.com and MAIL_FROM. Until then messages become files.",
        _held("EMAIL_URL"),
    ),
    "github": Guide(
        "Branches with pull requests, and events of repositories.",
        "Make a fine-grained token for these repositories alone, with Contents and Pull requests: read and write "
        "(github.com/settings/personal-access-tokens), and set GITHUB_TOKEN; GITHUB_WEBHOOK_SECRET for its events.",
        _held("GITHUB_TOKEN", "GITHUB_APP_KEY"),
    ),
    "slack": Guide(
        "Reviews, questions and notices in a channel.",
        "Make an app (api.slack.com/apps) with the scopes chat:write and commands, install it, invite it to the "
        "channel, and set SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET and SLACK_CHANNEL.",
        _held("SLACK_BOT_TOKEN"),
    ),
    "notion": Guide(
        "Research briefs as rows of a data source, and the inbox as rows of another.",
        "Make an internal connection (notion.so/profile/integrations), share the database with it, and set "
        "NOTION_TOKEN, and NOTION_DATA_SOURCE, NOTION_REVIEW_DATA_SOURCE or both. Their columns are made here.",
        _held("NOTION_TOKEN"),
    ),
}
