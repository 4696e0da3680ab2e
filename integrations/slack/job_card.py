"""The one message that follows a job: accepted, at work, needs you, done.

Where others read it too, nothing stands in it that a model wrote and nobody has approved.
"""

from typing import Any

from integrations.bodies import bounded, one_line
from integrations.contracts import Json
from integrations.slack import blocks
from integrations.slack.words import escaped
from integrations.words import _, gettext_noop

_MOST_SHOWN = 10
_WORDS = {
    "pending": gettext_noop("Accepted"),
    "in_progress": gettext_noop("At work"),
    "needs_clarification": gettext_noop("Needs you"),
    "needs_review": gettext_noop("Needs you"),
    "completed": gettext_noop("Done"),
    "failed": gettext_noop("Failed"),
    "cancelled": gettext_noop("Cancelled"),
}

_EFFECTS = {
    "client_message": gettext_noop("message to the client"),
    "document": gettext_noop("document"),
    "branch": gettext_noop("branch"),
    "merge": gettext_noop("merge"),
    "brief": gettext_noop("brief"),
}


# What waits, in words of this house.
_WAITS = {
    "message": gettext_noop("a message"),
    "merge": gettext_noop("a branch"),
    "question": gettext_noop("a question"),
    "failure": gettext_noop("something that failed"),
    "alarm": gettext_noop("an alarm"),
}


def show(job: Json, *, among_others: bool = False) -> tuple[str, list[blocks.Block]]:
    """The text for notifications and the blocks; `job` is what the API shows of it.

    `among_others`: whether people who decide nothing here read it.
    """
    state = _(_WORDS.get(str(job.get("state")), str(job.get("state"))))
    title = one_line(job.get("title"))
    more = _steps(job) if among_others else _more(job)
    lines = [f"*{escaped(title)}*", f"{state}{more}", *_open_items(job, among_others), *_landed(job)]
    body = [blocks.marked("\n".join(lines)), blocks.small(_small(job)), _door(job)]
    return f"{state}: {escaped(title)}", body


def _more(job: Json) -> str:
    """What is worth a word beside the state."""
    reason = one_line(job.get("reason"), 500)
    return f": {escaped(reason)}" if reason else _steps(job)


def _steps(job: Json) -> str:
    steps = _rows(job, "tasks")
    done = sum(step.get("state") == "completed" for step in steps)
    if not steps or job.get("state") != "in_progress":
        return ""
    return ": " + _("{done} of {all} steps done").format(done=done, all=len(steps))


def _open_items(job: Json, among_others: bool) -> list[str]:
    """What waits for a person."""
    waiting = [row for row in _rows(job, "reviews") if row.get("state") == "open"]
    says = _("waits for a decision: {title}")
    return [f"• {says.format(title=_named(row, among_others))}" for row in waiting[:_MOST_SHOWN]]


def _named(review: dict[str, Any], among_others: bool) -> str:
    if among_others:
        return _(_WAITS.get(str(review.get("kind")), gettext_noop("an item")))
    return escaped(one_line(review.get("title")))


def _landed(job: Json) -> list[str]:
    """What exists in the world by now, each where it can be looked at."""
    found = [row for row in _rows(job, "deliveries") if row.get("state") == "delivered"]
    said = [_effect(row) for row in found[:_MOST_SHOWN]]
    more = len(found) - _MOST_SHOWN
    return [*said, "• " + _("and {number} more").format(number=more)] if more > 0 else said


def _effect(row: Json) -> str:
    kind = str(row.get("kind", ""))
    what = _("{what} by {target}").format(
        what=_(_EFFECTS.get(kind, kind.replace("_", " "))), target=row.get("target", "")
    )
    detail = bounded(one_line(row.get("detail")), 80)
    return f"• {blocks.linked(str(row.get('url', '')), what)}{f' ({escaped(detail)})' if detail else ''}"


def _small(job: Json) -> str:
    client = one_line(job.get("client"))
    spent = int(job.get("spent_microusd") or 0) / 1_000_000
    cost = _("cost unknown") if job.get("cost_unknown") else f"{spent:.2f} USD"
    whom = _("for {client}").format(client=escaped(client)) if client else _("our own work")
    parts = [whom, _("priority {number}").format(number=job.get("priority")), cost]
    return " · ".join(parts)


def _door(job: Json) -> blocks.Block:
    return blocks.actions(blocks.door(_("Open"), str(job.get("page", ""))))


def _rows(job: Json, name: str) -> list[dict[str, Any]]:
    return list(job.get(name) or [])
