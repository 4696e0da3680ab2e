"""Whether branches can be pushed to the owner's repositories that plain git reaches."""

import tempfile
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

from integrations import disk
from integrations.branches.command import GitFailed, Repository
from integrations.branches.trial import try_push
from integrations.branches.work import Place
from integrations.contracts import Finding
from integrations.words import _, gettext_noop

_FIX = gettext_noop(
    "Look at its address, and at what this login may do there: NIGHTDESK_REPOSITORIES, NIGHTDESK_PUSH_REPOSITORIES."
)


class GitProbe:
    """Looks at every repository with the options of the target, but for those that are delivered `elsewhere`."""

    slug: ClassVar[str] = "git"

    def __init__(
        self,
        *,
        repositories: Mapping[str, str],
        workdir: Path | str,
        ci_repositories: Collection[str] = (),
        elsewhere: Collection[str] = (),
    ) -> None:
        self._places = [Place(name, str(at)) for name, at in repositories.items() if name not in elsewhere]
        self._workdir = Path(workdir)

    def look(self) -> list[Finding]:
        """Whether each can be read."""
        return [
            self._found(place, partial(_read, place, self._workdir), _("{name} can be read."))
            for place in self._places
        ]

    def try_out(self) -> list[Finding]:
        """Rehearse a push to each: it is asked whether this login may write, and nothing is sent."""
        says = _("{name} would take a branch; nothing was made.")
        return [self._found(place, partial(try_push, place, self._workdir), says) for place in self._places]

    def _found(self, place: Place, act: Callable[[], None], says: str) -> Finding:
        try:
            act()
        except (GitFailed, OSError) as error:
            return Finding(
                ok=False,
                says=_("{name} cannot be used: {error}.").format(name=place.name, error=error),
                fix=_(_FIX),
            )
        return Finding(ok=True, says=says.format(name=place.name))


def _read(place: Place, workdir: Path) -> None:
    disk.make_folder(workdir)
    with tempfile.TemporaryDirectory(dir=workdir, prefix="look-") as folder:
        made = Repository.made(Path(folder), place.address, sha_length=40, token=place.token)
        made.git("ls-remote", "--heads", "--", made.address, "refs/heads/agent/nobody")
