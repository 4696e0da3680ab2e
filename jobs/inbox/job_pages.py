"""The contexts of the pages of one job: itself, one attempt in full, one artifact against its version before."""

import difflib
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import record, terms, waiting
from jobs.inbox import graph, job_forms, transcripts
from jobs.inbox.comparing import compare
from jobs.inbox.rendering import parse_diff
from jobs.lifecycle import artifact as artifacts
from jobs.models import Artifact, Job
from jobs.states import OPEN_JOB, JobState

_PROSE = (".md", ".txt")


@dataclass
class Link:
    """One job of a chain and what came of it; `is_here` for the one whose page it is."""

    job: Job
    is_here: bool
    children: list["Link"] = field(default_factory=list)


def job(uid: uuid.UUID, *, refusal: str = "", again: job_forms.Again | None = None) -> dict[str, Any] | None:
    """One job: what was asked, where it stands, what it made, cost and went through; None if there is none."""
    found = record.read(uid)
    if found is None:
        return None
    job, events, tasks = found.job, found.events, [step.task for step in found.steps]
    rows: dict[str, Any] = {
        "tasks": tasks,
        "runs": found.runs,
        "reviews": found.reviews,
        "deliveries": found.deliveries,
    }
    names = {("task", task.pk): _("“%(title)s”") % {"title": task.title} for task in tasks}
    names |= {("delivery", row.pk): terms.effect(row.kind) for row in found.deliveries}
    return {
        "job": job,
        "steps": found.steps,
        "graph": graph.draw(tasks) if tasks else None,
        "planning": found.planning,
        "received": found.received,
        "deliveries": found.deliveries,
        "reviews": found.reviews,
        "events": events,
        "chain": _tree(found),
        "is_over_budget": (job.estimate_microusd or 0) > job.budget_microusd,
        "saved": found.saved,
        "handed": sum(event.data.get("microusd", 0) for event in events if event.name == "job.followed"),
        "names": names,
        "is_open": job.state in OPEN_JOB,
        "why": waiting.reason(job, timezone.now(), **rows),
        "can_retry": job.state == JobState.FAILED,
        "can_cancel": job.state in OPEN_JOB or job.state == JobState.FAILED,
        "again": again or job_forms.Again(),
        "refusal": refusal,
        "stamp": f"{events[-1].pk if events else 0}-{job.spent_microusd}",
    }


def run(uid: uuid.UUID, run_id: int) -> dict[str, Any] | None:
    """One attempt with all that was asked and said; None if there is none."""
    found = record.run(uid, run_id)
    if found is None:
        return None
    return {"run": found[0], "turns": [transcripts.spoken(turn) for turn in found[1]]}


def versions(uid: uuid.UUID, artifact_id: int) -> dict[str, Any] | None:
    """What changed in an artifact since the version before it; None where there is none."""
    found = record.versions(uid, artifact_id)
    if found is None or found[1] is None:
        return None
    now, before = found[0], found[1]
    context: dict[str, Any] = {"now": now, "before": before}
    try:
        old, new = _text(before), _text(now)
    except (artifacts.Corrupt, FileNotFoundError) as error:
        return {**context, "problem": str(error)}
    except UnicodeDecodeError:
        return {**context, "problem": _("It is no text: both versions can be had below.")}
    if old == new:
        return context
    if now.name.endswith(_PROSE):
        return {**context, "pieces": compare(old, new)}
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), now.name, now.name, lineterm="")
    return {**context, "files": parse_diff("\n".join(lines))}


def _text(row: Artifact) -> str:
    return artifacts.load(row.sha256).decode()


def _tree(found: record.Record) -> list[Link]:
    """The tree that the job stands in, from the first job on; empty where it stands alone."""
    links = {one.pk: Link(one, is_here=one.pk == found.job.pk) for one in found.chain}
    if len(links) < 2:
        return []
    first, *others = links.values()
    for link in others:
        links.get(link.job.parent_id or 0, first).children.append(link)
    return [first]
