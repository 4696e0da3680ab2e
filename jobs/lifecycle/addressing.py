"""Where a message to a client goes, as an item says it."""

from django.conf import settings
from django.utils.translation import gettext as _


def sends_to(target: str, to: list[str]) -> str:
    """What approving such a message does, in a line."""
    named = ", ".join(to) or _("nobody: the client has no trusted recipient")
    if to and target == settings.CHANNELS_BY:
        return _("Posts to the client's Slack channel %(to)s") % {"to": named}
    return _("Sends to %(to)s") % {"to": named}
