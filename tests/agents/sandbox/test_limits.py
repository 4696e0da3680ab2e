"""The numbers, and whom the cell runs as."""

import os
import pwd

import pytest

from agents.sandbox import limits
from agents.sandbox.limits import Identity, Limits, NoUser

ROOT = os.geteuid() == 0


def test_the_wrapper_names_every_limit_of_a_process() -> None:
    command = Limits(seconds=7.4).prlimit()
    assert command[1:] == [
        *("--nproc=256", "--fsize=67108864", "--nofile=512", "--cpu=7", "--core=0", "--memlock=0", "--"),
    ]


@pytest.mark.skipif(not ROOT, reason="only root changes into others")
class TestRoot:
    def test_takes_a_number_that_nobody_has(self) -> None:
        assert limits.identity() == Identity(limits.SPARE_UID, limits.SPARE_UID)
        with pytest.raises(KeyError):
            pwd.getpwuid(limits.SPARE_UID)

    def test_takes_the_user_that_was_named(self) -> None:
        entry = pwd.getpwnam("nobody")
        assert limits.identity("nobody") == Identity(entry.pw_uid, entry.pw_gid)

    def test_does_not_stay_root(self) -> None:
        with pytest.raises(NoUser, match="is root"):
            limits.identity("root")

    def test_says_how_to_make_a_user_that_is_missing(self) -> None:
        with pytest.raises(NoUser, match="useradd --system nightcell"):
            limits.identity("nightcell")


class TestWithoutRoot:
    @pytest.fixture(autouse=True)
    def somebody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("daemon").pw_uid)

    def test_the_own_user_is_kept(self) -> None:
        assert limits.identity() == limits.identity("daemon") == Identity(None, None)

    def test_another_user_cannot_be_taken_on(self) -> None:
        with pytest.raises(NoUser, match="Only root can run the cell as nobody"):
            limits.identity("nobody")
