"""Between Slack's way of writing and plain text: https://docs.slack.dev/messaging/formatting-message-text"""

import re

_MARK = re.compile(r"<([^<>]*)>")
_OUT = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


def plain(text: str, *, own: str = "") -> str:
    """What Slack sent, as a person read it; mentions of the app itself (`own`) are left out."""
    said = _MARK.sub(lambda match: _unmarked(match[1], own), text)
    for sign, written in reversed(_OUT):
        said = said.replace(written, sign)
    return "\n".join(line.strip() for line in said.splitlines()).strip()


def escaped(text: str) -> str:
    """Text that stands in a message as it is: it calls nobody, and no link of it hides where it leads."""
    for sign, written in _OUT:
        text = text.replace(sign, written)
    return text


def _unmarked(inside: str, own: str) -> str:
    """What a mark in angle brackets stands for: a person, a channel, a group, or a link with its label."""
    target, _, label = inside.partition("|")
    if target[:1] in {"@", "#", "!"}:
        return "" if own and target == f"@{own}" else _named(target, label)
    return f"{label} ({target})" if label and label != target and f"mailto:{label}" != target else label or target


def _named(target: str, label: str) -> str:
    sign = "#" if target[0] == "#" else "@"
    name = label or target[1:].removeprefix("subteam^")
    return sign + name.removeprefix(sign)
