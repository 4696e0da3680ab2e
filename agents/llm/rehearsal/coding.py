"""The rehearsal's programmer: looks around, writes a note into the repository, runs the tests. It mends nothing."""

import re

from agents.contracts import Ask, Json
from agents.llm.filling import fill
from agents.llm.rehearsal.reading import Told, Used, cut, headline, items, words

NOTE = "REHEARSAL.md"
_PATH = re.compile(r"^[\s\-*]*([\w./-]+\.\w+)(?=\s|$)", re.MULTILINE)


def next_call(told: Told, ask: Ask) -> tuple[str, Json] | None:
    """The tool to use next, with its input; None when everything was done once.

    Tools are known by what their names say (list, read, write or edit, test or run), their input by its form.
    """
    tools = {tool["name"]: tool["input_schema"] for tool in ask.tools}
    used = {call.name for call in told.used}
    for pattern, proposed in _plan(told):
        name = next((name for name in tools if re.search(pattern, name)), None)
        if name is not None and name not in used and proposed is not None:
            return name, fill(tools[name], seed=told.request, proposed=proposed)
    return None


def report(told: Told) -> Json:
    """What was done, under the names that an answer may have for it; the form keeps those it knows."""
    ran = [call for call in told.used if re.search(r"test|run", call.name)]
    tests = cut(ran[-1].text, 300) if ran else "The tests were not run."
    changed = any(re.search(r"write|create|edit", call.name) and not call.failed for call in told.used)
    what = f"A note on the request was added as {NOTE}." if changed else "Nothing was changed."
    summary = f"Rehearsal: no model worked on this, so nothing was mended. {what}"
    return {
        "title": f"Rehearsal: {headline(told.name, 60)}",
        "summary": summary,
        "message": f"Rehearsal: {headline(told.name, 60)}",
        "explanation": f"{summary} Tests: {tests}",
        "tests": tests,
        "notes": [summary],
        "open_points": ["Start the job again with a model key to have the change made."],
        "risks": [],
        "done": changed,
        "finished": True,
    }


def _plan(told: Told) -> list[tuple[str, Json | None]]:
    note = _note(told)
    return [
        (r"list|files|tree", {"path": "."}),
        (r"^read|open|show", _reading(told)),
        (r"write|create", {"path": NOTE, "file": NOTE, "name": NOTE, "content": note, "text": note}),
        (r"test|run", {}),
    ]


def _reading(told: Told) -> Json | None:
    """The listed file whose name shares most words with the request, else the first."""
    listed = [path for call in told.used if re.search(r"list|files|tree", call.name) for path in _paths(call)]
    if not listed:
        return None
    asked = set(words(told.request))
    path = max(listed, key=lambda path: len(asked & set(re.split(r"[^a-z]+", path.lower()))))
    return {"path": path, "file": path, "name": path}


def _paths(call: Used) -> list[str]:
    return [] if call.failed else _PATH.findall(call.text)


def _note(told: Told) -> str:
    lines = "\n".join(f"- {item}" for item in items(str(told.given.get("task") or told.text)) or [told.name])
    return f"# Rehearsal: {headline(told.name, 120)}\n\nNo model worked on this. What was asked:\n\n{lines}\n"
