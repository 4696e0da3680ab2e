"""Verb of a review step: what fails its rubric goes back, with the critique, to the step that made it."""

from typing import Any

from django.db import transaction

from jobs import policy
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import run as runs
from jobs.lifecycle.job import lock, settle
from jobs.lifecycle.moves import move
from jobs.lifecycle.task import Result
from jobs.models import Job, Run, Task
from jobs.states import RunState, TaskState

_NOT_BEGUN = {TaskState.BLOCKED, TaskState.PENDING}


class _NotAgain(Exception):
    """A bound stands in the way: the judgement stands as it is."""


def send_back(run: Run, result: Result, *, position: int, note: str, by: str) -> bool:
    """Keep the critique and start the judged step again with it, then this one. Raises LostRace.

    False, and nothing is written, where a step was sent back twice already, is not finished, or is in use by
    another one: the judgement then ends like any other task. No task is added, so the job keeps to its five.
    """
    for file in result.files:
        artifacts.keep(file)
    try:
        with transaction.atomic():
            runs.end(run, RunState.SUCCEEDED, how=result.summary, by=by)
            job = lock(run.job_id)
            judging = Task.objects.get(runs=run)
            judged = _judged(job, position, judging)
            for file in result.files:
                artifacts.enter(file, task=judging, run=run, by=by)
            _start_again(job, judged, judging, note=note, summary=result.summary, by=by)
            settle(job.pk, by=by)
    except _NotAgain:
        run.refresh_from_db(fields=["state"])
        return False
    return True


def _judged(job: Job, position: int, judging: Task) -> Task:
    # Locked, so that a claim of this very moment is waited for and seen.
    tasks = list(job.tasks.select_for_update(no_key=True))
    judged = next((task for task in tasks if task.position == position), None)
    if judged is None or position not in judging.needs or judged.state != TaskState.COMPLETED:
        raise _NotAgain
    if judged.sent_back >= policy.MAX_SENT_BACK:
        raise _NotAgain
    others = [task for task in tasks if position in task.needs and task.pk != judging.pk]
    if any(task.state not in _NOT_BEGUN for task in others):
        raise _NotAgain
    return judged


def _start_again(job: Job, judged: Task, judging: Task, *, note: str, summary: str, by: str) -> None:
    again: dict[str, Any] = {"starts": 0, "finished_at": None, "ready_at": job.created_at}
    move(
        judged,
        TaskState.PENDING,
        event="task.sent_back",
        by=by,
        revision_note=note,
        round=judged.round + 1,
        sent_back=judged.sent_back + 1,
        **again,
    )
    move(
        judging,
        TaskState.BLOCKED,
        event="task.judged",
        by=by,
        summary=summary[:300],
        round=judging.round + 1,
        **again,
    )
    for task in job.tasks.filter(state=TaskState.PENDING).exclude(pk=judged.pk):
        if judged.position in task.needs:
            move(task, TaskState.BLOCKED, event="task.held", by=by)
