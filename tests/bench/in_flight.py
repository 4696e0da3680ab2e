"""200 tasks at once on a model that takes 20 seconds for each: how long it takes, and in how much memory.

The real adapter against the emulated service, in a process of its own that does not count.
"""

import time

from django.db.models import Max

from jobs import dispatch
from jobs.models import Job, Run, Task
from jobs.states import JobState, RunState, TaskState
from tests.bench import place, processes, report, rows

_TASKS = 20 if place.quick() else 200
_MODEL_SECONDS = 2.0 if place.quick() else 20.0
_SECONDS = 240.0
_TOKEN = "sk-ant-bench-0001"


def measure() -> None:
    """From the bell to the last task's end; memory is the most that all processes of the house held together."""
    model, web = processes.free_port(), processes.free_port()
    service = ["-m", "tests.emulators.anthropic", "--port", str(model), "--token", _TOKEN, "--wits"]
    environment = {
        "NIGHTDESK_REHEARSAL": "off",
        "ANTHROPIC_API_KEY": _TOKEN,
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model}",
        # One slot is kept for clients.
        "NIGHTDESK_CONCURRENCY": str(_TASKS + 1),
        "NIGHTDESK_DAILY_BUDGET": "1000",
        "NIGHTDESK_NIGHT_BUDGET": "1000",
    }
    up = ["manage.py", "up", "--port", str(web)]
    slow = [*service, "--delay", str(_MODEL_SECONDS)]
    with processes.started(slow, port=model), processes.started(up, port=web, environment=environment) as pid:
        took, most, at_once = _work(pid)
    report.say(
        f"in_flight_{_TASKS}",
        value=took,
        unit="s",
        limit=_MODEL_SECONDS,
        limit_what="what the model takes for one of them",
        goal="ratio <= 2.5",
        at_once=at_once,
    )
    report.say(f"in_flight_{_TASKS}_memory", value=most, unit="MB", goal="value <= 1000")


def _work(pid: int) -> tuple[float, float, int]:
    """Seconds, the most megabytes, and the most tasks that were under way at one moment."""
    newest = Job.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rows.insert_jobs(first=newest + 1, last=newest + _TASKS, state=JobState.IN_PROGRESS)
    rows.insert_tasks(first=newest + 1, last=newest + _TASKS, state=TaskState.PENDING)
    rows.settle()
    began, most, at_once = time.monotonic(), 0.0, 0
    dispatch.ring(dispatch.AGENTS)
    while Task.objects.filter(state=TaskState.COMPLETED).count() < _TASKS:
        if failed := Task.objects.filter(state=TaskState.FAILED).first():
            raise RuntimeError(f"a task failed: {failed.reason}")
        if time.monotonic() - began > _SECONDS:
            raise processes.TooLate(f"{_TASKS} tasks: not within {_SECONDS:g} s")
        most = max(most, processes.memory(processes.family(pid)))
        at_once = max(at_once, Run.objects.filter(state=RunState.RUNNING).count())
        time.sleep(0.5)
    return time.monotonic() - began, most, at_once
