"""What the whole house holds in memory, idle and while 50 tasks wait for a slow model."""

from django.db.models import Max

from jobs import dispatch
from jobs.models import Job, Run
from jobs.states import JobState, RunState, TaskState
from tests.bench import processes, report, rows

_TASKS = 50
_SECONDS = 60.0


def measure() -> None:
    """The same processes, before and while; pages that several of them share count once."""
    with processes.house() as pid:
        idle = processes.memory(processes.family(pid))
        newest = Job.objects.aggregate(newest=Max("pk"))["newest"]
        rows.insert_jobs(first=newest + 1, last=newest + _TASKS, state=JobState.IN_PROGRESS)
        rows.insert_tasks(first=newest + 1, last=newest + _TASKS, state=TaskState.PENDING)
        rows.settle()
        dispatch.ring(dispatch.AGENTS)
        processes.until(_are_waiting, seconds=_SECONDS, what=f"{_TASKS} tasks wait for the model")
        family = processes.family(pid)
        busy = processes.memory(family)
    report.say("memory_idle", value=idle, unit="MB", goal="value <= 350")
    report.say(
        f"memory_{_TASKS}_waiting",
        value=busy,
        unit="MB",
        limit=idle,
        limit_what="the same processes while idle",
        goal="value <= 500",
        processes=len(family),
    )


def _are_waiting() -> bool:
    return Run.objects.filter(state=RunState.RUNNING, task__isnull=False).count() >= _TASKS
