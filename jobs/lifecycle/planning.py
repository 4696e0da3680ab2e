"""Verbs of a planning Run: what becomes of a Job when the orchestrator has looked at it."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import dispatch, policy
from jobs.lifecycle import question as questions
from jobs.lifecycle import run as runs
from jobs.lifecycle.job import lock, open_failure, open_job, tell
from jobs.lifecycle.moves import move
from jobs.models import Job, Review, Run, Task
from jobs.states import JobState, RunState, TaskState


@dataclass(frozen=True)
class PlannedStep:
    """One step of a plan that was checked against the catalogue; `needs` are positions from 1."""

    agent: str
    title: str
    input: dict[str, Any]
    needs: list[int] = field(default_factory=list)


def accept_plan(
    run: Run,
    steps: Sequence[PlannedStep],
    *,
    by: str,
    rests_on: Sequence[dict[str, str]] = (),
    estimate_microusd: int | None = None,
) -> list[Task]:
    """Turn the steps into Tasks; those that need nothing are ready at once. Raises LostRace.

    `rests_on` are answers of earlier jobs that the plan cites: they join this job's own, with their date.
    Raises ValueError for a number of steps that no plan has, and for an agent that may not work on the job.
    """
    if not 1 <= len(steps) <= policy.MAX_STEPS:
        raise ValueError(f"a plan has 1 to {policy.MAX_STEPS} steps")
    may = Job.objects.values_list("agents", flat=True).get(pk=run.job_id)
    if others := [step.agent for step in steps if may and step.agent not in may]:
        raise ValueError(f"the rule of this job does not allow: {', '.join(others)}")
    with transaction.atomic():
        runs.end(
            run,
            RunState.SUCCEEDED,
            how=ngettext("planned %d step", "planned %d steps", len(steps)) % len(steps),
            by=by,
        )
        job = lock(run.job_id)
        tasks = Task.objects.bulk_create(
            Task(
                job=job,
                client_id=job.client_id,
                position=position,
                agent=step.agent,
                title=step.title,
                input=step.input,
                needs=step.needs,
                priority=job.priority,
                state=TaskState.BLOCKED if step.needs else TaskState.PENDING,
                ready_at=job.created_at,
            )
            for position, step in enumerate(steps, start=1)
        )
        answers = [*job.answers, *rests_on]
        Job.objects.filter(pk=job.pk).update(starts=0, estimate_microusd=estimate_microusd, answers=answers)
        tell("job.planned", job, by=by, data={"steps": [step.title for step in steps]})
        dispatch.wake(dispatch.AGENTS)
    return tasks


def split(run: Run, parts: Sequence[tuple[str, str]], *, reason: str, by: str) -> list[Job]:
    """Turn one request into two jobs (title, brief); the second starts when the first is completed.

    Both name this job as their parent, and know what its owner answered.
    """
    with transaction.atomic():
        runs.end(run, RunState.SUCCEEDED, how=_("split in two"), by=by)
        job = lock(run.job_id)
        made: list[Job] = []
        for title, brief in parts:
            made.append(
                open_job(
                    title=title,
                    brief=brief,
                    by=by,
                    client=job.client,
                    priority=job.priority,
                    data=job.data,
                    agents=job.agents,
                    budget_microusd=max(0, job.budget_microusd - job.spent_microusd) // len(parts),
                    due_at=job.due_at,
                    parent=job,
                    after=made[-1] if made else None,
                    depth=job.depth,
                )
            )
        Job.objects.filter(pk__in=[part.pk for part in made]).update(answers=job.answers)
        # What this job was given by the one before it is for its first part now: that one is completed.
        Job.objects.filter(pk=made[0].pk).update(after=job.after)
        # What waited for the whole waits for its last part.
        job.followers.filter(state=JobState.PENDING).exclude(pk__in=[part.pk for part in made]).update(
            after=made[-1]
        )
        move(
            job,
            JobState.COMPLETED,
            event="job.split",
            by=by,
            reason=reason,
            finished_at=timezone.now(),
            data={"jobs": [part.pk for part in made]},
        )
    return made


def ask(run: Run, *, question: str, suggestions: list[str], recommended: int, by: str, **more: Any) -> Review:
    """Stop the Job with a question for a person; the answer joins the brief. `more`: see `question.ask`."""
    with transaction.atomic():
        runs.end(run, RunState.SUCCEEDED, how="asked a question", by=by)
        job = lock(run.job_id)
        move(job, JobState.NEEDS_CLARIFICATION, event="job.asked", by=by, reason=question, starts=0)
        return questions.ask(job, question=question, suggestions=suggestions, recommended=recommended, **more)


def give_back(run: Run, *, how: str, delay_seconds: float, by: str, billed_unknown: bool = False) -> None:
    """The planning Run ended early for a reason that passes: the Job is ready again after the delay."""
    with transaction.atomic():
        runs.end(run, RunState.ABANDONED, how=how, by=by, billed_unknown=billed_unknown)
        job = lock(run.job_id)
        ready_at = timezone.now() + datetime.timedelta(seconds=delay_seconds)
        move(job, JobState.PENDING, event="job.given_back", by=by, ready_at=ready_at, reason=how, starts=0)
        dispatch.wake(dispatch.AGENTS)


def fail(run: Run, *, cause: str, fix: str, by: str, kind: str = "") -> None:
    """The planning Run cannot succeed as things are: the Job fails, with one item for a person."""
    with transaction.atomic():
        # What is still reserved was on its way to the model when it broke: it may have been billed.
        runs.end(run, RunState.FAILED, how=cause, by=by, billed_unknown=True)
        job = lock(run.job_id)
        move(job, JobState.FAILED, event="job.failed", by=by, reason=cause, finished_at=timezone.now())
        open_failure(job, None, cause=cause, fix=fix, kind=kind)


def rescue(run: Run, *, by: str) -> None:
    """Take a planning Run from a holder that is gone: the Job is ready again, or set aside after three starts.

    Only starts that got no further count: the bystanders of a process that dies again and again are not set aside.
    """
    with transaction.atomic():
        runs.end(run, RunState.ABANDONED, how="its process died or lost its lease", by=by, billed_unknown=True)
        job = lock(run.job_id)
        starts = 1 if runs.got_further(run) else job.starts
        if starts >= policy.MAX_STARTS:
            cause = _("Planning was started %(number)d times and its process died each time.") % {
                "number": job.starts
            }
            move(job, JobState.FAILED, event="job.failed", by=by, reason=cause, finished_at=timezone.now())
            open_failure(job, None, cause=cause, fix=_("Look at the worker's log, then retry."))
            return
        ready_at = timezone.now() + datetime.timedelta(seconds=policy.restart_delay_seconds(starts, job.pk))
        move(job, JobState.PENDING, event="job.given_back", by=by, ready_at=ready_at, starts=starts)
        dispatch.wake(dispatch.AGENTS)
