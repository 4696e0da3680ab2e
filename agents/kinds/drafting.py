"""Drafting: writes one text from what the request and the earlier steps give; code looks up what it rests on."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from agents import prompts
from agents.access import Access
from agents.contracts import Brief, Desk, Draft, Effect, Frozen, Typical
from agents.kinds import as_json, counted, markdown_file, one_line, opening, quoted, read_input, section
from agents.loop import converse, fence
from agents.texts import Kind, text_kind
from agents.texts.support import Unsupported, unsupported
from agents.tools.named import requested
from agents.words import _

_CITATION = re.compile(r"\[(\d+)\]")


class Input(Frozen):
    """What a drafting Task asks."""

    kind: Kind = Field(description="What is written")
    audience: str = Field(min_length=2, description="Who reads it, and what they know already")
    instructions: str = Field(min_length=3, description="What it must say and do, its length and tone")


class Text(BaseModel):
    """What the model answers."""

    title: str = Field(description="The title, without a mark in front")
    markdown: str = Field(description="The whole text in Markdown, without the title; findings cited as [1]")
    open_points: list[str] = Field(
        description="What somebody must still confirm or supply, one sentence each; marked in the text too"
    )


class Output(Text):
    """What later steps read: the text, its kind for the rubric of a review, and what code found out about it."""

    kind: Kind
    cited: list[int] = []
    unsupported: list[Unsupported] = []


@dataclass(frozen=True)
class Cited:
    """A supported finding of an earlier step, under the number that the text cites it by."""

    number: int
    claim: str
    quote: str
    source: str


class DraftingAgent:
    """Writes, and marks what it does not know."""

    name: ClassVar[str] = "drafting"
    purpose: ClassVar[str] = (
        "Writes one text (article, proposal, e-mail text, documentation, report, minutes of a meeting, draft of an "
        "invoice, web page, post) in Markdown from the request, its files and the outputs of the steps it needs."
    )
    prompt_version: ClassVar[str] = "v2"
    Input: ClassVar[type[BaseModel]] = Input
    Output: ClassVar[type[BaseModel]] = Output
    access: ClassVar[Access] = Access(untrusted=True, private=True, reaches_out=False)
    typical: ClassVar[Typical] = Typical(calls=1)

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Write the text, or write it anew after a person's note or a review's critique."""
        task = read_input(brief, Input)
        findings = citable(brief)
        text = converse(
            desk,
            agent=self.name,
            system=prompts.load(self.name, self.prompt_version),
            opening="\n\n".join([opening(brief), *_what_it_is(task.kind), *_to_cite(findings)]),
            tools=[],
            output=Text,
            max_tokens=16_000,
        )
        output = checked(text, task.kind, findings, list(grounds(brief)))
        made = markdown_file(desk, brief, "draft", as_markdown(output, findings))
        return Draft(
            output=output.model_dump(mode="json"),
            made=[made],
            effects=[Effect(kind="document", files=[made.name])],
            summary=summary(output),
        )


def citable(brief: Brief) -> list[Cited]:
    """The findings of earlier steps whose quotes were found in their sources: only those are facts."""
    rows = [row for step in brief.earlier for row in _rows(step.output.get("findings"))]
    held = [row for row in rows if row.get("supported") is True]
    return [
        Cited(number, *(one_line(str(row.get(name, "")), 600) for name in ("claim", "quote", "source")))
        for number, row in enumerate(held, start=1)
    ]


def grounds(brief: Brief) -> Iterator[str]:
    """All that a text may take figures and names from: the request, files, supported findings, earlier texts."""
    yield requested(brief, with_input=True)
    yield from (material.text for material in brief.materials)
    for step in brief.earlier:
        findings = _rows(step.output.get("findings"))
        if findings:
            # What a research step says without a quote is no ground, nor is its own summary.
            yield from (
                f"{row.get('claim')} {row.get('quote')}" for row in findings if row.get("supported") is True
            )
        else:
            yield from (material.text for material in step.materials)
    if brief.client:
        yield f"{brief.client.name} {brief.client.notes} {brief.client.house_style}"
    if brief.revision and brief.revision.by == "owner":
        yield brief.revision.previous


def checked(text: Text, kind: str, findings: Sequence[Cited], ground: Sequence[str]) -> Output:
    """The text with what it cites and what stands nowhere; a number that no finding has counts as unsupported."""
    cited = sorted({int(number) for number in _CITATION.findall(text.markdown)})
    unknown = [number for number in cited if number > len(findings) or number < 1]
    loose = unsupported(f"{text.title}\n\n{text.markdown}", ground)
    if findings:
        loose += [Unsupported(sentence=f"It cites [{number}].", words=[f"[{number}]"]) for number in unknown]
    known = [number for number in cited if number not in unknown]
    return Output(**text.model_dump(), kind=kind, cited=known, unsupported=loose)


def as_markdown(output: Output, findings: Sequence[Cited] = ()) -> str:
    """The text under its title, once; then its sources, and what a person has to check."""
    title = one_line(output.title, 200).lstrip("# ")
    body = output.markdown.strip()
    lines = [body if body.startswith("# ") else f"# {title}\n\n{body}"]
    cited = [finding for finding in findings if finding.number in output.cited]
    if cited:
        lines.append("\n## Sources\n")
        lines += [f"{finding.number}. {finding.source}: “{finding.quote}”" for finding in cited]
    if output.unsupported:
        lines.append("\n## To check: nothing that was given says this\n")
        lines += [f"{quoted(loose.sentence)}\n>\n> {', '.join(loose.words)}\n" for loose in output.unsupported]
    return "\n".join(lines)


def summary(output: Output) -> str:
    """One line for the owner."""
    line = f"{one_line(output.title, 80)}: {counted(len(output.markdown.split()), 'word')}"
    if output.cited:
        line += ", " + _("{sources} cited").format(sources=counted(len(output.cited), "source"))
    if output.open_points:
        line += ", " + _("{points} to confirm").format(points=counted(len(output.open_points), "point"))
    if output.unsupported:
        loose = counted(len(output.unsupported), "sentence")
        line += ", " + _("{sentences} that nothing supports").format(sentences=loose)
    return line


def _what_it_is(kind: str) -> list[str]:
    text = text_kind(kind)
    about = f"{kind}: about {text.words} words, unless the request says otherwise. {text.form}"
    return [section("The kind of text", about)]


def _to_cite(findings: Sequence[Cited]) -> list[str]:
    if not findings:
        return []
    rows = [
        {"number": one.number, "claim": one.claim, "quote": one.quote, "source": one.source} for one in findings
    ]
    return [section("Findings to cite by number", fence("findings", as_json(rows)))]


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
