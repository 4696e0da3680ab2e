"""The rules of the house that no tool knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from agents import registry as agent_registry
from integrations import registry as provider_registry

ROOT = Path(__file__).parent.parent
ROOMS = ("config", "jobs", "agents", "integrations")
MAX_LINES = 400
MAX_VIEW_LINES = 20
BANNED_NAMES = {"utils", "helpers", "common", "base", "core", "services", "tasks", "misc"}
# Django looks for a database backend under this name.
NAMED_BY_DJANGO = {"config/sqlite3/base.py"}
# The two doors through which a state is written, and the migrations' own words.
STATE_WRITERS = {"jobs/lifecycle/moves.py", "jobs/queue.py", "jobs/models/fence.py"}
# What the supervisor and the demo tell the processes that they start: no setting of the owner's.
SAID_BY_COMMANDS = {"NIGHTDESK_DEMO", "NIGHTDESK_HELD_ELSEWHERE", "NIGHTDESK_ROLE", "NIGHTDESK_SUPERVISOR"}
TOP_FOLDERS = {"config", "jobs", "agents", "integrations", "templates", "tests", ".ci"}
# Doors without a decision of their own: an empty app config, the WSGI door, pages of nothing but names.
WITHOUT_TEST = re.compile(r"(__init__|apps|wsgi|urls)\.py$|/migrations/|^jobs/models/|^jobs/admin/")


def tracked(*endings: str) -> Iterator[str]:
    """Paths that git tracks or would track, with one of these endings."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return (path for path in sorted(set(listing.split())) if path.endswith(endings) and (ROOT / path).is_file())


def source_files() -> list[str]:
    """The code without migrations and tests."""
    return [path for path in tracked(".py") if path.startswith(ROOMS) and "/migrations/" not in path]


def settings_source() -> str:
    """The files that read the environment."""
    return "".join((ROOT / path).read_text() for path in ("config/settings.py", "config/providers.py"))


def test_no_file_is_over_400_lines() -> None:
    long = {
        path: lines
        for path in tracked(".py", ".html", ".css", ".js")
        if "/migrations/" not in path and (lines := len((ROOT / path).read_text().splitlines())) > MAX_LINES
    }
    assert not long


def test_only_the_folders_of_the_design_stand_at_the_top() -> None:
    folders = {path.split("/")[0] for path in tracked("") if "/" in path}
    assert folders <= TOP_FOLDERS


def test_no_room_is_a_drawer() -> None:
    drawers = [path for path in source_files() if {*Path(path).with_suffix("").parts} & BANNED_NAMES]
    assert set(drawers) <= NAMED_BY_DJANGO


def test_states_are_written_through_their_doors_alone() -> None:
    others = [
        path
        for path in source_files()
        if path not in STATE_WRITERS
        and re.search(r"\.update_state\(|SET state\b|\.state = ", (ROOT / path).read_text())
    ]
    assert not others


def test_views_are_thin() -> None:
    thick = []
    for path in source_files():
        if not re.search(r"(^|/)(\w+_)?views\.py$", path):
            continue
        source = (ROOT / path).read_text()
        if path.startswith(("jobs/inbox", "jobs/api")) and ".objects" in source:
            thick.append(f"{path}: reads tables itself")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > MAX_VIEW_LINES:
                thick.append(f"{path}: {node.name}")
    assert not thick


def test_every_dotted_name_of_a_registry_resolves() -> None:
    paths = [
        *settings.WORKERS.values(),
        *(entry["func"] for entry in settings.SCHEDULES.values()),
        *agent_registry.AGENTS.values(),
        *provider_registry.SOURCES.values(),
        *provider_registry.TARGETS.values(),
    ]
    assert all(callable(import_string(path)) for path in paths)


def test_every_kind_of_effect_has_a_target_that_takes_it() -> None:
    for kind, slug in settings.DELIVERED_BY.items():
        assert kind in import_string(provider_registry.TARGETS[slug]).kinds


def test_every_variable_is_explained_in_the_example_and_nothing_else_is() -> None:
    read = set(re.findall(r"""\benv\.\w+\(\s*"([A-Z0-9_]+)\"""", settings_source()))
    example = set(re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert example == read - SAID_BY_COMMANDS


def test_every_variable_of_the_house_is_read() -> None:
    source = settings_source()
    known = set(re.findall(r'^ {8}"(NIGHTDESK_[A-Z_]+)",$', source, re.MULTILINE))
    assert known == set(re.findall(r'\("(NIGHTDESK_[A-Z_]+)"', source)) | SAID_BY_COMMANDS


def test_tests_mirror_the_code() -> None:
    missing = [
        path
        for path in source_files()
        if not WITHOUT_TEST.search(path)
        and not list((ROOT / "tests" / path).parent.glob(f"test_{Path(path).stem}*.py"))
    ]
    assert not missing


def test_the_project_speaks_of_itself_alone() -> None:
    foreign = re.compile(
        r"(^|[^A-Za-z0-9_.])/(work|farm)/|\bTODO\b|\bFIXME\b|https?://(pypi|registry)\.", re.MULTILINE
    )
    own = "tests/test_house.py"
    said = [path for path in tracked(".py", ".md", ".txt", ".toml", ".html", ".css", ".js") if path != own]
    assert not [path for path in said if foreign.search((ROOT / path).read_text(errors="replace"))]


@pytest.mark.parametrize("path", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_requirements_are_locked_by_hash_and_name_no_index(path: str) -> None:
    text = (ROOT / path).read_text()
    assert "--hash=sha256:" in text
    assert "--index-url" not in text
    assert "--find-links" not in text
