"""The message of one decision: what would leave in full, or a link; buttons while it is open, the outcome after.

Nothing can be approved here that is not shown here whole. A button's value names the item, its version and the
digest of all that would leave, so that it decides nothing else.
"""

import json
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.bodies import one_line
from integrations.contracts import Json, OutFile
from integrations.slack import blocks
from integrations.slack.words import escaped
from integrations.words import KINDS, _, gettext_noop

APPROVE, REVISE, OTHER, NOTED = "review.approve", "review.revise", "review.other", "review.noted"
ANSWER = "review.answer."  # and the number of the suggestion

# What a person reads in a channel; more is read on its page.
MAX_PAPER = 12_000
_NOT_HERE = gettext_noop("It is too long or not plain enough to be shown here whole: decide it on its page.")
_OUTCOMES = {
    "approved": gettext_noop("Approved"),
    "declined": gettext_noop("Declined"),
    "answered": gettext_noop("Answered"),
    "revising": gettext_noop("Sent back for a revision"),
    "superseded": gettext_noop("Does not wait any more"),
}
# Joins the parts of one emoji; every other invisible sign could make two texts look alike.
_HARMLESS = {"\n", "\t", "\u200d"}


def show(review: Json, files: Sequence[OutFile], *, about: str) -> tuple[str, list[blocks.Block]]:
    """The text for notifications and the blocks; `review` as the API shows it, `about` its job or target."""
    title = escaped(one_line(review.get("title")))
    if review.get("state") != "open":
        return _decided(review, title)
    says = f"*{title}*\n{escaped(one_line(review.get('consequence'), 300))}"
    named = f"{escaped(one_line(about))} · " if about else ""
    kind, waits = str(review.get("kind")), _("waits for a decision")
    small = f"{named}{_(KINDS.get(kind, kind))} · {waits}{_due(review)}"
    parts = _PARTS.get(kind, _linked_only)(review, files)
    return _("Needs you: {title}").format(title=title), [blocks.marked(says), *parts, blocks.small(small)]


def _due(review: Json) -> str:
    """Until when, on the clock of whoever reads it; empty where no time is set."""
    if not review.get("due_at"):
        return ""
    due_at = datetime.fromisoformat(str(review["due_at"]))
    at = f"<!date^{int(due_at.timestamp())}^{{date_short_pretty}}, {{time}}|{due_at:%Y-%m-%d %H:%M %Z}>"
    return " · " + _("due {at}").format(at=at)


def reference(review: Json) -> str:
    """What a button's value names."""
    return f"{review['id']}:{review['version']}:{review['digest']}"


def _message(review: Json, files: Sequence[OutFile]) -> list[blocks.Block]:
    """All that would leave, with the button that approves it; or its page, where not all of it can be shown."""
    if doubt := review.get("in_doubt"):
        return [blocks.small(escaped(one_line(doubt, 500))), *_linked_only(review, files)]
    paper = _paper(review, files)
    if paper is None:
        return [blocks.small(_(_NOT_HERE)), *_linked_only(review, files)]
    shown = [blocks.literal(piece) for piece in blocks.pieces(paper)]
    sure = blocks.confirm(_("Approve exactly this?"), one_line(review.get("consequence"), 250), _("Approve"))
    value = reference(review)
    approve = blocks.button(APPROVE, _("Approve"), value, style="primary", confirm=sure)
    return [*shown, blocks.actions(approve, blocks.button(REVISE, _("Revise…"), value), _door(review))]


def _merge(review: Json, files: Sequence[OutFile]) -> list[blocks.Block]:
    """A change of code is looked at where it can be seen."""
    return [blocks.actions(blocks.button(REVISE, _("Revise…"), reference(review)), _door(review))]


def _question(review: Json, files: Sequence[OutFile]) -> list[blocks.Block]:
    payload = review.get("payload") or {}
    asked, suggestions = str(payload.get("question", "")), [str(one) for one in payload.get("suggestions") or []]
    value = reference(review)
    lines = "\n".join(f"{number}. {one}" for number, one in enumerate(suggestions, start=1))
    paper = f"{asked}\n\n{lines}".strip()
    if len(escaped(paper)) > blocks.MAX_SECTION or not _is_plain(paper):
        return _linked_only(review, files)
    buttons = [
        blocks.button(f"{ANSWER}{number}", one if len(one) <= blocks.MAX_BUTTON else str(number + 1), value)
        for number, one in enumerate(suggestions[:5])
        if one.strip()
    ]
    other = blocks.button(OTHER, _("In my own words…"), value)
    return [*([blocks.literal(paper)] if paper else []), blocks.actions(*buttons, other, _door(review))]


def _trouble(review: Json, files: Sequence[OutFile]) -> list[blocks.Block]:
    """A failure or an alarm: what helps, and for an alarm the word that it was seen."""
    fix = one_line((review.get("payload") or {}).get("fix"), 1_000)
    noted = [blocks.button(NOTED, _("Noted"), reference(review))] if review.get("kind") == "alarm" else []
    return [*([blocks.literal(fix)] if fix else []), blocks.actions(*noted, _door(review))]


def _linked_only(review: Json, files: Sequence[OutFile]) -> list[blocks.Block]:
    return [blocks.actions(_door(review))]


_PARTS = {
    "message": _message,
    "merge": _merge,
    "question": _question,
    "failure": _trouble,
    "alarm": _trouble,
}


def _paper(review: Json, files: Sequence[OutFile]) -> str | None:
    """To whom, about what, and every word of every file; None if it cannot be read here whole."""
    heads = [_facts(row) for row in review.get("deliveries") or []]
    texts = [_text(file) for file in files]
    if not files or None in texts:
        return None
    named = [f"— {file.name} —\n" if len(files) > 1 else "" for file in files]
    bodies = [f"{name}{text}" for name, text in zip(named, texts, strict=True)]
    paper = "\n\n".join([*(head for head in heads if head), *bodies])
    fits = len(escaped(paper)) <= MAX_PAPER and _is_plain(paper)
    return paper if fits and all(piece.strip() for piece in blocks.pieces(paper)) else None


def _facts(delivery: Json) -> str:
    facts: dict[str, Any] = dict(delivery.get("facts") or {})
    return "\n".join(f"{name.replace('_', ' ').capitalize()}: {_plain(value)}" for name, value in facts.items())


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _text(file: OutFile) -> str | None:
    if not file.media_type.startswith("text/"):
        return None
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_plain(text: str) -> bool:
    """Whether every sign of it is seen, and stands where it is read."""
    return not any(unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cn"} for sign in set(text) - _HARMLESS)


def _decided(review: Json, title: str) -> tuple[str, list[blocks.Block]]:
    state = str(review.get("state"))
    outcome = _(_OUTCOMES.get(state, state))
    who = one_line(review.get("decided_by"))
    by = " " + _("by {person}").format(person=escaped(who)) if who else ""
    said = f"{outcome}{by}{_when(review.get('decided_at'))}"
    note = one_line(review.get("note"), 500)
    lines = [f"*{title}*", said, *([f"“{escaped(note)}”"] if note else [])]
    return f"{outcome}: {title}", [blocks.marked("\n".join(lines)), blocks.actions(_door(review))]


def _when(value: Any) -> str:
    """The moment on each reader's own clock: https://docs.slack.dev/messaging/formatting-message-text#date-formatting"""
    if not value:
        return ""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return f" <!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{moment:%Y-%m-%d %H:%M} UTC>"


def _door(review: Json) -> blocks.Block:
    return blocks.door(_("Open"), str(review.get("page", "")))
