"""The one message that follows a job: accepted, at work, needs you, done."""

from typing import Any

from integrations.bodies import bounded, one_line
from integrations.contracts import Json
from integrations.slack import blocks
from integrations.slack.words import escaped

_MOST_SHOWN = 10
_WORDS = {
    "pending": "Accepted",
    "in_progress": "At work",
    "needs_clarification": "Needs you",
    "needs_review": "Needs you",
    "completed": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


def show(job: Json) -> tuple[str, list[blocks.Block]]:
    """The text for notifications and the blocks; `job` is what the API shows of it."""
    state = _WORDS.get(str(job.get("state")), str(job.get("state")))
    title = one_line(job.get("title"))
    lines = [f"*{escaped(title)}*", f"{state}{_more(job)}", *_open_items(job), *_landed(job)]
    body = [blocks.marked("\n".join(lines)), blocks.small(_small(job)), _door(job)]
    return f"{state}: {escaped(title)}", body


def _more(job: Json) -> str:
    """What is worth a word beside the state."""
    reason = one_line(job.get("reason"), 500)
    if reason:
        return f": {escaped(reason)}"
    steps = _rows(job, "tasks")
    done = sum(step.get("state") == "completed" for step in steps)
    return f": {done} of {len(steps)} steps done" if steps and job.get("state") == "in_progress" else ""


def _open_items(job: Json) -> list[str]:
    """What waits for a person."""
    waiting = [row for row in _rows(job, "reviews") if row.get("state") == "open"]
    return [f"• waits for a decision: {escaped(one_line(row.get('title')))}" for row in waiting[:_MOST_SHOWN]]


def _landed(job: Json) -> list[str]:
    """What exists in the world by now, each where it can be looked at."""
    found = [row for row in _rows(job, "deliveries") if row.get("state") == "delivered"]
    said = [_effect(row) for row in found[:_MOST_SHOWN]]
    return [*said, f"• and {len(found) - _MOST_SHOWN} more"] if len(found) > _MOST_SHOWN else said


def _effect(row: Json) -> str:
    what = f"{row.get('kind', '')} by {row.get('target', '')}".replace("_", " ")
    detail = bounded(one_line(row.get("detail")), 80)
    return f"• {blocks.linked(str(row.get('url', '')), what)}{f' ({escaped(detail)})' if detail else ''}"


def _small(job: Json) -> str:
    client = one_line(job.get("client"))
    spent = int(job.get("spent_microusd") or 0) / 1_000_000
    cost = "cost unknown" if job.get("cost_unknown") else f"{spent:.2f} USD"
    parts = [f"for {escaped(client)}" if client else "our own work", f"priority {job.get('priority')}", cost]
    return " · ".join(parts)


def _door(job: Json) -> blocks.Block:
    return blocks.actions(blocks.door("Open", str(job.get("page", ""))))


def _rows(job: Json, name: str) -> list[dict[str, Any]]:
    return list(job.get(name) or [])
