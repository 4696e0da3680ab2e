import json
from typing import Any

from agents.contracts import Ask, Json
from agents.llm.rehearsal import RehearsalLLM, coding
from agents.llm.rehearsal.reading import read
from agents.loop import fence

PATH: Json = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
WRITE: Json = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
    "required": ["path", "content"],
}
NONE: Json = {"type": "object", "properties": {}}
ANSWERS = {
    "list_files": "README.md\nsrc/booking_form.py\nsrc/menu.py",
    "read_file": "def book(): ...",
    "write_file": "written",
    "run_tests": "3 passed",
}


def work(tools: dict[str, Json], opening: str = "") -> tuple[list[tuple[str, Any]], str]:
    """Play the conversation to its end: the calls that were made, and the answer."""
    task = json.dumps({"repository": "shop-site", "task": "Mend the booking form."})
    request = fence("request", "Booking form\n\nThe booking form breaks on empty dates.")
    text = opening or f"# Your task\n\nMend the form\n\n{task}\n\n# The request\n\n{request}"
    messages: list[Json] = [{"role": "user", "content": text}]
    offered = [{"name": name, "description": "d", "input_schema": schema} for name, schema in tools.items()]
    schema = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]}
    calls: list[tuple[str, Any]] = []
    for _ in range(10):
        ask = Ask(
            agent="code", model="rehearsal", system="s", messages=messages, tools=offered, output_schema=schema
        )
        reply = RehearsalLLM().complete(ask)
        if not reply.tool_uses:
            return calls, reply.text
        (use,) = reply.tool_uses
        calls.append((use["name"], use["input"]))
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": ANSWERS[use["name"]]}
        messages = [
            *messages,
            {"role": "assistant", "content": reply.content},
            {"role": "user", "content": [result]},
        ]
    raise AssertionError("it never ends")


def test_it_looks_reads_what_fits_notes_tests_and_ends() -> None:
    tools = {"list_files": PATH, "read_file": PATH, "write_file": WRITE, "run_tests": NONE}
    calls, answer = work(tools)
    assert [name for name, _ in calls] == ["list_files", "read_file", "write_file", "run_tests"]
    assert calls[1][1] == {"path": "src/booking_form.py"}
    assert calls[2][1]["path"] == coding.NOTE
    assert "Mend the booking form." in calls[2][1]["content"]
    assert calls[2][1]["content"].startswith("# Rehearsal: ")
    assert "Rehearsal: no model worked on this" in json.loads(answer)["summary"]


def test_without_tools_it_says_that_nothing_was_changed() -> None:
    calls, answer = work({})
    assert calls == []
    assert "Nothing was changed." in json.loads(answer)["summary"]


def test_without_a_list_nothing_is_read() -> None:
    calls, _ = work({"read_file": PATH, "run_tests": NONE})
    assert [name for name, _ in calls] == ["run_tests"]


def test_the_report_tells_what_the_tests_said() -> None:
    use = {"type": "tool_use", "id": "t", "name": "run_tests", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "2 failed"}
    messages = [
        {"role": "user", "content": "Mend it."},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    assert coding.report(read(Ask(agent="code", model="m", system="", messages=messages)))["tests"] == "2 failed"
