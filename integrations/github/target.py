"""Branches with their pull requests at GitHub, and the merge that a person asked for.

The token lives in this process's memory and in git's environment: in no address, no argument and no file.
"""

import datetime
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from integrations.branches.listing import commits_of_ours
from integrations.branches.work import LoginRefused, Order, Place, refuse_unless, work_on
from integrations.contracts import DeliveryError, Landed, Marked, OutcomeUnknown, Outgoing, TargetClosed
from integrations.github import wording
from integrations.github.access import Client, access
from integrations.github.addresses import clone_address, full_name
from integrations.github.pulls import Desk


class GitHubTarget:
    """Works in the owner's `repositories` (name -> address) that are at this GitHub.

    By a token, or as an App. `pause` seconds lie between two writes, and one delivery at a time asks the API:
    GitHub limits what does more. In those of `ci_repositories` agents may change what runs in the repository's CI.
    """

    slug: ClassVar[str] = "github"
    kinds: ClassVar[frozenset[str]] = frozenset({"branch"})
    lag_seconds: ClassVar[float] = 5.0

    def __init__(
        self,
        *,
        repositories: Mapping[str, str],
        workdir: Path | str,
        token: str = "",
        app_id: str = "",
        app_key: str = "",
        base_url: str = "https://api.github.com",
        labels: Collection[str] = ("nightdesk",),
        ci_repositories: Collection[str] = (),
        pause: float = 1.0,
    ) -> None:
        self._full_names = {name: full_name(str(address), base_url) for name, address in repositories.items()}
        self._workdir = Path(workdir)
        self._client = Client(base_url, pause)
        self._access = access(self._client, token=token, app_id=app_id, app_key=app_key)
        self._labels = tuple(labels)
        self._ci_repositories = frozenset(ci_repositories)
        self._turn = threading.Lock()

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Push the branch and open its pull request, or find them there. Raises DeliveryError, OutcomeUnknown."""
        refuse_unless(outgoing.kind in self.kinds, f"GitHub takes branches, not a {outgoing.kind}.")
        try:
            return self._deliver(outgoing)
        except LoginRefused as error:
            if not self._access.renews:
                raise TargetClosed(str(error)) from error
        # An App's token lives for an hour: what is done already is found, and gone on from.
        try:
            return self._deliver(outgoing)
        except LoginRefused as error:
            raise TargetClosed(str(error)) from error

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The branch and its pull request, if both are there; raises OutcomeUnknown where that cannot be seen."""
        try:
            order = self._order(outgoing)
            with work_on(order, self._workdir) as work:
                commit = work.find()
            if commit is None:
                return None
            with self._desk(order.place) as desk:
                pull = desk.told(order.branch, outgoing.key)
            return _landed(order, commit, pull.number, pull.html_url) if pull else None
        except LoginRefused as error:
            raise OutcomeUnknown(str(error)) from error
        except DeliveryError as error:
            if error.permanent:
                return None  # it could never have been made
            raise OutcomeUnknown(str(error)) from error

    def listing(self, since: datetime.datetime) -> list[Marked]:
        """Every commit of ours since then that a pull request of its branch shows. Raises OutcomeUnknown."""
        try:
            return [
                found for name in self._full_names if self._full_names[name] for found in self._ours(name, since)
            ]
        except DeliveryError as error:
            raise OutcomeUnknown(str(error)) from error

    def _ours(self, name: str, since: datetime.datetime) -> list[Marked]:
        place = self._opened(self._place(name))
        commits = commits_of_ours(place, self._workdir, since)
        if not commits:
            return []
        with self._desk(place) as desk:
            pages = desk.pages()
        return [found.model_copy(update={"url": pages[branch]}) for branch, found in commits if branch in pages]

    def _deliver(self, outgoing: Outgoing) -> Landed:
        order = self._order(outgoing)
        with work_on(order, self._workdir) as work:
            commit = work.make()
        name = self._full_names[order.place.name]
        with self._desk(order.place) as desk:
            pull = desk.told(order.branch, outgoing.key)
            if pull is None:
                body = wording.description(outgoing, full_name=name)
                pull = desk.open(order.branch, title=wording.title(outgoing), body=body)
                desk.report(pull, outgoing.key, wording.revision(outgoing, commit))
            desk.label(pull)
        return _landed(order, commit, pull.number, pull.html_url)

    @contextmanager
    def _desk(self, place: Place) -> Iterator[Desk]:
        with self._turn, self._client.by(place.token) as api:
            yield Desk.at(api, self._full_names[place.name], self._labels)

    def _order(self, outgoing: Outgoing) -> Order:
        """The order, with a token that is good for its repository, and a message that calls nobody."""
        place = self._place(str(outgoing.fields.get("repository", "")))
        message = wording.harmless(str(outgoing.fields.get("message", "")).strip() or outgoing.job_title)
        plain = outgoing.model_copy(update={"fields": {**outgoing.fields, "message": message}})
        order = Order.of(plain, place)
        return replace(order, place=self._opened(place))

    def _opened(self, place: Place) -> Place:
        """With a token that is good for it."""
        token = self._access.token(self._full_names[place.name], may_change_ci=place.may_change_ci)
        return replace(place, token=token)

    def _place(self, name: str) -> Place:
        known = ", ".join(sorted(name for name, there in self._full_names.items() if there)) or "none"
        there = self._full_names.get(name, "")
        refuse_unless(bool(there), f"There is no repository named {name!r} at GitHub; there are: {known}.")
        address = clone_address(there, self._client.base_url)
        return Place(name, address, may_change_ci=name in self._ci_repositories)


def _landed(order: Order, commit: str, number: int, url: str) -> Landed:
    """The proof, the same in every attempt."""
    return Landed(external_id=commit, url=url, detail=f"{order.branch} on {order.place.name}")
