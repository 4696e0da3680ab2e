"""Research: answers a question from named sources, each finding with a quote that can be looked up."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, Field

from agents import prompts
from agents.contracts import Brief, Desk, Draft, Effect, Frozen, Typical, Unable
from agents.kinds import NextJobs, counted, follow_ups, markdown_file, opening, quoted, read_input
from agents.loop import converse
from agents.tools.fetch import Fetch
from agents.tools.materials import ReadFile, every_material
from agents.tools.named import addresses, requested


class Input(Frozen):
    """What a research Task asks."""

    question: str = Field(min_length=3, description="The one question to answer, complete in itself")
    sources: list[str] = Field(
        default_factory=list,
        max_length=12,
        description="Where to look: addresses of pages, PDFs, feeds or sitemaps copied exactly from the request, "
        "or names of files of the job",
    )


class Found(BaseModel):
    """One finding as the model gives it."""

    claim: str = Field(description="One statement that helps to answer the question, in your words")
    quote: str = Field(description="The passage it rests on, copied character by character, at most 300 characters")
    source: str = Field(description="The address or file name that the passage was read at, as it was asked for")


class Answer(BaseModel):
    """What the model answers."""

    answer: str = Field(
        description="The answer in one to three short paragraphs of Markdown, resting on the findings"
    )
    findings: list[Found] = Field(description="Three to eight findings, the most important first; none if none")
    gaps: list[str] = Field(description="What the sources do not say or could not be read, one sentence each")
    follow_ups: NextJobs = []


class Finding(Found):
    """One finding after its quote was looked up in what was read."""

    supported: bool
    fetched_at: str = ""  # ISO 8601 in UTC; empty for a file
    sha256: str = ""  # of the source's text as it was read, which the Run's turns keep; empty if it was not read


class Output(BaseModel):
    """What later steps read."""

    answer: str
    findings: list[Finding]
    gaps: list[str]
    follow_ups: NextJobs = []


@dataclass(frozen=True)
class Read:
    """A source as the model saw it."""

    text: str
    fetched_at: str = ""


class ResearchAgent:
    """Reads what was named, and lets code look up every quote afterwards."""

    name: ClassVar[str] = "research"
    purpose: ClassVar[str] = (
        "Answers one question from sources named in the request: web pages, PDFs, feeds, sitemaps or files; each "
        "finding with a checked quote; it cannot search the web."
    )
    prompt_version: ClassVar[str] = "v3"
    Input: ClassVar[type[BaseModel]] = Input
    Output: ClassVar[type[BaseModel]] = Output
    typical: ClassVar[Typical] = Typical(calls=4, prompt_tokens=24_000, output_tokens=4_000)

    def objection(self, given: BaseModel, after: Sequence[str]) -> str:
        """A step with nothing to read makes no sense."""
        named = isinstance(given, Input) and given.sources
        return (
            ""
            if named or after
            else "it names no sources: research reads named addresses and files, it cannot search."
        )

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Read, answer, look up; raises Unable when there is nothing to read."""
        task = read_input(brief, Input)
        if not (task.sources or every_material(brief) or addresses(requested(brief))):
            raise Unable("There is nothing to read. Name a web address or attach a file, then start the job again.")
        fetch = Fetch.for_task(brief, desk)
        fetch.remember(_shown_before(desk))
        answer = converse(
            desk,
            agent=self.name,
            system=prompts.load(self.name, self.prompt_version),
            opening=opening(brief, client=False, files="named"),
            tools=[fetch, ReadFile.for_task(brief)],
            output=Answer,
            max_tokens=8_000,
        )
        output = looked_up(answer, {**_files_of(brief), **_read_before(desk), **_pages(fetch.shown)})
        made = markdown_file(desk, brief, "brief", as_markdown(task.question, output))
        return Draft(
            output=output.model_dump(mode="json"),
            made=[made],
            effects=[Effect(kind="brief", files=[made.name])],
            summary=summary(output),
            follow_ups=follow_ups(output.follow_ups),
        )


def looked_up(answer: Answer, sources: Mapping[str, Read]) -> Output:
    """Mark each finding: supported only if its quote stands, word for word, in the source as it was read."""
    findings = []
    for found in answer.findings:
        read = sources.get(found.source.strip())
        quote = _squeezed(found.quote)
        findings.append(
            Finding(
                **found.model_dump(),
                supported=bool(read and quote and quote in _squeezed(read.text)),
                fetched_at=read.fetched_at if read else "",
                sha256=hashlib.sha256(read.text.encode()).hexdigest() if read else "",
            )
        )
    return Output(answer=answer.answer, findings=findings, gaps=answer.gaps, follow_ups=answer.follow_ups)


def as_markdown(question: str, output: Output) -> str:
    """The brief as a person reads it."""
    lines = [f"# {question.strip()}", "", output.answer.strip(), "", "## Findings", ""]
    for number, finding in enumerate(output.findings, start=1):
        lines += [f"{number}. {' '.join(finding.claim.split())}", ""]
        if not finding.supported:
            lines += ["   **Not supported:** this quote was not found in the source as it was read.", ""]
        lines += [f"   {line}" for line in quoted(finding.quote).splitlines()]
        lines += ["", f"   Source: {_reference(finding)}", ""]
    if not output.findings:
        lines += ["None.", ""]
    if output.gaps:
        lines += ["## What is missing", "", *(f"- {' '.join(gap.split())}" for gap in output.gaps)]
    return "\n".join(lines)


def summary(output: Output) -> str:
    """One line for the owner."""
    supported = [finding for finding in output.findings if finding.supported]
    line = f"{counted(len(supported), 'finding')} from {counted(len({f.source for f in supported}), 'source')}"
    unsupported = len(output.findings) - len(supported)
    line += f", {unsupported} not supported by the source" if unsupported else ""
    return line + (f", {counted(len(output.gaps), 'gap')}" if output.gaps else "")


def _reference(finding: Finding) -> str:
    where = f"<{finding.source}>" if finding.source.startswith(("https://", "http://")) else f"`{finding.source}`"
    where += f", read {finding.fetched_at}" if finding.fetched_at else ""
    return where + (f", sha-256 {finding.sha256[:12]}…" if finding.sha256 else "")


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _files_of(brief: Brief) -> dict[str, Read]:
    return {material.name: Read(material.text) for material in every_material(brief)}


def _read_before(desk: Desk) -> dict[str, Read]:
    """Pages that an earlier Run of this round read: the model's words rest on them, not on what is there now."""
    return _pages(_shown_before(desk))


def _shown_before(desk: Desk) -> dict[str, str]:
    shown: dict[str, str] = {}
    for turn in desk.journal.turns():
        results = {result["tool_use_id"]: result for result in turn.tool_results or []}
        for use in turn.reply.tool_uses:
            result = results.get(use["id"])
            if use["name"] == Fetch.name and result and not result.get("is_error"):
                shown[str(use["input"].get("url", ""))] = _text(result["content"])
    return shown


def _text(content: str | list[dict[str, str]]) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def _pages(shown: Mapping[str, str]) -> dict[str, Read]:
    """What the fetch tool showed, by address: the time is in the head, the page below the first empty line."""
    read = {}
    for url, text in shown.items():
        head, _, body = text.partition("\n\n")
        time = re.search(r"^Fetched: (\S+)$", head, re.MULTILINE)
        read[url] = Read(body, time[1] if time else "")
    return read
