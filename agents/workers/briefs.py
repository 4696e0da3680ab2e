"""What an agent is told of its Task, read from the tables."""

from typing import Any, Literal

from django.utils import timezone

from agents.access import ALL_ACCESS, Access
from agents.contracts import Answer, Brief, ClientFacts, Earlier, Material, Revision
from agents.tools import pdf
from agents.tools.named import strings
from agents.workers.knowledge import knew_more, repository_of, written_knowing
from agents.workers.repositories import bound_to, owners_words
from jobs import queries
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import run as runs
from jobs.models import Artifact, Client, Job, Run, Task, Turn
from jobs.states import TaskState

# What an agent reads of one earlier artifact or file; the whole stays in the artifact.
_MAX_TEXT = 60_000
_MOST_KNOWN = 20
_MOST_BEFORE = 4
# What strangers sent is named apart, so that it is never taken for what an agent or the owner made.
_FROM_OUTSIDE = "received/"


def brief_for(run: Run, access: Access = ALL_ACCESS) -> Brief:
    """The Brief of a Run: of its Task, or of its Job where it plans; nothing private for an agent without access.

    One that reaches out is not told either what agents made who knew more.
    """
    brief = _whole(run)
    if access.private:
        return brief
    brief = brief.model_copy(update={"client": None, "known": []})
    if not access.reaches_out:
        return brief
    earlier = [
        step.model_copy(update={"output": {}, "materials": []}) if step.private else step for step in brief.earlier
    ]
    materials = [material for material in brief.materials if not material.private]
    return brief.model_copy(update={"earlier": earlier, "materials": materials})


def is_tainted(run: Run, brief: Brief) -> bool:
    """Whether words from outside can have gone into what the Run makes: by its job, its files or its tools."""
    given = [*brief.materials, *(material for step in brief.earlier for material in step.materials)]
    return (
        queries.is_from_outside(run.job)
        or any(material.untrusted for material in given)
        or any(_brought_in(turn) for turn in runs.turns_of(run).only("tool_results", "reply"))
    )


def _brought_in(turn: Turn) -> bool:
    """Whether a tool of ours, or one that the model's server ran, gave the model something to read."""
    blocks = turn.reply.get("content") or []
    return turn.tool_results is not None or any(str(one.get("type")).endswith("_tool_result") for one in blocks)


def _whole(run: Run) -> Brief:
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
        repositories=bound_to(job),
        owners_words=owners_words(job),
        asked=_asked(job),
        written_knowing=written_knowing(job),
    )


def _asked(job: Job) -> str | None:
    """What people had asked, where an agent wrote the request: the words that the chain began with."""
    if not job.depth:
        return None
    first = queries.lineage(job)[-1]
    return "\n".join([first.title, first.brief, *strings(first.data)])


def _client(client: Client | None) -> ClientFacts | None:
    if client is None:
        return None
    facts: dict[str, Any] = {"name": client.name, "tone": client.tone, "notes": client.notes}
    facts["house_style"] = client.house_style
    return ClientFacts(**facts, has_recipients=bool(client.way[1]))


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
            materials=[_material(row, done) for row in _latest(done)],
            private=knew_more(done),
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
    return [_material(row, task) for one in jobs for task in one.tasks.all() for row in _latest(task)]


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


def _material(row: Artifact, task: Task) -> Material:
    made: dict[str, Any] = {"name": row.name, "media_type": row.media_type, "untrusted": row.tainted}
    known: dict[str, Any] = {"private": knew_more(task), "repository": repository_of(task)}
    return Material(**made, **known, text=_text(row), agent=task.agent)


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
