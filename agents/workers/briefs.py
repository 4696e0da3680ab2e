"""What an agent is told of its Task, read from the tables."""

from typing import Any, Literal

from django.utils import timezone

from agents.contracts import Answer, Brief, ClientFacts, Earlier, Material, Revision
from agents.tools import pdf
from jobs import queries
from jobs.lifecycle import artifact as artifacts
from jobs.models import Artifact, Client, Job, Run, Task
from jobs.states import TaskState

# What an agent reads of one earlier artifact or file; the whole stays in the artifact.
_MAX_TEXT = 60_000
_MOST_KNOWN = 20
_MOST_BEFORE = 4
# What strangers sent is named apart, so that it is never taken for what an agent or the owner made.
_FROM_OUTSIDE = "received/"


def brief_for(run: Run) -> Brief:
    """The Brief of a Run: of its Task, or of its Job where it plans."""
    job = run.job
    task = run.task
    return Brief(
        job_uid=str(job.uid),
        job_title=job.title,
        job_brief=job.brief,
        client=_client(job.client),
        data={name: value for name, value in job.data.items() if name != "files"},
        answers=[_answer(said) for said in job.answers],
        known=[] if task or job.client is None else _known(job.client),
        part_of=_origin(job) if task is None else "",
        task_title=task.title if task else "",
        input=task.input if task else {},
        earlier=_earlier(job, task) if task and task.needs else [],
        materials=[*_files(job), *_received(job), *_from_job_before(job)],
        revision=_revision(task) if task else None,
    )


def _client(client: Client | None) -> ClientFacts | None:
    if client is None:
        return None
    facts: dict[str, Any] = {"name": client.name, "tone": client.tone, "notes": client.notes}
    facts["house_style"] = client.house_style
    return ClientFacts(**facts, has_recipients=bool(client.recipients))


def _answer(said: dict[str, str]) -> Answer:
    return Answer(question=said["question"], answer=said["answer"], said_on=said.get("said_on", ""))


def _known(client: Client) -> list[Answer]:
    """What holds for this client, as the owner said it in earlier jobs: the newest, in the order it was said."""
    rows = list(client.known_answers.order_by("-said_at", "-id")[:_MOST_KNOWN])
    return [
        Answer(question=row.question, answer=row.answer, said_on=timezone.localdate(row.said_at).isoformat())
        for row in reversed(rows)
    ]


def _origin(job: Job) -> str:
    """The title of the request that was split, if this job is one half of it. A follow-up is deeper."""
    return job.parent.title if job.parent and job.parent.depth == job.depth else ""


def _earlier(job: Job, task: Task) -> list[Earlier]:
    needed = job.tasks.filter(position__in=task.needs, state=TaskState.COMPLETED).order_by("position")
    return [
        Earlier(
            position=done.position,
            agent=done.agent,
            title=done.title,
            output=done.output or {},
            materials=[_material(row, done.agent) for row in _latest(done)],
        )
        for done in needed
    ]


def _received(job: Job) -> list[Material]:
    """The files that came with the job's event."""
    return [
        Material(name=f"{_FROM_OUTSIDE}{row.name}", media_type=row.media_type, text=_readable(row))
        for row in queries.received_with(job)
    ]


def _from_job_before(job: Job) -> list[Material]:
    """The second half of a split request works on what the first half made, in however many jobs."""
    jobs: list[Job] = []
    before = job.after
    while before and len(jobs) < _MOST_BEFORE:
        jobs.insert(0, before)
        before = before.after
    return [_material(row, task.agent) for one in jobs for task in one.tasks.all() for row in _latest(task)]


def _revision(task: Task) -> Revision | None:
    if not task.revision_note:
        return None
    texts = [_text(row) for row in _latest(task) if row.kind in {"message", "draft", "patch"}]
    by: Literal["owner", "review"] = "review" if task.sent_back else "owner"
    return Revision(note=task.revision_note, previous="\n\n".join(texts), by=by, output=task.output or {})


def _latest(task: Task) -> list[Artifact]:
    """The newest version of each of the task's artifacts, in the order they were first made."""
    newest: dict[str, Artifact] = {}
    for row in task.artifacts.order_by("id"):
        newest[row.name] = row
    return list(newest.values())


def _material(row: Artifact, agent: str) -> Material:
    return Material(name=row.name, media_type=row.media_type, text=_text(row), agent=agent)


def _text(row: Artifact) -> str:
    return artifacts.load(row.sha256).decode("utf-8", errors="replace")[:_MAX_TEXT]


def _readable(row: Artifact) -> str:
    """The text of a file that may be anything; of one that holds none, a line that says so."""
    content = artifacts.load(row.sha256)
    try:
        text = pdf.text_of(content) if content.startswith(pdf.MAGIC) else content.decode("utf-8-sig")
        return text.replace("\x00", "")[:_MAX_TEXT]
    except UnicodeDecodeError:
        return f"[This file is no text: {row.media_type}, {row.size:,} bytes. Nobody here can read it.]"
    except pdf.Unreadable as error:
        return f"[This PDF cannot be read: {error}.]"


def _files(job: Job) -> list[Material]:
    """The files that came with the job. A stranger's event may have a value of that name too, of any form."""
    given = job.data.get("files")
    return [
        Material(name=file["name"], media_type="text/plain", text=file["text"][:_MAX_TEXT])
        for file in (given if isinstance(given, list) else [])
        if isinstance(file, dict) and isinstance(file.get("name"), str) and isinstance(file.get("text"), str)
    ]
