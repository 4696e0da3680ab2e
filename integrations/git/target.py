"""A branch from a patch, in any repository that git can push to: agent/<job uid>, and no other ref."""

import datetime
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar

from integrations.branches.listing import commits_of_ours
from integrations.branches.work import Order, Place, refuse_unless, work_on
from integrations.contracts import DeliveryError, Landed, Marked, OutcomeUnknown, Outgoing
from integrations.words import _


class GitTarget:
    """Pushes to the owner's `repositories`, name -> path or address; `workdir` holds what is under way.

    In those of `ci_repositories` agents may change what runs in the repository's CI. The branches of those
    `elsewhere` are another target's by now.
    """

    slug: ClassVar[str] = "git"
    kinds: ClassVar[frozenset[str]] = frozenset({"branch"})
    lag_seconds: ClassVar[float] = 2.0

    def __init__(
        self,
        *,
        repositories: Mapping[str, str],
        workdir: Path | str,
        ci_repositories: Collection[str] = (),
        elsewhere: Collection[str] = (),
    ) -> None:
        self._repositories = {name: str(address) for name, address in repositories.items()}
        self._workdir = Path(workdir)
        self._ci_repositories = frozenset(ci_repositories)
        self._elsewhere = frozenset(elsewhere)

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Push the branch, or find it there. Raises DeliveryError, and OutcomeUnknown where an answer was lost."""
        order = self._order(outgoing)
        with work_on(order, self._workdir) as work:
            return _landed(order, work.make())

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The branch if our commit is in it, else None; raises OutcomeUnknown where that cannot be seen."""
        try:
            order = self._order(outgoing)
            with work_on(order, self._workdir) as work:
                commit = work.find()
                return _landed(order, commit) if commit else None
        except DeliveryError as error:
            if error.permanent:
                return None  # it could never have been made
            raise OutcomeUnknown(str(error)) from error

    def listing(self, since: datetime.datetime) -> list[Marked]:
        """Every commit of ours since then that is in a branch of an agent's, in all repositories."""
        own = self._repositories.keys() - self._elsewhere
        places = [Place(name, self._repositories[name]) for name in sorted(own)]
        return [found for place in places for _, found in commits_of_ours(place, self._workdir, since)]

    def _order(self, outgoing: Outgoing) -> Order:
        refuse_unless(outgoing.kind in self.kinds, f"Git takes branches, not a {outgoing.kind}.")
        name = str(outgoing.fields.get("repository", ""))
        known = ", ".join(sorted(self._repositories)) or "none"
        refuse_unless(name in self._repositories, f"There is no repository named {name!r}; there are: {known}.")
        place = Place(name, self._repositories[name], may_change_ci=name in self._ci_repositories)
        return Order.of(outgoing, place)


def _landed(order: Order, commit: str) -> Landed:
    """The proof, the same in every attempt."""
    page = _page(order.place.address, order.branch)
    return Landed(
        external_id=commit,
        url=page,
        detail=_("{branch} on {name}").format(branch=order.branch, name=order.place.name),
    )


def _page(address: str, branch: str) -> str:
    """Where it can be looked at, for the one host whose addresses are known for certain."""
    found = re.fullmatch(r"(?:https://(?:[^@/]+@)?|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", address)
    return f"https://github.com/{found[1]}/tree/{branch}" if found else ""
