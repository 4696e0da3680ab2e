"""The kinds of agents, one a file, and what they share: how a Task is put before a model, how a text is filed."""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from agents.contracts import Brief, Desk, FollowUp, Made, Revision, Unable
from agents.loop import fence
from agents.tools.materials import every_material
from agents.words import _, gettext_noop

REHEARSAL = "rehearsal"
MOST_IN_NAME = 60
REHEARSAL_NOTE = "> Rehearsal: made without a model key, nothing here was thought by a model."

Given = TypeVar("Given", bound=BaseModel)
_COUNTED = {
    "file": (gettext_noop("{number} file"), gettext_noop("{number} files")),
    "word": (gettext_noop("{number} word"), gettext_noop("{number} words")),
    "source": (gettext_noop("{number} source"), gettext_noop("{number} sources")),
    "point": (gettext_noop("{number} point"), gettext_noop("{number} points")),
    "sentence": (gettext_noop("{number} sentence"), gettext_noop("{number} sentences")),
    "risk": (gettext_noop("{number} risk"), gettext_noop("{number} risks")),
    "thing": (gettext_noop("{number} thing"), gettext_noop("{number} things")),
    "finding": (gettext_noop("{number} finding"), gettext_noop("{number} findings")),
    "gap": (gettext_noop("{number} gap"), gettext_noop("{number} gaps")),
}


class NextJob(BaseModel):
    """Another job that a Task found to be needed, as a model asks for it."""

    title: str = Field(max_length=120, description="What comes out of it, on one line")
    brief: str = Field(
        min_length=20,
        max_length=4_000,
        description="What has to be done and why, complete in itself: whoever gets it knows nothing of this task",
    )


NextJobs = Annotated[
    list[NextJob],
    Field(
        max_length=3,
        description="Other jobs that your work showed to be needed and that this task does not cover; usually none",
    ),
]


def follow_ups(wanted: Sequence[NextJob]) -> list[FollowUp]:
    """What a model asks for as the Draft carries it; the job layer decides what is opened."""
    return [FollowUp(title=one_line(job.title, 120), brief=job.brief) for job in wanted]


def read_input(brief: Brief, model: type[Given]) -> Given:
    """The Task's input as the agent's Input; raise Unable with what is wrong, before anything is spent."""
    try:
        return model.model_validate(brief.input)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise Unable(
            _("The task's input does not fit ({faults}). Correct it, then start the job again.").format(
                faults=faults
            )
        ) from None


def opening(brief: Brief, *, client: bool = True, files: Literal["whole", "named"] = "whole") -> str:
    """The first message of every agent: its Task first, then all that the Task rests on.

    It is the same text whenever the same Brief is given, so that a resumed Run asks the same. `client=False` leaves
    out what is known of the client; with `files="named"` the files are listed, for a tool to read.
    """
    parts = [section("Your task", f"{brief.task_title}\n\n{as_json(brief.input)}"), *request_sections(brief)]
    if client and brief.client:
        facts = {"name": brief.client.name, "tone": brief.client.tone, "notes": brief.client.notes}
        if brief.client.house_style:
            facts["house_style"] = brief.client.house_style
        parts.append(section("The client it is for", as_json(facts)))
    parts += [*_earlier(brief, files), *_files(brief, files)]
    if brief.revision:
        parts.append(section("What you made before", fence("previous", brief.revision.previous)))
        parts.append(_wanted_changes(brief.revision))
    return "\n\n".join(parts)


def _wanted_changes(revision: Revision) -> str:
    if revision.by == "owner":
        return section("What the owner wants changed in it", revision.note)
    return section("What a review found wrong in it: mend that", fence("critique", revision.note))


def request_sections(brief: Brief) -> list[str]:
    """The job in the words of those who asked, and what the owner has answered since."""
    parts = [section("The request", fence("request", f"{brief.job_title}\n\n{brief.job_brief}"))]
    if brief.data:
        parts.append(section("Data that came with the request", fence("data", as_json(brief.data))))
    if brief.answers:
        said = [f"Asked: {answer.question}\nAnswer: {answer.answer}" for answer in brief.answers]
        parts.append(section("What the owner answered", "\n\n".join(said)))
    return parts


def section(heading: str, body: str) -> str:
    """One part of an opening."""
    return f"# {heading}\n\n{body.strip()}"


def as_json(value: object) -> str:
    """A JSON value for a model to read: equal values give equal text."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)


def markdown_file(
    desk: Desk, brief: Brief, kind: Literal["brief", "draft", "critique", "message"], text: str
) -> Made:
    """One Markdown text as the artifact of its kind, labelled if it was a rehearsal.

    The name comes from the Task's title alone: a revised text replaces the one before it.
    """
    return Made(kind=kind, name=f"{_slug(brief.task_title)}-{kind}.md", content=labelled(desk, text).encode())


def labelled(desk: Desk, text: str) -> str:
    """The text, under a visible note where no model was behind it."""
    text = text.strip() + "\n"
    return f"{REHEARSAL_NOTE}\n\n{text}" if desk.llm.name == REHEARSAL else text


def counted(number: int, noun: str) -> str:
    """ "1 finding", "2 findings"."""
    one, many = _COUNTED[noun]
    return _(one if number == 1 else many).format(number=number)


def one_line(text: str, most: int) -> str:
    """The text on one line without control characters, cut at a word to at most `most` characters."""
    clean = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    line = " ".join(clean.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0].rstrip() + "…"


def quoted(text: str) -> str:
    """The text as a Markdown quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _earlier(brief: Brief, files: str) -> list[str]:
    parts = []
    for step in brief.earlier:
        if files == "whole" and step.materials:
            body = "\n\n".join(fence(material.name, material.text) for material in step.materials)
        else:
            body = fence(f"step {step.position}", as_json(step.output))
        parts.append(section(f"Step {step.position}, done by {step.agent}: {step.title}", body))
    return parts


def _files(brief: Brief, files: str) -> list[str]:
    if files == "named":
        names = [material.name for material in every_material(brief)]
        return [section("Files", "\n".join(f"- {name}" for name in names))] if names else []
    return [section(f"File: {material.name}", fence(material.name, material.text)) for material in brief.materials]


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain)) or "untitled"
    return slug if len(slug) <= MOST_IN_NAME else slug[: MOST_IN_NAME + 1].rpartition("-")[0] or slug[:MOST_IN_NAME]
