"""Research: answers a question from named sources, each finding with a quote that can be looked up."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel, Field

from agents import prompts
from agents.access import Access
from agents.contracts import Brief, Desk, Draft, Effect, Frozen, Json, Tool, Typical, Unable
from agents.decisions import NeedsAnswer, Question
from agents.kinds import NextJobs, counted, follow_ups, markdown_file, opening, quoted, read_input, searching
from agents.kinds.searching import Read
from agents.loop import converse
from agents.tools.fetch import Fetch
from agents.tools.materials import ReadFile, every_material
from agents.tools.named import addresses, requested
from agents.tools.places import Places
from agents.tools.read_place import ReadPlace, named_in, unnamed
from agents.words import _, gettext_noop


class Input(Frozen):
    """What a research Task asks."""

    question: str = Field(min_length=3, description="The one question to answer, complete in itself")
    sources: list[str] = Field(
        default_factory=list,
        max_length=12,
        description="Where to look: addresses of pages, PDFs, feeds or sitemaps copied exactly from the request, "
        "names of files of the job, or places of the owner's own (never those together with addresses of the web)",
    )
    search: bool = Field(
        default=False,
        description="Whether the web is searched, too; only where the request is said to allow it",
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


NAME = "research"
_ON_THE_WEB = Access(untrusted=True, private=False, reaches_out=True)
# What is the owner's own is private: who reads it has no tool that reaches out.
_IN_THE_HOUSE = Access(untrusted=True, private=True, reaches_out=False)
_READ_IT, _LEAVE_IT = gettext_noop("Yes, read {source}"), gettext_noop("No, leave it out.")


class ResearchAgent:
    """Reads what was named, and lets code look up every quote afterwards."""

    name: ClassVar[str] = NAME
    purpose: ClassVar[str] = (
        "Answers one question from sources named in the request: web pages, PDFs, feeds, sitemaps, files, or the "
        "owner's own places; each finding with a checked quote. It searches the web only where the request is said "
        "to allow it."
    )
    prompt_version: ClassVar[str] = "v5"
    Input: ClassVar[type[BaseModel]] = Input
    Output: ClassVar[type[BaseModel]] = Output
    access: ClassVar[Access] = _ON_THE_WEB
    accesses: ClassVar[Sequence[Access]] = (_ON_THE_WEB, _IN_THE_HOUSE)
    typical: ClassVar[Typical] = Typical(calls=4, prompt_tokens=24_000, output_tokens=4_000)

    def access_for(self, given: Json, options: Json) -> Access:
        """A Task that names an own place works in the house; any other on the web."""
        return _IN_THE_HOUSE if named_in(given, Places(options)) else _ON_THE_WEB

    def objection(self, given: BaseModel, after: Sequence[str], options: Json) -> str:
        """A step with nothing to read makes no sense, and what is private does not go where the web is asked."""
        if not isinstance(given, Input):
            return ""
        if given.search and not options.get("may_search"):
            return "it wants to search the web, which this request does not allow: name sources instead."
        if named_in(given.model_dump(), Places(options)) and (
            given.search or addresses("\n".join(_web(given, options)))
        ):
            return "it mixes the owner's own places with the web: make two steps of it."
        if not (given.sources or given.search or after):
            return "it names no sources: research reads named addresses, files and places."
        return ""

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Read, answer, look up; raises Unable when there is nothing to read.

        Raises NeedsAnswer where strangers alone ask for an own place.
        """
        task = read_input(brief, Input)
        if self.access_for(brief.input, desk.options).reaches_out:
            return _on_the_web(task, brief, desk)
        _ask_first(brief, Places(desk.options))
        places = ReadPlace.for_task(brief, desk)
        places.remember(_shown_before(desk, ReadPlace.name, "source"))
        return _answered(task, brief, desk, [places, ReadFile.for_task(brief)], {}, places.shown)


def _on_the_web(task: Input, brief: Brief, desk: Desk) -> Draft:
    found: dict[str, Read] = {}
    if task.search:
        if not searching.may_search(brief, desk.options):
            raise Unable(_("This request may not search the web (NIGHTDESK_WEB_SEARCH). Name sources, then retry."))
        found = searching.search(task.question, brief, desk)
    elif not (task.sources or every_material(brief) or addresses(requested(brief))):
        raise Unable(_("There is nothing to read. Name a web address or attach a file, then start the job again."))
    fetch = Fetch.for_task(brief, desk)
    fetch.remember(_shown_before(desk, Fetch.name, "url"))
    return _answered(task, brief, desk, [fetch, ReadFile.for_task(brief)], found, fetch.shown)


def _answered(
    task: Input,
    brief: Brief,
    desk: Desk,
    tools: Sequence[Tool],
    found: dict[str, Read],
    shown: Mapping[str, str],
) -> Draft:
    """`shown` grows while the tools are used."""
    told = opening(brief, client=False, files="named")
    answer = converse(
        desk,
        agent=NAME,
        system=prompts.load(NAME, ResearchAgent.prompt_version, turns=str(desk.limits.turns)),
        opening=f"{told}\n\n{searching.as_section(found)}" if task.search else told,
        tools=tools,
        output=Answer,
        max_tokens=8_000,
    )
    before = {**_shown_before(desk, Fetch.name, "url"), **_shown_before(desk, ReadPlace.name, "source")}
    output = looked_up(answer, {**_files_of(brief), **found, **_pages(before), **_pages(shown)})
    made = markdown_file(desk, brief, "brief", as_markdown(task.question, output))
    return Draft(
        output=output.model_dump(mode="json"),
        made=[made],
        effects=[Effect(kind="brief", files=[made.name])],
        summary=summary(output),
        follow_ups=follow_ups(output.follow_ups),
    )


def _web(given: Input, options: Json) -> list[str]:
    """The sources that are no places of the owner's."""
    own = named_in(given.model_dump(), Places(options))
    return [source for source in given.sources if source not in own]


def _ask_first(brief: Brief, places: Places) -> None:
    """What is the owner's own is opened to strangers' questions by the owner alone."""
    for source in unnamed(brief, places):
        question = _("Somebody from outside asks to have “{source}” read. Shall it be?").format(source=source)
        said = [answer.answer for answer in brief.answers if answer.question == question]
        if not said:
            raise NeedsAnswer(
                Question(
                    question=question, suggestions=[_(_READ_IT).format(source=source), _(_LEAVE_IT)], recommended=1
                )
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
    line = _("{findings} from {sources}").format(
        findings=counted(len(supported), "finding"), sources=counted(len({f.source for f in supported}), "source")
    )
    if unsupported := len(output.findings) - len(supported):
        line += ", " + _("{number} not supported by the source").format(number=unsupported)
    return line + (f", {counted(len(output.gaps), 'gap')}" if output.gaps else "")


def _reference(finding: Finding) -> str:
    where = f"<{finding.source}>" if finding.source.startswith(("https://", "http://")) else f"`{finding.source}`"
    where += f", read {finding.fetched_at}" if finding.fetched_at else ""
    return where + (f", sha-256 {finding.sha256[:12]}…" if finding.sha256 else "")


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _files_of(brief: Brief) -> dict[str, Read]:
    return {material.name: Read(material.text) for material in every_material(brief)}


def _shown_before(desk: Desk, tool: str, field: str) -> dict[str, str]:
    """What a tool showed an earlier Run of this round: the model's words rest on that, not on what is there now."""
    shown: dict[str, str] = {}
    for turn in desk.journal.turns():
        results = {result["tool_use_id"]: result for result in turn.tool_results or []}
        for use in turn.reply.tool_uses:
            result = results.get(use["id"])
            if use["name"] == tool and result and not result.get("is_error"):
                shown[str(use["input"].get(field, ""))] = _text(result["content"])
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
