"""The rehearsal's orchestrator: sorts the sentences and bullets of a request by what they ask for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.contracts import Json
from agents.llm.filling import fill
from agents.llm.rehearsal.reading import Told, headline, items, urls, words

MAX_STEPS = 5
_FEWEST_WORDS = 5
_TITLE = 80

_READ = re.compile(r"\b(research|find out|compare|look (?:up|into|at)|read|summari[sz]e|check|analy[sz]e)\b", re.I)
_CODE = re.compile(
    r"\b(fix|bug|repository|repo|refactor|implement|codebase|function|unit tests?|pull request|crash(?:es)?"
    r"|stack ?trace|traceback|exception|endpoint)\b",
    re.I,
)
_TELL = re.compile(
    r"\b(e-?mail|mail|send|tell|inform|notify|reply|respond|write (?:back )?to|message|clients?|thank"
    r"|let [\w ]+ know)\b",
    re.I,
)
_WRITE = re.compile(
    r"\b(write(?! back\b| to\b)|draft|prepare|create|compose|summari[sz]e|rewrite|put together)\b", re.I
)
# Where one sentence asks for two things: "write a report and tell the client".
_CLAUSE = re.compile(
    r"[,;]?\s+(?:and then|and|then)\s+"
    r"(?=(?:then )?(?:tell|mail|e-?mail|send|inform|notify|let|reply|write|draft|fix)\b)",
    re.I,
)
_KINDS = {
    "proposal": r"\b(proposal|offer|quote|quotation)\b",
    "article": r"\b(article|blog|newsletter|essay|story)\b",
    "documentation": r"\b(documentation|docs|guide|manual|how-to|handbook|instructions)\b",
    "report": r"\b(report|summary|summari[sz]e|analysis|comparison|overview|minutes)\b",
    "page": r"\b(page|landing|website|brochure|flyer)\b",
    "post": r"\b(post|linkedin|social media|announcement)\b",
    "email": r"\b(e-?mail|mail|reply|letter|message)\b",
}
_REVIEWED = {"proposal", "article", "documentation", "report", "page", "post"}
_AUDIENCE = re.compile(
    r"\bfor (?!an? )((?:our |the |their |all )?[a-z][\w' -]{2,40}?)(?= about| on | with|[.,;:!?]|$)"
)
_GIT_ADDRESS = re.compile(r"\S+\.git\b|https?://github\.com/[\w.-]+/[\w.-]+(?=[\s.,;)]|$)")
_NAMED_REPOSITORY = (
    re.compile(r"\b(?:repository|repo)(?: called| named|:)? [`\"']?([\w.-]+(?:/[\w.-]+)*\w)", re.I),
    re.compile(r"([\w.-]+(?:/[\w.-]+)?)[`\"']? (?:repository|repo)\b", re.I),
)
_NO_NAME = set(re.findall(r"\w+", "the our a this that their its is and in of to has git code your my for on it"))


@dataclass(frozen=True)
class Wanted:
    """A request, sorted. `texts` are the items that each want a text of their own."""

    texts: list[str]
    code: list[str]
    tell: list[str]
    sources: list[str]
    context: list[str]
    repository: str


def decide(told: Told, catalogue: dict[str, Json]) -> Json:
    """The decision in the orchestrator's form: a plan, a split or a question."""
    wanted = sort(told, catalogue)
    if _is_vague(told, wanted):
        return _what(told)
    if wanted.code and not wanted.repository and not told.answers:
        return _which_repository(told)
    steps = list(_steps(told, wanted, catalogue))
    if len(steps) > MAX_STEPS:
        return _split(told, wanted) if len(wanted.texts) > 1 else _plan(steps[:MAX_STEPS])
    return _plan(steps)


def catalogue_in(system: str) -> dict[str, Json]:
    """The input schemas by agent, out of the first JSON list in the system prompt that holds agents."""
    decoder = json.JSONDecoder()
    for found in re.finditer(r"\[", system):
        try:
            entries, _ = decoder.raw_decode(system, found.start())
        except ValueError:
            continue
        if entries and all(isinstance(entry, dict) and "agent" in entry for entry in entries):
            return {entry["agent"]: entry.get("input") or {} for entry in entries}
    return {}


def sort(told: Told, catalogue: dict[str, Json]) -> Wanted:
    """Each item of the request by what it asks for; what asks for nothing is context."""
    said = items(told.text) or items(told.title)
    for answer in told.answers:
        said += [item for item in items(answer) if item not in said]
    every = [clause.strip() for item in said for clause in _CLAUSE.split(item)]
    repository = _repository(told)
    sources = [url for url in urls(told.request) if not _GIT_ADDRESS.fullmatch(url)]
    sources += [name for name in told.files if _READ.search(told.request)]
    code = [item for item in every if _CODE.search(item)] if "code" in catalogue else []
    tell = [item for item in every if _TELL.search(item) and item not in code]
    if not (told.reachable and "communication" in catalogue):
        tell = []
    texts = _texts([item for item in every if item not in code], [*tell, *code], sources)
    if code and told.answers and not repository:
        code, texts = [], texts or code
    taken = {*texts, *code, *tell}
    return Wanted(texts, code, tell, sources, [item for item in every if item not in taken], repository)


def _texts(every: list[str], elsewhere: list[str], sources: list[str]) -> list[str]:
    """What is to be written; if nothing at all is asked for, the item that names a kind of text, else the first."""
    asked = [item for item in every if _WRITE.search(item)]
    # A message to the client is written by the agent that sends it.
    asked = [item for item in asked if not (item in elsewhere and _kind(item) in {"email", "other"})]
    if asked or elsewhere:
        return asked
    named = [item for item in every if _kind(item) != "other"]
    return named[:1] or ([] if sources else every[:1])


def _is_vague(told: Told, wanted: Wanted) -> bool:
    if told.answers or wanted.sources or wanted.repository:
        return False
    return len(words(f"{told.title} {told.text}")) < _FEWEST_WORDS


def _steps(told: Told, wanted: Wanted, catalogue: dict[str, Json]) -> Iterator[Json]:
    """The steps in an order in which each finds what it needs done."""
    position = 0
    made: list[int] = []
    research: list[int] = []
    if wanted.sources and "research" in catalogue:
        position += 1
        research = [position]
        yield _step("research", f"Read the sources: {told.name}", _research(told, wanted), [], catalogue)
    for item in wanted.texts if "drafting" in catalogue else []:
        position += 1
        made.append(position)
        yield _step("drafting", item, _drafting(told, wanted, item), research, catalogue)
        if _kind(item) in _REVIEWED and "review" in catalogue:
            position += 1
            yield _step("review", f"Review: {item}", {"rubric": [], "file": ""}, [position - 1], catalogue)
    if wanted.code:
        position += 1
        made.append(position)
        yield _step("code", wanted.code[0], _code(told, wanted), research, catalogue)
    if wanted.tell:
        title = f"Message to {told.client}: {told.name}"
        yield _step("communication", title, _message(told, wanted), made or research, catalogue)


def _step(agent: str, title: str, given: Json, needs: list[int], catalogue: dict[str, Json]) -> Json:
    fitted = fill(catalogue[agent], seed=title, proposed=given)
    return {"agent": agent, "title": headline(title, _TITLE), "input": fitted, "needs": needs}


def _research(told: Told, wanted: Wanted) -> Json:
    return {
        "question": f"What do the sources say about this: {headline(told.name, 200)}?",
        "sources": wanted.sources,
    }


def _drafting(told: Told, wanted: Wanted, item: str) -> Json:
    audience = _AUDIENCE.search(item)
    readers = f"readers at {told.client}" if told.client else "the readers whom the request has in mind"
    return {
        "kind": _kind(item),
        "audience": audience[1] if audience else readers,
        "instructions": "\n".join([item, *(f"- {line}" for line in wanted.context)]),
    }


def _code(told: Told, wanted: Wanted) -> Json:
    """Under every name that a code agent's input may have for these; the form keeps those it knows."""
    task = "\n".join([told.title, *wanted.code, *wanted.context]).strip()
    names = ("task", "instructions", "goal", "change", "description", "request")
    return {**dict.fromkeys(names, task), **dict.fromkeys(("repository", "repo"), wanted.repository)}


def _message(told: Told, wanted: Wanted) -> Json:
    said = " ".join(wanted.tell)
    purpose = said if len(words(said)) > 2 else f"Say what was done about: {headline(told.name, 200)}."
    return {"purpose": purpose, "based_on": headline(told.name, 200)}


def _kind(item: str) -> str:
    return next((kind for kind, pattern in _KINDS.items() if re.search(pattern, item, re.I)), "other")


def _repository(told: Told) -> str:
    """The repository that data or words name, as they name it; empty if none is named."""
    for key in ("repository", "repo", "full_name", "clone_url"):
        named = told.data.get(key)
        if isinstance(named, dict):
            named = named.get("full_name") or named.get("name")
        if isinstance(named, str) and named:
            return named
    address = _GIT_ADDRESS.search(told.request)
    if address:
        return address[0]
    names = [name for pattern in _NAMED_REPOSITORY for name in pattern.findall(told.request)]
    for name in names:
        if name.lower() not in _NO_NAME:
            return str(name)
    return next((answer for answer in told.answers if re.fullmatch(r"[\w./:@-]+", answer)), "")


def _plan(steps: list[Json]) -> Json:
    return {"kind": "plan", "steps": steps}


def _split(told: Told, wanted: Wanted) -> Json:
    """The texts in two halves; code and message go with the second, which can tell of everything."""
    half = (len(wanted.texts) + 1) // 2
    first, second = wanted.texts[:half], [*wanted.texts[half:], *wanted.code, *wanted.tell]
    return {
        "kind": "split",
        "reason": f"{len(wanted.texts)} texts are wanted, more than one plan of {MAX_STEPS} steps holds.",
        "parts": [_part(told, wanted, first), _part(told, wanted, second)],
    }


def _part(told: Told, wanted: Wanted, wants: list[str]) -> Json:
    named = " ".join([*wants, *wanted.context])
    loose = [source for source in wanted.sources if source not in named]
    lines = [*wanted.context, *(f"- {item}" for item in wants), *(f"Source: {source}" for source in loose)]
    return {"title": headline(f"{told.title or told.name}: {wants[0]}", _TITLE), "brief": "\n".join(lines)}


def _what(told: Told) -> Json:
    said = headline(": ".join(part for part in (told.title, told.text) if part), 120).rstrip("?!") or "the request"
    suggestions = [f"Write a short text about it: {said}.", f"Prepare a report on the next steps: {said}."]
    if told.reachable:
        suggestions.append(f"Write to the client about it: {said}.")
    return _question(f"The request says only “{said}”. What should be made of it?", suggestions)


def _which_repository(told: Told) -> Json:
    about = headline(told.name, 120)
    question = f"“{about}” is about code but names no repository. Which one? Write its name, or choose:"
    suggestions = [
        "No code is to be changed: write a report on what should be changed.",
        "No code is to be changed: draft an answer to whoever asked.",
    ]
    return _question(question, suggestions)


def _question(question: str, suggestions: list[str]) -> Json:
    return {"kind": "question", "question": question, "suggestions": suggestions, "recommended": 0}
