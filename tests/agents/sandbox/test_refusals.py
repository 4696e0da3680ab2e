"""What a repository brings along and what is not obeyed."""

from pathlib import Path

import pytest

from agents.sandbox.refusals import refusals, walls


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "tree"
    (place / "docs").mkdir(parents=True)
    (place / "docs" / "a.md").write_text("a")
    (place / "docs" / "here.md").symlink_to("a.md")
    (place / ".gitattributes").write_text("*.md text\n# * filter=none\n")
    return place


def test_a_plain_repository_brings_nothing_along(tree: Path) -> None:
    assert refusals(tree) == []


def test_what_is_not_obeyed_is_said(tree: Path) -> None:
    (tree / "docs" / "out").symlink_to("../../secret")
    (tree / "etc").symlink_to("/etc")
    (tree / "docs" / ".gitattributes").write_text("* filter=evil\n")
    (tree / ".husky").mkdir()
    (tree / ".gitmodules").write_text('[submodule "x"]\n\tpath = vendor/x\n\turl = https://evil.example/x.git\n')
    assert refusals(tree) == [
        "Links that lead out of it were not followed: docs/out, etc.",
        "Filters and drivers that it names were not run: docs/.gitattributes.",
        "Hooks that it brings along were not run: .husky.",
        "Its submodules were not fetched: vendor/x.",
    ]


def test_many_are_counted_and_no_name_writes_to_a_terminal(tree: Path) -> None:
    for number in range(5):
        (tree / f"l\x1b{number}").symlink_to("/etc")
    assert refusals(tree) == ["Links that lead out of it were not followed: l0, l1, l2 and 2 more."]


def test_a_link_in_place_of_a_file_of_gits_is_not_read(tree: Path) -> None:
    (tree / ".gitmodules").symlink_to("docs/a.md")
    assert refusals(tree) == []


def test_a_repository_inside_of_it_is_named(tree: Path) -> None:
    (tree / "vendor" / "x").mkdir(parents=True)
    (tree / "vendor" / "x" / "HEAD").write_text("ref: refs/heads/main\n")
    assert refusals(tree) == []
    (tree / "vendor" / "x" / "config").write_text("[core]\n")
    assert refusals(tree) == ["Repositories inside of it were not entered: vendor/x."]


@pytest.mark.parametrize(
    ("output", "sentences"),
    [
        ("OK", 0),
        ("ConnectionRefusedError: [Errno 111] Connection refused", 1),
        ("Error: getaddrinfo EAI_AGAIN registry.npmjs.org", 1),
        ("BlockingIOError: [Errno 11] Resource temporarily unavailable", 1),
        ("OSError: [Errno 28] No space left on device", 1),
        (
            "OSError: [Errno 30] Read-only file system: '/etc/x'\nPermissionError: Operation not permitted",
            2,
        ),
    ],
)
def test_what_tests_asked_for_and_did_not_get_is_known_by_what_they_say(output: str, sentences: int) -> None:
    assert len(walls(output)) == sentences
