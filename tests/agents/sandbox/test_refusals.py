"""What a repository brings along and what is not obeyed."""

from pathlib import Path

import pytest

from agents.sandbox.refusals import refusals


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
