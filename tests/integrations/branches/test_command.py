"""How git is run."""

from pathlib import Path

import pytest

from integrations.branches import command
from integrations.branches.command import GitFailed, Repository


def test_a_password_goes_into_a_header_for_that_host_alone(tmp_path: Path) -> None:
    made = Repository.made(tmp_path, "https://x-access-token:p%40ss@git.example:8443/a/b.git", sha_length=40)
    assert made.address == "https://git.example:8443/a/b.git"
    assert made.secrets["GIT_CONFIG_KEY_0"] == "http.https://git.example:8443/.extraHeader"
    assert made.secrets["GIT_CONFIG_VALUE_0"] == "Authorization: Basic eC1hY2Nlc3MtdG9rZW46cEBzcw=="
    assert "Basic" not in repr(made)
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"p@ss" in text or b"p%40ss" in text for text in texts)


@pytest.mark.parametrize(
    "address", ["git@git.example:a/b.git", "ssh://git@git.example/a/b.git", "https://git.example/a"]
)
def test_other_addresses_stay_as_they_are(tmp_path: Path, address: str) -> None:
    made = Repository.made(tmp_path, address, sha_length=64)
    assert (made.address, made.secrets) == (address, {})
    assert made.git("rev-parse", "--show-object-format").strip() == "sha256"


@pytest.mark.parametrize("address", ["ext::touch ran", "http://127.0.0.1:1/x", "git://127.0.0.1:1/x", "fd::7"])
def test_protocols_that_run_things_or_hide_nothing_are_not_spoken(tmp_path: Path, address: str) -> None:
    with pytest.raises(GitFailed, match=r"not allowed|not appear"):
        command.run("ls-remote", "--", address)


def test_git_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitFailed, match="cannot be started"):
        command.run("version")


def test_git_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(command, "SECONDS", 0.1)
    with pytest.raises(GitFailed) as caught:
        command.run("version")
    assert caught.value.late


def test_what_git_says_is_told_without_passwords() -> None:
    with pytest.raises(GitFailed) as caught:
        command.run("ls-remote", "--", "http://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)
