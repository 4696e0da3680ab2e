"""What of ours is in the branches of agents, as the repositories themselves say."""

import datetime
import re
import tempfile
from pathlib import Path

from integrations import disk
from integrations.branches.command import GitFailed, Repository
from integrations.branches.work import AUTHOR, DEPTH, FETCH, Place
from integrations.contracts import Marked, OutcomeUnknown
from integrations.words import _

_AGENTS = "refs/heads/agent/"
_KEY = re.compile(r"^Nightdesk-Delivery: (\S+)$", re.M)


def commits_of_ours(place: Place, workdir: Path, since: datetime.datetime) -> list[tuple[str, Marked]]:
    """Each commit of ours since then with the branch that it is in, the oldest first.

    Raises OutcomeUnknown where the repository cannot be read.
    """
    try:
        disk.make_folder(workdir)
        with tempfile.TemporaryDirectory(dir=workdir, prefix="look-") as folder:
            log = _log(place, Path(folder))
    except (GitFailed, OSError) as error:
        raise OutcomeUnknown(
            _("The repository {name} cannot be read: {error}.").format(name=place.name, error=error)
        ) from error
    return [found for entry in log.split("\0") if (found := _marked(entry.strip(), since))]


def _log(place: Place, folder: Path) -> str:
    first, look = folder / "first", folder / "look"
    first.mkdir()
    look.mkdir()
    made = Repository.made(first, place.address, sha_length=40, token=place.token)
    refs = made.git("ls-remote", "--", made.address, f"{_AGENTS}*")
    if not refs:
        return ""
    made = Repository.made(look, place.address, sha_length=len(refs.split()[0]), token=place.token)
    made.git(*FETCH, f"--depth={DEPTH}", "--", made.address, f"+{_AGENTS}*:refs/seen/*")
    return made.git("log", "--glob=refs/seen/*", "--source", "--reverse", "--format=%S %H %ct %ce%n%B%x00")


def _marked(entry: str, since: datetime.datetime) -> tuple[str, Marked] | None:
    """The branch and the mark of a commit, if it is one of ours and not older."""
    seen, commit, seconds, email, message = (*entry.split(maxsplit=4), *[""] * 5)[:5]
    key = _KEY.search(message)
    if email != AUTHOR[1] or key is None or int(seconds) < since.timestamp():
        return None
    return f"agent/{seen.removeprefix('refs/seen/')}", Marked(key=key[1], external_id=commit)
