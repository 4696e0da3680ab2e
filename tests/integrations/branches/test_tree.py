"""What may not be pushed, each in a real commit."""

from pathlib import Path

import pytest

from integrations.branches import tree
from integrations.branches.command import Repository
from tests.repositories import Owned

PEM = "-----BEGIN RSA " + "PRIVATE KEY-----"


def objections(owned: Owned, folder: Path, entries: list[tuple[str, str, str]]) -> list[str]:
    """What is said of a commit with these (mode, path, content)."""
    work = folder / "check"
    work.mkdir()
    made = Repository.made(work, str(owned.path), sha_length=40)
    made.git("fetch", "--quiet", "--", made.address, "main:refs/base/main")
    made.git("read-tree", "refs/base/main")
    base = owned.sha()
    for mode, path, content in entries:
        sha = base if mode == "160000" else made.git("hash-object", "-w", "--stdin", given=content.encode()).strip()
        made.git("update-index", "--add", "--cacheinfo", f"{mode},{sha},{path}")
    who = {f"GIT_{role}_{part}": "a" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    commit = made.git("commit-tree", made.git("write-tree").strip(), "-p", base, given=b"x", environment=who)
    return tree.objections(made, base, commit.strip())


def test_plain_work_is_let_through(owned: Owned, tmp_path: Path) -> None:
    entries = [
        ("100644", "menu.py", "PRICE = 15\n"),
        ("100755", "bin/run", "#!/bin/sh\n"),
        ("120000", "docs/menu", "../menu.py"),
        ("100644", ".gitattributes", "*.bin binary\n"),
        ("100644", ".github/CODEOWNERS", "* @owner\n"),
        ("100644", "ä and ü.md", "x\n"),
    ]
    assert objections(owned, tmp_path, entries) == []


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (("160000", "vendor/lib", ""), "submodule"),
        (("100644", ".gitmodules", "x"), "submodule"),
        (("120000", "link", "/etc/passwd"), "leads out"),
        (("120000", "a/link", "../../x"), "leads out"),
        (("120000", "a/link", "b/../../../x"), "leads out"),
        (("100644", ".github/workflows/x.yml", "on: push"), "CI"),
        (("100644", ".GitHub/Workflows/x.yml", "on: push"), "CI"),
        (("100644", ".gitattributes", "* filter=evil"), "filter"),
        (("100644", "deep/.gitattributes", "*.c  filter = evil"), "filter"),
        (("100644", "big", "x" * (tree.MAX_FILE_BYTES + 1)), "bytes"),
        (("100644", "key.pem", f"{PEM}\nx"), "private key"),
        (("100644", "a.py", "K = 'sk-ant-" + "a" * 30 + "'"), "Anthropic"),
        (("100644", "a.py", "ghp_" + "a" * 36), "GitHub"),
        (("100644", "a.py", "xoxb-" + "1" * 12), "Slack"),
        (("100644", "a.py", "AKIA" + "A" * 16), "AWS"),
    ],
)
def test_what_may_not_be_pushed_is_named(
    owned: Owned, tmp_path: Path, entry: tuple[str, str, str], reason: str
) -> None:
    (said,) = objections(owned, tmp_path, [entry])
    assert reason in said


@pytest.mark.parametrize(
    "part", [".git", ".GIT", "git~1", ".git ", ".git.", ".g\u200cit", ".git::$INDEX_ALLOCATION"]
)
def test_every_spelling_of_gits_own_folder_is_known(part: str) -> None:
    assert tree._about_path(tree.Entry(f"a/{part}/config", "100644", ""))


def test_a_secret_that_was_there_before_is_its_owners_matter(owned: Owned, tmp_path: Path) -> None:
    owned.commit({"old.pem": f"{PEM}\na\n"})
    assert objections(owned, tmp_path, [("100644", "old.pem", f"{PEM}\nb\n")]) == []


def test_removing_what_may_not_be_added_is_allowed(owned: Owned, tmp_path: Path) -> None:
    entry = tree.Entry("big", "000000", "0" * 40)
    assert entry.gone
    assert tree._about_path(entry) == []
