"""Git on the host, with real repositories, hostile ones among them."""

import os
from pathlib import Path

import pytest

from agents.sandbox import git
from agents.sandbox.git import BaseGone, GitFailed
from tests.emulators.github import READ_TOKEN, GitHubEmulator
from tests.repositories import Owned, an_owned

HOSTILE = "#!/bin/sh\ntouch {}\n"


@pytest.fixture
def owned(tmp_path: Path) -> Owned:
    return an_owned(tmp_path / "owner", {"menu.py": "PRICE = 14\n", "docs/read me.md": "Read.\n"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "desk"
    path.mkdir()
    return path


def cloned(owned: Owned, folder: Path) -> git.Clone:
    address = str(owned.path)
    return git.clone(address, git.head(address, folder), folder)


def files(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if not path.is_dir()}


def test_the_tree_holds_the_files_and_no_git(owned: Owned, folder: Path) -> None:
    clone = cloned(owned, folder)
    assert clone.base_sha == owned.sha()
    assert files(clone.tree) == {"menu.py", "docs/read me.md"}
    assert clone.changes() == git.Changes(b"", [], 0, 0)


def test_every_kind_of_change_is_in_the_patch_and_it_fits_again(owned: Owned, folder: Path, tmp_path: Path) -> None:
    clone = cloned(owned, folder)
    (clone.tree / "menu.py").write_text("PRICE = 15\nTAX = 1\n")
    (clone.tree / "docs" / "read me.md").unlink()
    (clone.tree / "new").mkdir()
    (clone.tree / "new" / "ä.bin").write_bytes(bytes(range(256)))
    (clone.tree / "ignored.log").write_text("kept\n")
    (clone.tree / ".gitignore").write_text("*.log\n")
    changes = clone.changes()
    assert changes.files == [".gitignore", "docs/read me.md", "ignored.log", "menu.py", "new/ä.bin"]
    assert (changes.added, changes.removed) == (4, 2)
    other = tmp_path / "other"
    other.mkdir()
    again = cloned(owned, other)
    assert again.apply(changes.patch)
    assert again.changes() == changes


def test_a_patch_that_does_not_fit_changes_nothing(owned: Owned, folder: Path) -> None:
    clone = cloned(owned, folder)
    (clone.tree / "menu.py").write_text("PRICE = 15\n")
    patch = clone.changes().patch
    (clone.tree / "menu.py").write_text("PRICE = 99\n")
    assert not clone.apply(patch)
    assert not clone.apply(b"no patch at all")
    assert (clone.tree / "menu.py").read_text() == "PRICE = 99\n"


def test_an_older_commit_is_found_after_the_repository_moved_on(owned: Owned, folder: Path) -> None:
    base = owned.sha()
    owned.commit({"menu.py": "PRICE = 20\n"})
    owned.commit({"menu.py": "PRICE = 21\n"})
    clone = git.clone(str(owned.path), base, folder)
    assert (clone.tree / "menu.py").read_text() == "PRICE = 14\n"


def test_a_commit_that_is_gone_is_told_apart_from_a_repository_that_is_away(owned: Owned, folder: Path) -> None:
    with pytest.raises(BaseGone, match="a" * 40):
        git.clone(str(owned.path), "a" * 40, folder)
    with pytest.raises(GitFailed, match="not appear to be a git repository") as caught:
        git.head(str(folder / "nowhere"), folder)
    assert not isinstance(caught.value, BaseGone)


def test_an_empty_repository_is_said(owned: Owned, folder: Path) -> None:
    owned.git("init", "--quiet", "--bare", str(folder / "empty.git"), cwd=folder)
    with pytest.raises(GitFailed, match="no commit yet"):
        git.head(str(folder / "empty.git"), folder)


@pytest.mark.parametrize("sha", ["", "HEAD", "--upload-pack=touch x", "main", "A" * 40])
def test_a_base_is_a_commits_full_name(owned: Owned, folder: Path, sha: str) -> None:
    with pytest.raises(GitFailed, match="is not a commit"):
        git.clone(str(owned.path), sha, folder)


@pytest.mark.parametrize("address", ["ext::sh -c 'touch ran'", "http://127.0.0.1:1/x", "git://127.0.0.1:1/x"])
def test_other_protocols_are_not_spoken(folder: Path, address: str) -> None:
    with pytest.raises(GitFailed, match="not allowed"):
        git.head(address, folder)
    assert not (folder / "ran").exists()


def test_a_password_is_told_to_that_host_and_to_nobody_else(folder: Path) -> None:
    remote = git.Remote.of("https://bot:p%40ss@git.example/a.git", folder)
    assert remote.url == "https://git.example/a.git"
    assert remote.environment["GIT_CONFIG_KEY_0"] == "http.https://git.example/.extraHeader"
    assert remote.environment["GIT_CONFIG_VALUE_0"] == "Authorization: Basic Ym90OnBAc3M="
    with pytest.raises(GitFailed) as caught:
        git.head("https://bot:hunter2@127.0.0.1:1/a.git", folder)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", ["git@git.example:a/b.git", "ssh://git@git.example/a"])
def test_addresses_of_ssh_are_not_taken_for_paths(folder: Path, address: str) -> None:
    assert git.Remote.of(address, folder) == git.Remote(address, {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_another_user_is_read_because_the_owner_named_it(owned: Owned, folder: Path) -> None:
    for path in [owned.path, *owned.path.rglob("*")]:
        os.chown(path, 12_345, 12_345)
    assert files(cloned(owned, folder).tree) == {"menu.py", "docs/read me.md"}


def test_nothing_in_a_hostile_repository_or_on_this_machine_is_run(
    owned: Owned, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "hostile"
    script.write_text(HOSTILE.format(ran))
    script.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit", "fsmonitor-watchman"):
        (hooks / name).symlink_to(script)
    config = (
        f"[core]\n\thooksPath = {hooks}\n\tfsmonitor = {script}\n"
        f'[filter "evil"]\n\tclean = {script}\n\tsmudge = {script}\n\trequired = true\n'
        f'[diff]\n\texternal = {script}\n[diff "evil"]\n\ttextconv = {script}\n\tcommand = {script}\n'
        f"[uploadpack]\n\tpackObjectsHook = {script}\n"
    )
    (tmp_path / ".gitconfig").write_text(config)
    with (owned.path / "config").open("a") as own:
        own.write(config)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(script))
    owned.commit({".gitattributes": "* filter=evil diff=evil\n", "-rf": "x\n", "sub/.gitattributes": "* -text\n"})
    ran.unlink(missing_ok=True)
    clone = cloned(owned, folder)
    (clone.tree / "menu.py").write_text("PRICE = 15\n")
    nested = clone.tree / "nested"
    owned.git("init", "--quiet", "--bare", str(nested), cwd=folder)
    (nested / "config").write_text(f"[core]\n\tbare = true\n\tfsmonitor = {script}\n")
    changes = clone.changes()
    assert clone.apply(b"") is False
    assert "menu.py" in changes.files
    assert not ran.exists()


def test_git_that_is_missing_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitFailed, match="cannot be started"):
        git.head("/x", folder)


def test_git_that_hangs_is_stopped(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(git, "_SECONDS", 0.1)
    with pytest.raises(GitFailed, match="took longer"):
        git.head("/x", folder)


def test_a_branch_is_where_work_on_it_goes_on(owned: Owned, folder: Path) -> None:
    began = owned.sha()
    assert git.tip(str(owned.path), "agent/1", folder) is None
    tip = owned.commit({"menu.py": "PRICE = 15\n"}, branch="agent/1")
    assert git.tip(str(owned.path), "agent/1", folder) == tip
    clone = git.clone(str(owned.path), tip, folder)
    assert git.reach(str(owned.path), clone, began, folder)
    (clone.tree / "more.txt").write_text("more\n")
    assert clone.changes().files == ["more.txt"]
    assert set(clone.changes(began).files) == {"menu.py", "more.txt"}
    assert clone.holds(clone.changes(began).patch)
    for gone in ("a" * 40, "main", ""):
        assert not git.reach(str(owned.path), clone, gone, folder)


def test_a_clone_from_github_needs_no_more_than_the_token_that_reads(owned: Owned, folder: Path) -> None:
    github = GitHubEmulator().start()
    try:
        github.add_repository("acme/shop", owned)
        place = github.url.removeprefix("http://")
        address = f"http://x-access-token:{READ_TOKEN}@{place}/acme/shop.git"
        clone = git.clone(address, git.head(address, folder), folder)
        assert (clone.tree / "menu.py").exists()
        kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        assert not any(READ_TOKEN.encode() in text for text in kept)
        with pytest.raises(GitFailed, match="could not read Username"):
            git.head(f"http://x-access-token:another@{place}/acme/shop.git", folder)
    finally:
        github.stop()
    assert not github.bugs()
