"""The rehearsal's orchestrator: a plan of what a request asks for, a split of what is too much, or a question."""

import json
import re
from collections.abc import Iterator

from agents.contracts import Json
from agents.llm.filling import fill
from agents.llm.rehearsal import vocabulary as say
from agents.llm.rehearsal.reading import Told, headline, words
from agents.llm.rehearsal.sorting import Wanted, kind_of, sort

MAX_STEPS = 5
# Fewer words than these say too little; where they ask for something to be written, it takes less.
_FEWEST_WORDS, _FEWEST_THAT_ASK = 5, 4
_TITLE = 80
_REVIEWED = {"proposal", "article", "documentation", "report", "page", "post"}
_AUDIENCE = re.compile(
    r"\bfor (?!an? )((?:our |the |their |all )?[a-z][\w' -]{2,40}?)(?= about| on | with|[.,;:!?]|$)"
)


def decide(told: Told, catalogue: dict[str, Json]) -> Json:
    """The decision in the orchestrator's form: a plan, a split or a question."""
    wanted = sort(told, set(catalogue))
    asked = _asked_back(told, wanted) if not told.answers else None
    if asked:
        return asked
    steps = list(_steps(told, wanted, catalogue))
    if not steps:
        return _what(told)
    if len(steps) > MAX_STEPS:
        works = [*wanted.texts, *wanted.code]
        return _split(told, wanted) if len(works) > 1 else _plan(steps[:MAX_STEPS], wanted)
    return _plan(steps, wanted)


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


def _asked_back(told: Told, wanted: Wanted) -> Json | None:
    """The question that stands in the way of a plan; None where nothing does."""
    if wanted.is_nothing and wanted.hostile:
        return _what_to_do_with_it()
    if wanted.is_nothing and wanted.hands:
        return _by_hand(wanted)
    if (wanted.is_nothing and not wanted.sources) or _is_vague(told, wanted):
        return _what(told)
    if wanted.read and not wanted.sources:
        return _what_to_read(wanted)
    if wanted.code and _lacks_value(told, wanted):
        return _which_value(wanted)
    if wanted.code and not wanted.repository:
        return _which_repository(told)
    return None


def _is_vague(told: Told, wanted: Wanted) -> bool:
    if wanted.sources or (wanted.code and wanted.repository) or told.files:
        return False
    fewest = _FEWEST_THAT_ASK if wanted.texts or wanted.tell else _FEWEST_WORDS
    return len(words(f"{told.title} {told.text}")) < fewest


def _lacks_value(told: Told, wanted: Wanted) -> bool:
    """A value is to be changed, and no figure says to what."""
    changed = [item for item in map(say.plain, wanted.code) if say.CHANGE.search(item) and say.VALUE.search(item)]
    return bool(changed) and not re.search(r"\d", told.request)


def _steps(told: Told, wanted: Wanted, catalogue: dict[str, Json]) -> Iterator[Json]:
    """The steps in an order in which each finds what it needs done."""
    position = 0
    made: list[int] = []
    research: list[int] = []
    if wanted.sources and "research" in catalogue:
        position += 1
        research = [position]
        yield _step("research", f"Read the sources: {told.name}", _research(told, wanted), [], catalogue)
    for item in _to_write(told, wanted) if "drafting" in catalogue else []:
        position += 1
        made.append(position)
        yield _step("drafting", item, _drafting(told, wanted, item), research, catalogue)
        if kind_of(item) in _REVIEWED and "review" in catalogue:
            position += 1
            made.append(position)
            yield _step("review", f"Review: {item}", {"rubric": [], "file": ""}, [position - 1], catalogue)
    if wanted.judge and "review" in catalogue and told.files:
        position += 1
        made.append(position)
        given = {"rubric": [], "file": _best_file(told)}
        yield _step("review", wanted.judge[0], given, [], catalogue)
    if wanted.code:
        position += 1
        made.append(position)
        yield _step("code", wanted.code[0], _code(told, wanted), research, catalogue)
    if wanted.tell:
        title = f"Message to {told.client}: {told.name}"
        yield _step("communication", title, _message(told, wanted), made or research, catalogue)


def _to_write(told: Told, wanted: Wanted) -> list[str]:
    """The texts that are asked for; where an answer names a text and no verb, that one."""
    if wanted.texts or not told.answers or wanted.code or wanted.tell or wanted.sources:
        return wanted.texts
    return [answer for answer in told.answers[-1:] if kind_of(answer) != "other"] or told.answers[-1:]


def _best_file(told: Told) -> str:
    asked = set(words(told.request))
    return max(told.files, key=lambda name: len(asked & set(re.split(r"[^a-z]+", name.lower()))))


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
        "kind": kind_of(item),
        "audience": audience[1] if audience else readers,
        "instructions": "\n".join([item, *(f"- {line}" for line in wanted.context), *_left_to_a_person(wanted)]),
    }


def _left_to_a_person(wanted: Wanted) -> list[str]:
    """What of the request no agent can do is not lost: it stands among the open points of what is made."""
    return [f"- Open point, for a person to do: {what}" for what in wanted.hands]


def _code(told: Told, wanted: Wanted) -> Json:
    """Under every name that a code agent's input may have for these; the form keeps those it knows."""
    task = "\n".join([told.title, *wanted.code, *wanted.context]).strip()
    names = ("task", "instructions", "goal", "change", "description", "request")
    return {**dict.fromkeys(names, task), **dict.fromkeys(("repository", "repo"), wanted.repository)}


def _message(told: Told, wanted: Wanted) -> Json:
    said = " ".join(wanted.tell)
    purpose = said if len(words(said)) > 2 else f"Say what was done about: {headline(told.name, 200)}."
    facts = [headline(told.name, 200), *wanted.context]
    return {"purpose": purpose, "based_on": "\n".join(facts)}


def _plan(steps: list[Json], wanted: Wanted) -> Json:
    rests_on = wanted.rests_on if any(step["agent"] == "code" for step in steps) else []
    return {"kind": "plan", "steps": steps, "rests_on": rests_on}


def _split(told: Told, wanted: Wanted) -> Json:
    """What is to be made in two halves; the message goes with the second, which can tell of everything."""
    works = [*wanted.texts, *wanted.code]
    half = (len(works) + 1) // 2
    first, second = works[:half], [*works[half:], *wanted.tell]
    return {
        "kind": "split",
        "reason": f"{len(works)} things are wanted, more than one plan of {MAX_STEPS} steps holds.",
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


def _what_to_do_with_it() -> Json:
    question = "The request only tries to give orders that are not its to give. What shall be done with it?"
    suggestions = ["Write a short note for me on what it asks.", "Draft a polite letter that declines it."]
    return _question(question, suggestions)


def _by_hand(wanted: Wanted) -> Json:
    what = headline(wanted.hands[0], 120)
    question = f"“{what}” is nothing that an agent can do. What can be done here instead?"
    suggestions = [f"Write a checklist for whoever does it: {what}.", f"Draft a letter that asks for it: {what}."]
    return _question(question, suggestions)


def _what_to_read(wanted: Wanted) -> Json:
    what = headline(wanted.read[0], 120)
    question = f"“{what}” names no page or file to read, and nobody here can search. Which pages are the sources?"
    suggestions = [
        f"None: write a report that marks what is to be looked up: {what}.",
        f"None: draft a list of the questions to find out: {what}.",
    ]
    return _question(question, suggestions)


def _which_value(wanted: Wanted) -> Json:
    what = headline(wanted.code[0], 120)
    question = f"“{what}” does not say what the new value is. What is it?"
    suggestions = [f"Write a note on what has to be decided: {what}.", f"Draft a letter that asks for it: {what}."]
    return _question(question, suggestions)


def _which_repository(told: Told) -> Json:
    """In general words, so that the answer can be remembered."""
    instead = "No code is to be changed: write a report on what should be changed."
    if told.repositories:
        suggestions = [*told.repositories[:3], instead]
    else:
        suggestions = [instead, "No code is to be changed: draft an answer to whoever asked."]
    return {**_question("Which repository is the code in?", suggestions), "lasting": bool(told.client)}


def _question(question: str, suggestions: list[str]) -> Json:
    return {"kind": "question", "question": question, "suggestions": suggestions, "recommended": 0}
