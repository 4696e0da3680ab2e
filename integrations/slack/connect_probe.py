"""Whether the app is in the channels that clients are written to in, and whether those are shared with anybody."""

from collections.abc import Mapping
from typing import ClassVar

from integrations.bodies import one_line
from integrations.contracts import DeliveryError, Finding
from integrations.slack.client import BASE_URL, SlackApi
from integrations.words import _


class SlackConnectProbe:
    """Looks at each of `channels`, a client's name -> the channel's id; `inbox` is where decisions are made."""

    slug: ClassVar[str] = "slack_connect"

    def __init__(
        self, token: str, inbox: str = "", base_url: str = BASE_URL, channels: Mapping[str, str] | None = None
    ) -> None:
        self._api = SlackApi(token, base_url)
        self._inbox, self._channels = inbox, channels or {}

    def look(self) -> list[Finding]:
        """Each client's channel."""
        if not self._channels:
            return [Finding(ok=True, says=_("no client is written to in Slack"))]
        return [self._look(client, channel) for client, channel in sorted(self._channels.items())]

    def try_out(self) -> list[Finding]:
        """Nothing: a client would read whatever is tried there."""
        return []

    def _look(self, client: str, channel: str) -> Finding:
        if channel == self._inbox:
            says = _("{client}: {channel} is the channel of the inbox.").format(client=client, channel=channel)
            return Finding(ok=False, says=says, fix=_("Give the client a channel of their own, on their page."))
        try:
            found = self._api.read("conversations.info", channel=channel).get("channel") or {}
        except DeliveryError as error:
            return Finding(
                ok=False,
                says=_("{client}: {error}").format(client=client, error=error),
                fix=_("Check the channel on the client's page."),
            )
        name = one_line(found.get("name")) or channel
        if found.get("is_archived"):
            fix = _("Name another channel on the client's page, or none: then messages go by mail.")
            return Finding(
                ok=False, says=_("{client}: #{name} is archived.").format(client=client, name=name), fix=fix
            )
        if not found.get("is_member"):
            says = _("{client}: the app is not in #{name}.").format(client=client, name=name)
            return Finding(ok=False, says=says, fix=_("Write /invite @… in #{name}.").format(name=name))
        if not found.get("is_ext_shared"):
            says = _("{client}: #{name} is shared with no other workspace.").format(client=client, name=name)
            return Finding(ok=True, says=says, fix=_("Look whether the client reads it there."))
        return Finding(ok=True, says=_("{client}: in #{name}").format(client=client, name=name))
