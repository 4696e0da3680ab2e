"""The house's own words as people read them: states, agents, kinds. What is not listed is shown as it is."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext, pgettext_lazy

_Words = Mapping[str, Any]

STATES: _Words = {
    "pending": pgettext_lazy("state", "pending"),
    "in_progress": pgettext_lazy("state", "in progress"),
    "needs_clarification": pgettext_lazy("state", "needs clarification"),
    "needs_review": pgettext_lazy("state", "needs review"),
    "completed": pgettext_lazy("state", "completed"),
    "failed": pgettext_lazy("state", "failed"),
    "cancelled": pgettext_lazy("state", "cancelled"),
    "blocked": pgettext_lazy("state", "blocked"),
    "running": pgettext_lazy("state", "running"),
    "parked": pgettext_lazy("state", "parked"),
    "succeeded": pgettext_lazy("state", "succeeded"),
    "abandoned": pgettext_lazy("state", "abandoned"),
    "open": pgettext_lazy("state", "open"),
    "revising": pgettext_lazy("state", "revising"),
    "approved": pgettext_lazy("state", "approved"),
    "declined": pgettext_lazy("state", "declined"),
    "answered": pgettext_lazy("state", "answered"),
    "superseded": pgettext_lazy("state", "superseded"),
    "held": pgettext_lazy("state", "held"),
    "sending": pgettext_lazy("state", "sending"),
    "unknown": pgettext_lazy("state", "unknown"),
    "delivered": pgettext_lazy("state", "delivered"),
    # what an event came to
    "opened": pgettext_lazy("state", "opened"),
    "unmatched": pgettext_lazy("state", "unmatched"),
    "ignored": pgettext_lazy("state", "ignored"),
    "fault": pgettext_lazy("state", "fault"),
    "test": pgettext_lazy("state", "test"),
    # how a branch's checks ended
    "passed": pgettext_lazy("state", "passed"),
    "success": pgettext_lazy("state", "success"),
    "failure": pgettext_lazy("state", "failure"),
    "skipped": pgettext_lazy("state", "skipped"),
    "neutral": pgettext_lazy("state", "neutral"),
    "timed_out": pgettext_lazy("state", "timed out"),
    # how a turn ended
    "end_turn": pgettext_lazy("state", "end turn"),
    "tool_use": pgettext_lazy("state", "tool use"),
    "max_tokens": pgettext_lazy("state", "max tokens"),
    "refusal": pgettext_lazy("state", "refusal"),
    # kinds of effects
    "client_message": pgettext_lazy("effect", "message to the client"),
    "document": pgettext_lazy("effect", "document"),
    "branch": pgettext_lazy("effect", "branch"),
    "merge": pgettext_lazy("effect", "merge"),
    "brief": pgettext_lazy("effect", "brief"),
}
AGENTS: _Words = {
    "research": pgettext_lazy("agent", "research"),
    "drafting": pgettext_lazy("agent", "drafting"),
    "review": pgettext_lazy("agent", "review"),
    "code": pgettext_lazy("agent", "code"),
    "communication": pgettext_lazy("agent", "communication"),
    "orchestrator": pgettext_lazy("agent", "orchestrator"),
}
_EFFECTS: _Words = {
    "client_message": _("the message to the client"),
    "document": _("the document"),
    "branch": _("the branch"),
    "merge": _("the merge"),
    "brief": _("the brief"),
}
KINDS: _Words = {
    "message": _("Client message"),
    "merge": _("Pull request"),
    "question": _("Question"),
    "failure": _("Failure"),
    "alarm": _("Alarm"),
}
# A row as the thing that a sentence is about.
ROWS: _Words = {
    "job": _("the job"),
    "task": _("the task"),
    "run": _("the attempt"),
    "review": _("the item"),
    "delivery": _("the delivery"),
}
# The engine room's tables, by the names of their models.
TABLES: _Words = {
    "Artifact": _("Artifacts"),
    "Client": _("Clients"),
    "Delivery": _("Deliveries"),
    "Event": _("Events"),
    "Job": _("Jobs"),
    "Receipt": _("Receipts"),
    "Review": _("Reviews"),
    "Run": _("Runs"),
    "Task": _("Tasks"),
    "Token": _("Tokens"),
    "Trigger": _("Triggers"),
    "Turn": _("Turns"),
}
# What the set-up page looks at; what is not listed has a name of its own.
PARTS: _Words = {
    "mail": _("Mail"),
    "folder": _("Folder"),
    "git": "Git",
    "github": "GitHub",
    "slack": "Slack",
    "slack_connect": "Slack Connect",
    "notion": "Notion",
    "webhooks": _("Webhooks"),
    "python": "Python",
    "disk": _("Disk"),
    "database": _("Database"),
    "doorbell": _("Doorbell"),
    "artifacts": _("Artifacts"),
    "spool": _("Spool"),
    "backup": _("Backup"),
    "model": _("Model"),
    "repositories": _("Repositories"),
    "reading": _("Reading"),
    "cell": _("Cell for code"),
    "workers": _("Workers"),
}
_COUNTED: _Words = {
    "message": ngettext_lazy("%(number)d client message", "%(number)d client messages", "number"),
    "merge": ngettext_lazy("%(number)d pull request", "%(number)d pull requests", "number"),
    "question": ngettext_lazy("%(number)d question", "%(number)d questions", "number"),
    "failure": ngettext_lazy("%(number)d failure", "%(number)d failures", "number"),
    "alarm": ngettext_lazy("%(number)d alarm", "%(number)d alarms", "number"),
}


def state(name: str) -> str:
    """A state, an outcome or a kind of effect in words."""
    return str(STATES.get(name) or name.replace("_", " "))


def effect(name: str) -> str:
    """An effect as the thing that a sentence is about."""
    return str(_EFFECTS.get(name, name))


def agent(name: str) -> str:
    """What an agent does, in a word."""
    return str(AGENTS.get(name, name))


def kind(name: str) -> str:
    """The kind of an item of the inbox."""
    return str(KINDS.get(name, name))


def row(noun: str) -> str:
    """A row of this kind as the thing that a sentence is about."""
    return str(ROWS.get(noun, noun))


def part(name: str) -> str:
    """What the set-up page looks at, as its row is called."""
    return str(PARTS.get(name, name))


def clock(moment: datetime.datetime) -> str:
    """A moment as a clock time in the reader's zone, with its date unless it is near."""
    local, now = timezone.localtime(moment), timezone.localtime()
    is_near = abs(local - now) < datetime.timedelta(hours=22)
    return f"{local:%H:%M}" if is_near else date_format(local, pgettext("date format", "j M, H:i"))


def counted(name: str, number: int) -> str:
    """So many items of a kind: 2 pull requests."""
    return str(_COUNTED[name] % {"number": number}) if name in _COUNTED else f"{number} {name}"
