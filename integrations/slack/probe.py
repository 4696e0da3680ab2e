"""Whether Slack can be worked with as it is set up: the login, the channel, rights that are missing or too wide."""

from typing import ClassVar

from slack_sdk.web import SlackResponse

from integrations.bodies import one_line
from integrations.contracts import DeliveryError, Finding, OutcomeUnknown
from integrations.slack.client import BASE_URL, SlackApi
from integrations.words import _, gettext_noop

# What each is for is told where it is missing: https://docs.slack.dev/reference/scopes
_NEEDED = {
    "chat:write": gettext_noop("to post"),
    "channels:history|groups:history": gettext_noop("to find a message again whose answer was lost"),
    "channels:read|groups:read": gettext_noop("to see whether the app is in the channel"),
}
_USEFUL = {
    "commands": gettext_noop("for the slash command"),
    "app_mentions:read": gettext_noop("for mentions"),
}
_KNOWN = {
    *("chat:write", "commands", "app_mentions:read", "channels:history", "channels:read"),
    *("groups:history", "groups:read", "im:history"),
}
_FAR_TOO_WIDE = ("admin", "chat:write.customize", "files:write", "users:write")


class SlackProbe:
    """Asks Slack itself; what it changes in `try_out` it takes away again."""

    slug: ClassVar[str] = "slack"

    def __init__(self, token: str, channel: str, base_url: str = BASE_URL) -> None:
        self._api = SlackApi(token, base_url)
        self._channel = channel

    def look(self) -> list[Finding]:
        """The login, the rights, the channel."""
        try:
            who = self._api.read("auth.test")
        except DeliveryError as error:
            return [Finding(ok=False, says=str(error), fix=_("Copy the bot token (xoxb-…) into SLACK_BOT_TOKEN."))]
        known = Finding(
            ok=True,
            says=_("{user} in {team}").format(user=one_line(who.get("user")), team=one_line(who.get("team"))),
        )
        return [known, *_rights(_scopes(who)), self._membership()]

    def try_out(self) -> list[Finding]:
        """Post a message to the channel and delete it."""
        quiet = {"unfurl_links": False, "unfurl_media": False}
        text = "Nightdesk tries whether it can write here; this goes away at once."
        try:
            posted = self._api.act("chat.postMessage", channel=self._channel, text=text, **quiet)
            self._api.act("chat.delete", channel=self._channel, ts=posted["ts"])
        except (DeliveryError, OutcomeUnknown) as error:
            fix = _("Invite the app to {channel}; delete its test message if it stayed.").format(
                channel=self._channel
            )
            return [Finding(ok=False, says=str(error), fix=fix)]
        return [
            Finding(ok=True, says=_("A message was posted to {channel} and deleted.").format(channel=self._channel))
        ]

    def _membership(self) -> Finding:
        try:
            found = self._api.read("conversations.info", channel=self._channel)
        except DeliveryError as error:
            return Finding(ok=False, says=str(error), fix=_("Check SLACK_CHANNEL, and invite the app there."))
        channel = found.get("channel") or {}
        name = one_line(channel.get("name")) or self._channel
        if channel.get("is_archived"):
            return Finding(
                ok=False,
                says=_("#{name} is archived.").format(name=name),
                fix=_("Name another one with SLACK_CHANNEL."),
            )
        if not channel.get("is_member"):
            return Finding(
                ok=False,
                says=_("The app is not in #{name}.").format(name=name),
                fix=_("Write /invite @… in #{name}.").format(name=name),
            )
        return Finding(ok=True, says=_("In #{name}.").format(name=name))


def _rights(scopes: set[str]) -> list[Finding]:
    """What is missing, and what is more than is needed."""
    if not scopes:
        return []
    missing = [
        Finding(
            ok=False,
            says=_("The app lacks {right}, {why}.").format(right=one.replace("|", " / "), why=_(why)),
            fix=_("Add it, install it again."),
        )
        for one, why in {**_NEEDED, **_USEFUL}.items()
        if not scopes & set(one.split("|"))
    ]
    return [*missing, *_too_wide(scopes - _KNOWN)]


def _too_wide(more: set[str]) -> list[Finding]:
    if not more:
        return []
    says = _("The app may do more than it needs: {rights}.").format(rights=", ".join(sorted(more)))
    is_bad = any(one.startswith(_FAR_TOO_WIDE) for one in more)
    return [Finding(ok=not is_bad, says=says, fix=_("Take these rights away, and install the app again."))]


def _scopes(answer: SlackResponse) -> set[str]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return {one.strip() for one in str(headers.get("x-oauth-scopes", "")).split(",") if one.strip()}
