"""The work tree as a model sees it."""

import os
from pathlib import Path
from typing import Any

import pytest

from agents.contracts import Tool, ToolError
from agents.tools import workspace
from agents.tools.workspace import Workspace, file_tools


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository's files, and a secret beside them."""
    (tmp_path / "secret.txt").write_text("the secret")
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / "README.md").write_text("# Shop\n\nSoup and bread.\n")
    (root / "src" / "menu.py").write_text("PRICE = 14\nNAME = 'Soup'\n")
    (root / "logo.png").write_bytes(b"\x89PNG\xff\xfe")
    return root


def tool(tree: Path, name: str) -> Tool:
    return next(tool for tool in file_tools(Workspace(tree)) if tool.name == name)


def use(tree: Path, name: str, **given: Any) -> str:
    wanted = tool(tree, name)
    return wanted.run(wanted.Input.model_validate(given))


def refused(tree: Path, name: str, **given: Any) -> str:
    with pytest.raises(ToolError) as caught:
        use(tree, name, **given)
    assert "the secret" not in str(caught.value)
    return str(caught.value)


def test_only_tools_that_change_the_tree_are_run_again_in_a_fresh_one(tree: Path) -> None:
    again = {tool.name for tool in file_tools(Workspace(tree)) if tool.replay}
    assert again == {"write_file", "edit_file", "delete_file"}


class TestReading:
    def test_files_are_listed_in_order(self, tree: Path) -> None:
        assert use(tree, "list_files") == "Files below .: 3\n\nREADME.md\nlogo.png\nsrc/menu.py"
        assert use(tree, "list_files", path="./src/") == "Files below ./src/: 1\n\nsrc/menu.py"

    def test_a_long_list_is_cut_and_says_so(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workspace, "MAX_LISTED", 2)
        lines = use(tree, "list_files").splitlines()
        assert lines[0] == "Files below .: 3"
        assert lines[2:] == ["README.md", "logo.png", "[the first 2: list a folder to see the others]"]

    def test_a_folder_that_is_none_is_said(self, tree: Path) -> None:
        assert "no folder 'docs'" in refused(tree, "list_files", path="docs")
        assert "no folder" in refused(tree, "list_files", path="README.md")

    def test_a_file_is_read_under_its_name(self, tree: Path) -> None:
        text = use(tree, "read_file", path="src/menu.py")
        assert text == "File: src/menu.py\nCharacters 0 to 25 of 25\n\nPRICE = 14\nNAME = 'Soup'\n"

    def test_a_long_file_comes_in_pieces(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workspace, "PIECE", 10)
        assert "Characters 0 to 10 of 25; it goes on at start=10\n" in use(tree, "read_file", path="src/menu.py")
        assert use(tree, "read_file", path="src/menu.py", start=20).endswith("\n\noup'\n")

    def test_line_ends_are_kept(self, tree: Path) -> None:
        (tree / "dos.txt").write_bytes(b"a\r\nb\r\n")
        use(tree, "edit_file", path="dos.txt", old="b\r\n", new="c\r\n")
        assert (tree / "dos.txt").read_bytes() == b"a\r\nc\r\n"

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("nothing.py", "no file 'nothing.py'"),
            ("README.md/x", "no file"),
            ("src", "is a folder"),
            (".", "is a folder"),
            ("logo.png", "not a text"),
            ("x" * 300, "No name in a path"),
        ],
    )
    def test_what_cannot_be_read_is_said(self, tree: Path, path: str, reason: str) -> None:
        assert reason in refused(tree, "read_file", path=path)

    def test_a_file_that_is_too_large_or_no_file_is_not_read(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.mkfifo(tree / "pipe")
        assert "no plain file" in refused(tree, "read_file", path="pipe")
        monkeypatch.setattr(workspace, "MAX_FILE_BYTES", 10)
        assert "too large" in refused(tree, "read_file", path="README.md")

    def test_lines_with_a_text_are_found_in_any_case(self, tree: Path) -> None:
        found = use(tree, "search_text", text="soup")
        assert found == "Lines with 'soup':\nREADME.md:3: Soup and bread.\nsrc/menu.py:2: NAME = 'Soup'"
        assert use(tree, "search_text", text="soup", path="src").count("\n") == 1
        assert use(tree, "search_text", text="(a+)+$") == "Lines with '(a+)+$': none"

    def test_too_many_lines_are_cut(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tree / "many.txt").write_text("soup\n" * 500)
        assert use(tree, "search_text", text="soup").count("soup") == workspace.MAX_FOUND + 1 - 1
        assert use(tree, "search_text", text="soup").endswith("or in a folder]")


class TestWriting:
    def test_a_new_file_gets_its_folders(self, tree: Path) -> None:
        assert use(tree, "write_file", path="tests/unit/test_menu.py", content="ä\n") == (
            "Written: tests/unit/test_menu.py, 2 characters."
        )
        assert (tree / "tests/unit/test_menu.py").read_text() == "ä\n"

    def test_a_file_is_replaced_whole_and_stays_executable(self, tree: Path) -> None:
        (tree / "README.md").chmod(0o755)
        use(tree, "write_file", path="README.md", content="x")
        assert (tree / "README.md").read_text() == "x"
        assert os.access(tree / "README.md", os.X_OK)

    def test_one_passage_is_replaced(self, tree: Path) -> None:
        assert use(tree, "edit_file", path="src/menu.py", old="14", new="15") == "Changed: src/menu.py."
        assert (tree / "src/menu.py").read_text() == "PRICE = 15\nNAME = 'Soup'\n"

    @pytest.mark.parametrize(
        ("old", "reason"), [("13", "does not stand in"), (" = ", "2 times"), ("price", "copy")]
    )
    def test_a_passage_that_is_not_the_only_one_is_left(self, tree: Path, old: str, reason: str) -> None:
        assert reason in refused(tree, "edit_file", path="src/menu.py", old=old, new="x")
        assert (tree / "src/menu.py").read_text() == "PRICE = 14\nNAME = 'Soup'\n"

    def test_a_file_is_removed_with_the_folders_it_leaves_empty(self, tree: Path) -> None:
        assert use(tree, "delete_file", path="src/menu.py") == "Removed: src/menu.py."
        assert sorted(path.name for path in tree.iterdir()) == ["README.md", "logo.png"]
        assert "no file" in refused(tree, "delete_file", path="src/menu.py")

    def test_a_folder_is_neither_written_nor_removed(self, tree: Path) -> None:
        assert "cannot be written" in refused(tree, "write_file", path="src", content="x")
        assert "cannot be written" in refused(tree, "write_file", path="README.md/x", content="x")
        assert "cannot be removed" in refused(tree, "delete_file", path="src")
        assert "cannot be removed" in refused(tree, "delete_file", path=".")

    def test_a_text_has_a_most(self, tree: Path) -> None:
        content = "x" * (workspace.MAX_FILE_BYTES + 1)
        assert "longer than" in refused(tree, "write_file", path="big.txt", content=content)
        assert not (tree / "big.txt").exists()


WAYS_OUT = [
    *("../secret.txt", "src/../../secret.txt", "/etc/passwd", "..", "a\\..\\..\\secret.txt", "src/\0", "a\nb"),
    *("\u202esrc", "x/" * 300, "link", "folder/secret.txt", "inner/menu.py"),
]
GIT = [
    ".git/config",
    ".GIT/hooks/x",
    "src/.git",
    "git~1/config",
    ".git./config",
    ".git /x",
    ".git::$DATA/x",
    "\uff0egit/x",
]


class TestTheWall:
    @pytest.fixture(autouse=True)
    def links(self, tree: Path) -> None:
        (tree / "link").symlink_to(tree.parent / "secret.txt")
        (tree / "folder").symlink_to(tree.parent)
        (tree / "inner").symlink_to(tree / "src")

    @pytest.mark.parametrize("path", [*WAYS_OUT, *GIT])
    def test_no_path_leads_out_or_into_gits_own_folder(self, tree: Path, path: str) -> None:
        before = (tree.parent / "secret.txt").read_text(), (tree / "src/menu.py").read_text()
        refused(tree, "read_file", path=path)
        refused(tree, "write_file", path=path, content="x")
        refused(tree, "edit_file", path=path, old="the", new="x")
        refused(tree, "delete_file", path=path)
        assert before == ((tree.parent / "secret.txt").read_text(), (tree / "src/menu.py").read_text())

    def test_links_are_shown_but_not_followed(self, tree: Path) -> None:
        assert "secret" not in use(tree, "list_files")
        assert use(tree, "list_files").splitlines()[2:] == [
            *("README.md", "folder", "inner", "link", "logo.png", "src/menu.py"),
        ]
        assert "none" in use(tree, "search_text", text="the secret")
        assert "link" in refused(tree, "list_files", path="folder")

    @pytest.mark.parametrize(
        "path",
        [
            ".gitmodules",
            ".gitattributes",
            "src/.gitattributes",
            ".github/workflows/x.yml",
            ".GitHub/Workflows/x.yml",
        ],
    )
    def test_what_runs_elsewhere_is_changed_by_a_person(self, tree: Path, path: str) -> None:
        assert "a person changes it" in refused(tree, "write_file", path=path, content="x")
        assert not (tree / path).exists()

    @pytest.mark.parametrize("path", [".gitignore", ".github/CODEOWNERS", "git/x", "..a", ".gitlab", "a..b/c"])
    def test_names_that_only_look_like_it_are_fine(self, tree: Path, path: str) -> None:
        use(tree, "write_file", path=path, content="x")
        assert (tree / path).read_text() == "x"
