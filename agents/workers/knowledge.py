"""Who was told what is private: it follows what they made, and what they asked others to do."""

from collections.abc import Iterator
from itertools import pairwise

from django.conf import settings

from agents import registry
from jobs import queries
from jobs.models import Job, Task
from jobs.states import TaskState

# Whatever is no repository's: what is known of the client, a page of the owner's.
ELSE = ""


def knew_more(task: Task) -> bool:
    """Whether the agent of a Task was told what is private; one that is gone is taken for it."""
    try:
        return registry.access_for(registry.load(task.agent), task.input, settings.AGENT_OPTIONS).private
    except (registry.UnknownAgent, registry.BrokenAgent):
        return True


def repository_of(task: Task) -> str:
    """The repository whose code the Task's artifacts are; empty if they are none."""
    has_branch = task.agent == "code"
    return str((task.output or {}).get("repository", "")) if has_branch else ""


def written_knowing(job: Job) -> list[str]:
    """What those knew who wrote the request, where agents did: names of repositories, and ELSE; sorted.

    What a first one knew, all that came of its request know.
    """
    known: set[str] = set()
    for child, parent in pairwise(queries.lineage(job)):
        if child.depth > parent.depth:
            known |= {what for task in _writers(child, parent) for what in _known_to(task)}
    return sorted(known)


def _writers(child: Job, parent: Job) -> list[Task]:
    """The tasks that can have asked for a follow-up: those of the agent that its row names."""
    done = list(parent.tasks.filter(state__in=[TaskState.COMPLETED, TaskState.NEEDS_REVIEW]))
    named = [task for task in done if child.created_by == f"agent:{task.agent}"]
    return named or list(parent.tasks.all())


def _known_to(task: Task) -> Iterator[str]:
    """A Task of code knows its repository; everybody else who is told what is private knows more than one."""
    if not knew_more(task):
        return
    yield repository_of(task) or ELSE
    needed = task.job.tasks.filter(position__in=task.needs)
    if any(knew_more(one) and repository_of(one) != repository_of(task) for one in needed):
        yield ELSE
