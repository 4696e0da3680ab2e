import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.kinds import REHEARSAL_NOTE

DRAFTING = {"kind": "article", "audience": "home bakers", "instructions": "300 words on ovens"}
CLIENT = {"name": "Trattoria Lume", "has_recipients": True}


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return tmp_path / "input.json"


def try_agent(name: str, path: Path, value: object) -> str:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    out = StringIO()
    call_command("try_agent", name, "--input", path, stdout=out)
    return out.getvalue()


def test_it_prints_what_the_agent_would_make_and_cost(given: Path) -> None:
    shown = try_agent("drafting", given, DRAFTING)
    assert "=== draft: trial-draft.md" in shown
    assert REHEARSAL_NOTE in shown
    assert "would ask for: document {} trial-draft.md" in shown
    assert shown.splitlines()[-1].startswith("1 call, $0.0000")


def test_it_takes_a_whole_brief(given: Path) -> None:
    brief = {"input": {"purpose": "Say hello"}, "client": CLIENT, "task_title": "Hello"}
    assert "would ask for: client_message" in try_agent("communication", given, brief)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("barista", {}, "There is no agent 'barista'"),
        ("drafting", "{", "cannot be read as JSON"),
        ("drafting", [], "must hold a JSON object"),
        ("drafting", {"input": {}, "colour": "red"}, "is not a brief"),
        ("drafting", {"kind": "article"}, r"does not fit .* \(0 calls, \$0\.0000\)"),
        ("communication", {"purpose": "Say hello"}, "Unable: This job has no client"),
    ],
)
def test_what_is_wrong_is_said(given: Path, name: str, value: object, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        try_agent(name, given, value)


def test_a_file_that_is_not_there_is_said(given: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("try_agent", "drafting", "--input", given)
