"""One job with everything that its page shows, in a number of reads that does not grow with what was done."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from jobs import queries
from jobs.models import Artifact, Delivery, Event, Job, Review, Run, Task, Turn
from jobs.spending import Saved

# A person who runs the same again and again has a long chain; its page shows so many jobs of it.
CHAIN_SIZE = 100
# A conversation is bounded by its agent's limits; beyond this a page would be a book.
TURNS_SHOWN = 60
# What a job names, each read along with it.
_BESIDE = ("client", "trigger", "receipt", "after", "again_of", "parent")
# Up to the first job, then down to all that came of it. An id is higher than its parent's.
_CHAIN = """
WITH RECURSIVE up(id, parent_id) AS (
    SELECT id, parent_id FROM jobs_job WHERE id = %s
    UNION ALL SELECT above.id, above.parent_id FROM jobs_job above JOIN up ON above.id = up.parent_id
), chain(id) AS (
    SELECT id FROM up WHERE parent_id IS NULL
    UNION ALL SELECT below.id FROM jobs_job below JOIN chain ON below.parent_id = chain.id
) SELECT id, uid, title, state, created_by, spent_microusd, budget_microusd, parent_id
FROM jobs_job WHERE id IN (SELECT id FROM chain) ORDER BY id LIMIT %s
"""


@dataclass
class Version:
    """One artifact of a step, and the version before it, if there is one."""

    row: Artifact
    before: Artifact | None


@dataclass
class Step:
    """One task with its attempts and what it made."""

    task: Task
    runs: list[Run] = field(default_factory=list)
    made: list[Version] = field(default_factory=list)

    @property
    def microusd(self) -> int:
        """What its attempts cost."""
        return sum(run.cost_microusd for run in self.runs)

    @property
    def is_unpriced(self) -> bool:
        """Whether a part of that is unknown."""
        return any(run.cost_unknown for run in self.runs)


@dataclass
class Record:
    """A job and its rows. `planning` are its attempts at planning; `chain` is empty where it stands alone."""

    job: Job
    steps: list[Step]
    planning: list[Run]
    received: list[Artifact]
    deliveries: list[Delivery]
    reviews: list[Review]
    events: list[Event]
    chain: list[Job]
    saved: Saved

    @property
    def runs(self) -> list[Run]:
        """Every attempt, the oldest first."""
        return sorted([*self.planning, *(run for step in self.steps for run in step.runs)], key=lambda run: run.pk)


def read(uid: uuid.UUID) -> Record | None:
    """The job with this uid; None if there is none. At most eight reads."""
    tasks = _tasks(uid)
    job = tasks[0].job if tasks else _job(uid)
    if job is None:
        return None
    steps = {task.pk: Step(task) for task in tasks}
    runs, artifacts = _runs(job), _artifacts(job)
    for run in runs:
        if run.task_id:
            steps[run.task_id].runs.append(run)
    for version in _versions(row for row in artifacts if row.task_id):
        steps[version.row.task_id or 0].made.append(version)
    return Record(
        job=job,
        steps=list(steps.values()),
        planning=[run for run in runs if run.task_id is None],
        received=[row for row in artifacts if row.task_id is None],
        deliveries=list(Delivery.objects.filter(job=job).order_by("id")),
        reviews=list(Review.objects.filter(job=job).order_by("id")),
        events=queries.timeline(job.pk),
        chain=_chain(job) if job.parent_id or not tasks or _has_children(tasks[0]) else [],
        saved=_saved(runs),
    )


def run(uid: uuid.UUID, pk: int) -> tuple[Run, list[Turn]] | None:
    """One attempt of the job, with every word that was asked and answered; None if there is none. Two reads."""
    rows = Run.objects.select_related("job__client", "task").filter(job__uid=uid, pk=pk)
    found = rows.first()
    return (found, list(found.turns.order_by("number")[:TURNS_SHOWN])) if found else None


def versions(uid: uuid.UUID, pk: int) -> tuple[Artifact, Artifact | None] | None:
    """One artifact of the job and the version before it; None if there is none. Two reads."""
    found = Artifact.objects.select_related("job", "task").filter(job__uid=uid, pk=pk).first()
    if found is None:
        return None
    earlier = Artifact.objects.filter(task=found.task_id, name=found.name, version__lt=found.version)
    return found, earlier.order_by("-version").first()


def _job(uid: uuid.UUID) -> Job | None:
    """The job before it is planned."""
    return Job.objects.select_related(*_BESIDE).defer("receipt__body").filter(uid=uid).first()


def _tasks(uid: uuid.UUID) -> list[Task]:
    """The tasks of the job in order, each with the job and what stands beside it: one read for both."""
    beside = ["job", *(f"job__{name}" for name in _BESIDE)]
    rows = Task.objects.filter(job__uid=uid).select_related(*beside).defer("job__receipt__body")
    children = Job.objects.filter(parent=OuterRef("job"))
    return list(rows.annotate(has_children=Exists(children)).order_by("position"))


def _runs(job: Job) -> list[Run]:
    """Its attempts, each with what its turns saved and how many they were."""
    rows = Run.objects.filter(job=job).select_related("task").order_by("id")
    sums = {"by_cache": Coalesce(Sum("turns__cache_saved_microusd"), 0)}
    sums["by_batch"] = Coalesce(Sum("turns__batch_saved_microusd"), 0)
    return list(rows.annotate(number_of_turns=Count("turns"), **sums))


def _artifacts(job: Job) -> list[Artifact]:
    """What it made, and what came with its event."""
    receipt_id = queries.came_with(job)
    came = Q(receipt=receipt_id) if receipt_id else Q(pk__in=[])
    return list(Artifact.objects.filter(Q(job=job) | came).order_by("id"))


def _versions(rows: Iterable[Artifact]) -> list[Version]:
    latest: dict[tuple[int | None, str], Artifact] = {}
    found = []
    for row in rows:
        found.append(Version(row, latest.get((row.task_id, row.name))))
        latest[row.task_id, row.name] = row
    return found


def _saved(runs: list[Run]) -> Saved:
    by_cache, by_batch = (sum(getattr(run, name) for run in runs) for name in ("by_cache", "by_batch"))
    return Saved(sum(run.cost_microusd for run in runs), by_cache, by_batch)


def _has_children(task: Task) -> bool:
    return bool(getattr(task, "has_children", True))


def _chain(job: Job) -> list[Job]:
    """The job that all began with and every job that came of it, each after its parent."""
    return list(Job.objects.raw(_CHAIN, [job.pk, CHAIN_SIZE]))
