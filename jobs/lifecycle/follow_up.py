"""Verbs of a follow-up: the jobs that a Task found to be needed, opened within bounds or refused in the history."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils.translation import gettext as _

from jobs import policy, queries
from jobs.lifecycle.job import open_job, tell
from jobs.models import Job
from jobs.states import OPEN_JOB


@dataclass(frozen=True)
class WantedJob:
    """Another job that a Task asks for; without a priority it has that of its own job, and never a higher one."""

    title: str
    brief: str
    priority: int | None = None


class _NotOpened(Exception):
    """A bound stands in the way; the message says which, for the history."""


def open_follow_ups(job: Job, wanted: Sequence[WantedJob], *, by: str) -> list[Job]:
    """Open what may be opened, and tell of that and of the rest in the job's history.

    Inside a transaction that holds the job's lock. Bounded in depth and, over all tasks and attempts, in number.
    The money comes out of what the job has left, so that a chain never spends more than its first job had. What was
    asked before in this chain, or is being worked on for the same client, is not opened again.
    """
    if not wanted:
        return []
    # Two jobs of one chain that end at the same moment look for each other's follow-ups in turn.
    root = queries.root_of(job)
    if root != job.pk:
        Job.objects.select_for_update(no_key=True).get(pk=root)
    opened = []
    for one in wanted:
        title = _plain(one.title)[:200] or _plain(one.brief)[:80]
        try:
            child = _open(job, one, by=by)
        except _NotOpened as reason:
            tell("job.not_followed", job, by=by, data={"title": title, "reason": str(reason)})
        else:
            shared = {"title": title, "job": child.pk, "microusd": child.budget_microusd}
            tell("job.followed", job, by=by, data=shared)
            opened.append(child)
    return opened


def _open(job: Job, wanted: WantedJob, *, by: str) -> Job:
    if not _plain(wanted.brief):
        raise _NotOpened(_("it has no brief"))
    _check_depth_and_number(job)
    _check_content(job, policy.content_digest(wanted.brief))
    return open_job(
        title=wanted.title,
        brief=wanted.brief,
        by=by,
        client=job.client,
        priority=max(job.priority, wanted.priority or job.priority),
        agents=job.agents,
        budget_microusd=_take_share(job),
        due_at=job.due_at,
        parent=job,
        depth=job.depth + 1,
    )


def _check_depth_and_number(job: Job) -> None:
    if job.depth >= policy.MAX_DEPTH:
        raise _NotOpened(
            _("a chain goes %(number)d jobs deep, and this one is its last") % {"number": policy.MAX_DEPTH}
        )
    if job.children.count() >= policy.MAX_FOLLOW_UPS:
        raise _NotOpened(
            _("one job opens at most %(number)d others, and it has") % {"number": policy.MAX_FOLLOW_UPS}
        )


def _check_content(job: Job, digest: str) -> None:
    """The loop guard: what goes round says the same again, in whichever job of the chain."""
    if same := next((one for one in queries.chain(job) if one.content_digest == digest), None):
        raise _NotOpened(_("“%(title)s” of this chain was asked the same") % {"title": same.title})
    alike = Job.objects.filter(content_digest=digest, client=job.client, state__in=OPEN_JOB)
    if same := alike.first():
        raise _NotOpened(_("“%(title)s”, which is still open, asks the same") % {"title": same.title})


def _take_share(job: Job) -> int:
    """Move the follow-up's money out of the job's own budget; what others spend meanwhile is not given away."""
    left = max(0, job.budget_microusd - job.spent_microusd - job.reserved_microusd)
    share = policy.follow_up_share(left, job.children.count())
    still_there = Job.objects.filter(
        pk=job.pk, budget_microusd__gte=F("spent_microusd") + F("reserved_microusd") + share
    )
    if share < policy.MIN_FOLLOW_UP_MICROUSD or not still_there.update(
        budget_microusd=F("budget_microusd") - share
    ):
        raise _NotOpened(_("too little is left of the budget of this job to share it"))
    job.budget_microusd -= share
    return share


def _plain(text: str) -> str:
    """On one line, without NUL, which PostgreSQL refuses."""
    return " ".join(text.replace("\x00", "").split())
