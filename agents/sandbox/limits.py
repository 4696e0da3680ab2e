"""The most that a cell may take of the machine, and who it is on the outside."""

import os
import pwd
from dataclasses import dataclass

from agents.words import _

MIB = 1024 * 1024

# A number of its own that no package gives away: nothing else runs under it, and it needs no entry and no home.
SPARE_UID = 60_999


@dataclass(frozen=True)
class Limits:
    """Seconds by the wall, bytes, processes. `output_bytes` is what is kept, `flood_bytes` what ends the cell."""

    seconds: float = 300.0
    memory_bytes: int = 512 * MIB
    processes: int = 64
    tree_bytes: int = 128 * MIB
    tmp_bytes: int = 64 * MIB
    home_bytes: int = 64 * MIB
    shm_bytes: int = 16 * MIB
    file_bytes: int = 64 * MIB
    open_files: int = 512
    user_processes: int = 256
    output_bytes: int = 256 * 1024
    flood_bytes: int = 64 * MIB

    def prlimit(self) -> list[str]:
        """The wrapper that binds the command to what the kernel counts for each process; it runs inside the cell.

        From the outside the number of processes would be counted together with all others of the same user.
        """
        seconds = max(1, round(self.seconds))
        return [
            "/usr/bin/prlimit",
            f"--nproc={self.user_processes}",
            f"--fsize={self.file_bytes}",
            f"--nofile={self.open_files}",
            f"--cpu={seconds}",
            "--core=0",
            "--memlock=0",
            "--",
        ]


class NoUser(Exception):
    """The cell's user cannot be taken on; the text says what to do."""


@dataclass(frozen=True)
class Identity:
    """Whom bubblewrap is started as. None: as the one that this process runs as already."""

    uid: int | None = None
    gid: int | None = None


def identity(user: str = "") -> Identity:
    """The user outside of the cell: `user` by name, else a spare number; raise NoUser.

    Bubblewrap is never started by root: the code inside could then open the kernel's settings for writing, and the
    number of processes would not be limited. Without root there is nobody to change into, and none is needed.
    """
    if os.geteuid() != 0:
        return _own(user)
    if not user:
        return Identity(SPARE_UID, SPARE_UID)
    entry = _entry(user)
    if entry.pw_uid == 0:
        raise NoUser(
            _("The cell may not run as {user}, which is root. Name a system user of its own.").format(user=user)
        )
    return Identity(entry.pw_uid, entry.pw_gid)


def _own(user: str) -> Identity:
    if user and _entry(user).pw_uid != os.geteuid():
        raise NoUser(
            _("Only root can run the cell as {user}. Leave NIGHTDESK_CELL_USER empty, or start as root.").format(
                user=user
            )
        )
    return Identity()


def _entry(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise NoUser(
            _(
                "There is no user {user} for the cell. Make it (useradd --system {user2}) or leave "
                "NIGHTDESK_CELL_USER empty."
            ).format(user=f"{user!r}", user2=user)
        ) from None
