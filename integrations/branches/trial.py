"""Whether a branch could be pushed, without pushing one."""

import tempfile
import uuid
from pathlib import Path

from integrations import disk
from integrations.branches.command import Repository
from integrations.branches.work import AUTHOR, Place

_EMPTY = b"Nothing.\n"


def try_push(place: Place, workdir: Path) -> None:
    """Go as far as a push goes before it sends anything: the repository has said that this login may write.

    Raises GitFailed, or OSError.
    """
    disk.make_folder(workdir)
    with tempfile.TemporaryDirectory(dir=workdir, prefix="try-") as folder:
        made = Repository.made(Path(folder), place.address, sha_length=40, token=place.token)
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _WHO}
        tree = made.git("hash-object", "-t", "tree", "-w", "--stdin").strip()
        commit = made.git("commit-tree", tree, given=_EMPTY, environment=who).strip()
        ref = f"refs/heads/agent/{uuid.uuid4()}"
        made.git("push", "--dry-run", "--porcelain", "--no-verify", "--", made.address, f"{commit}:{ref}")


_WHO = (("NAME", AUTHOR[0]), ("EMAIL", AUTHOR[1]))
