"""The parts that messages and modals are put together from: https://docs.slack.dev/reference/block-kit/blocks

Text that agents or strangers wrote goes through `words.escaped` here, so that no block calls anybody.
"""

from typing import Any

from integrations.slack.words import escaped
from integrations.words import _

Block = dict[str, Any]

MAX_SECTION, MAX_BUTTON, MAX_TITLE = 3_000, 75, 24
_ESCAPES = 5  # how many characters one may become


def marked(text: str) -> Block:
    """A section in Slack's own way of writing; every foreign part of it has to be escaped already."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:MAX_SECTION], "verbatim": True}}


def literal(text: str) -> Block:
    """A section that shows the text as it is, without links, faces or emphasis."""
    return {"type": "section", "text": {"type": "plain_text", "text": escaped(text), "emoji": False}}


def pieces(text: str) -> list[str]:
    """The text in parts that each fit into a section, cut at the ends of lines where it can be."""
    parts, rest = [], text
    while len(escaped(rest)) > MAX_SECTION:
        room = MAX_SECTION // _ESCAPES if len(escaped(rest[:MAX_SECTION])) > MAX_SECTION else MAX_SECTION
        cut = rest.rfind("\n", 0, room) + 1 or room
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [*parts, rest]


def small(text: str) -> Block:
    """A line of small print; its foreign parts have to be escaped already."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:MAX_SECTION], "verbatim": True}]}


def button(action_id: str, text: str, value: str, **more: Any) -> Block:
    """A button; what does not fit on it is cut, for its value says what it does."""
    shown = text if len(text) <= MAX_BUTTON else text[: MAX_BUTTON - 1] + "…"
    label = {"type": "plain_text", "text": shown, "emoji": False}
    return {"type": "button", "action_id": action_id, "text": label, "value": value, **more}


def door(text: str, url: str) -> Block:
    """A button that leads to a page."""
    label = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "button", "action_id": "open", "text": label, "url": url}


def actions(*elements: Block) -> Block:
    """Buttons in a row."""
    return {"type": "actions", "elements": list(elements)}


def confirm(title: str, text: str, yes: str) -> Block:
    """What is asked once more before a button counts."""
    return {
        "title": {"type": "plain_text", "text": title[:100]},
        "text": {"type": "plain_text", "text": escaped(text)[:300] or "?"},
        "confirm": {"type": "plain_text", "text": yes[:30]},
        "deny": {"type": "plain_text", "text": _("Not yet")},
    }


def linked(url: str, text: str) -> str:
    """A link with foreign words; only the words where the address could break out of it."""
    is_plain = url.startswith(("https://", "http://")) and not set(url) & set("<>|\n ")
    return f"<{url.replace('&', '&amp;')}|{escaped(text).replace('|', '¦')}>" if is_plain else escaped(text)
