"""What deserves a second look."""

import pytest

from jobs.inbox.rendering import DiffFile, DiffLine
from jobs.inbox.risks import notes


def a_file(path: str, *, added: int = 1, removed: int = 0) -> DiffFile:
    return DiffFile(path, [DiffLine("+", "x")] * added + [DiffLine("-", "y")] * removed)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".github/workflows/ci.yml", "What runs in CI changes: .github/workflows/ci.yml."),
        ("web/package-lock.json", "What the project stands on changes: web/package-lock.json."),
        ("requirements-dev.txt", "What the project stands on changes: requirements-dev.txt."),
        ("shop/vat.py", "What handles money changes: shop/vat.py."),
        ("shop/migrations/0002_vat.py", "The database's form changes: shop/migrations/0002_vat.py."),
        ("config/settings.py", "Settings or keys change: config/settings.py."),
        (".env.example", "Settings or keys change: .env.example."),
    ],
)
def test_what_a_path_says(path: str, said: str) -> None:
    assert notes([a_file(path)], tests="pass") == [said]


@pytest.mark.parametrize(
    "path", ["shop/export.py", "docs/requirements.md", "README.md", "migrate.py", "tests/test_vat.py"]
)
def test_plain_work_has_no_note(path: str) -> None:
    assert notes([a_file(path)], tests="pass") == []


@pytest.mark.parametrize(("tests", "said"), [("fail", "fail"), ("none", "No test"), ("stopped", "stopped")])
def test_how_the_tests_ended_comes_first(tests: str, said: str) -> None:
    assert said in notes([a_file("go.mod")], tests=tests)[0]


def test_tests_that_go_and_long_changes_are_named() -> None:
    files = [a_file("tests/test_vat.py", added=1, removed=9), a_file("shop/export.py", added=400)]
    assert notes(files, tests="pass") == [
        "Lines of tests are taken away: tests/test_vat.py.",
        "It is long: 410 lines.",
    ]


def test_many_paths_are_counted() -> None:
    files = [a_file(f"migrations/{number}.py") for number in range(5)]
    shown = "migrations/0.py, migrations/1.py, migrations/2.py and 2 more"
    assert notes(files, tests="pass") == [f"The database's form changes: {shown}."]


def test_what_an_unknown_maker_says_of_tests_is_no_note() -> None:
    assert notes([], tests="") == []
