"""The night in one message, at the owner's hour."""

from integrations.bodies import one_line
from integrations.contracts import Json
from integrations.slack import blocks
from integrations.slack.words import escaped
from integrations.words import _

# Of the 12,000 characters that all Markdown of a message may have.
_MOST = 11_000


def show(digest: Json) -> tuple[str, list[blocks.Block]]:
    """The text for notifications and the blocks; `digest` is the night as every target is told of it."""
    subject = escaped(one_line(digest.get("subject"), 250))
    page = blocks.actions(blocks.door(_("The whole night"), str(digest.get("url", ""))))
    text = _markdown(str(digest.get("text", "")))
    return subject, [blocks.marked(f"*{subject}*"), {"type": "markdown", "text": text or subject}, page]


def _markdown(text: str) -> str:
    """Markdown that holds no mark of Slack's; the last lines are left out where it is too long."""
    for sign, written in (("\\<", "&lt;"), ("\\>", "&gt;"), ("<", "&lt;")):
        text = text.replace(sign, written)
    if len(text) <= _MOST:
        return text.strip()
    return text[:_MOST].rpartition("\n")[0].strip() + "\n\n…"
