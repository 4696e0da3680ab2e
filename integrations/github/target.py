"""Branches with their pull requests at GitHub, and the merge that a person asked for.

The token lives in this process's memory and in git's environment: in no address, no argument and no file.
"""

import datetime
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from github.PullRequest import PullRequest

from integrations.branches.listing import commits_of_ours
from integrations.branches.work import SHA, LoginRefused, Order, Place, RightMissing, refuse_unless, work_on
from integrations.contracts import DeliveryError, Landed, Marked, OutcomeUnknown, Outgoing, TargetClosed
from integrations.github import wording
from integrations.github.access import Client, access
from integrations.github.addresses import clone_address, full_name
from integrations.github.pulls import Desk
from integrations.words import _

METHODS = ("merge", "squash", "rebase")


class GitHubTarget:
    """Works in the owner's `repositories` (name -> address) that are at this GitHub.

    By a token, or as an App. `pause` seconds lie between two writes, and one delivery at a time asks the API:
    GitHub limits what does more. In those of `ci_repositories` agents may change what runs in the repository's CI.
    """

    slug: ClassVar[str] = "github"
    kinds: ClassVar[frozenset[str]] = frozenset({"branch", "merge"})
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
        merge_method: str = "merge",
        pause: float = 1.0,
    ) -> None:
        if merge_method not in METHODS:
            raise ValueError(f"GITHUB_MERGE_METHOD is {merge_method!r}: write one of {', '.join(METHODS)}")
        self._full_names = {name: full_name(str(address), base_url) for name, address in repositories.items()}
        self._workdir = Path(workdir)
        self._client = Client(base_url, pause)
        self._access = access(self._client, token=token, app_id=app_id, app_key=app_key)
        self._labels = tuple(labels)
        self._ci_repositories = frozenset(ci_repositories)
        self._merge_method = merge_method
        self._turn = threading.Lock()

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Push the branch and open its pull request, or merge one; or find it done. Raises as the contract says."""
        refuse_unless(outgoing.kind in self.kinds, f"GitHub takes branches and merges, not a {outgoing.kind}.")
        make = self._merge if outgoing.kind == "merge" else self._deliver
        try:
            try:
                return make(outgoing)
            except LoginRefused:
                if not self._access.renews:
                    raise
            # An App's token lives for an hour: what is done already is found, and gone on from.
            return make(outgoing)
        except (LoginRefused, RightMissing) as error:
            raise TargetClosed(str(error)) from error

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The branch with its pull request, or the merge, if it is there. Raises OutcomeUnknown if none can say."""
        try:
            return self._find_merge(outgoing) if outgoing.kind == "merge" else self._find_branch(outgoing)
        except (LoginRefused, RightMissing) as error:
            raise OutcomeUnknown(str(error)) from error
        except DeliveryError as error:
            if error.permanent:
                return None  # it could never have been made
            raise OutcomeUnknown(str(error)) from error

    def _find_branch(self, outgoing: Outgoing) -> Landed | None:
        order = self._order(outgoing)
        with work_on(order, self._workdir) as work:
            commit = work.find()
        with self._desk(order.place) as desk:
            pull = desk.told(order.branch, outgoing.key)
        # A branch that was merged may be gone: its pull request says what was there.
        return _landed(order, commit or pull.head.sha, pull) if pull else None

    def _find_merge(self, outgoing: Outgoing) -> Landed | None:
        wanted = Wanted.of(outgoing)
        with self._desk(self._opened(self._place(wanted.repository))) as desk:
            made = desk.merged(wanted.number, branch=wanted.branch, commit=wanted.commit)
        return wanted.landed(made) if made else None

    def _merge(self, outgoing: Outgoing) -> Landed:
        """Exactly the commit that was shown; GitHub refuses any other head itself."""
        wanted = Wanted.of(outgoing)
        with self._desk(self._opened(self._place(wanted.repository))) as desk:
            made = desk.merged(wanted.number, branch=wanted.branch, commit=wanted.commit)
            return wanted.landed(made or desk.merge(wanted.number, commit=wanted.commit, method=self._merge_method))

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
            if work.tip() is None and (ended := self._ended(order)):
                return ended
            commit = work.make()
        name = self._full_names[order.place.name]
        with self._desk(order.place) as desk:
            pull = desk.told(order.branch, outgoing.key)
            if pull is None:
                body = wording.description(outgoing, full_name=name)
                pull = desk.open(order.branch, title=wording.title(outgoing), body=body)
                desk.report(pull, outgoing.key, wording.revision(outgoing, commit))
            desk.label(pull)
        return _landed(order, commit, pull)

    def _ended(self, order: Order) -> Landed | None:
        """The effect, where its branch was merged or thrown away since: it is not made again."""
        with self._desk(order.place) as desk:
            pull = desk.told(order.branch, order.outgoing.key)
        return _landed(order, pull.head.sha, pull) if pull else None

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


@dataclass(frozen=True)
class Wanted:
    """A merge that is wanted, in words that were checked."""

    repository: str
    number: int
    commit: str
    branch: str
    page: str

    @classmethod
    def of(cls, outgoing: Outgoing) -> "Wanted":
        """Raises DeliveryError where it is none."""
        fields, branch = outgoing.fields, f"agent/{outgoing.job_uid}"
        number, commit = fields.get("number"), str(fields.get("commit", ""))
        refuse_unless(isinstance(number, int) and bool(SHA.fullmatch(commit)), "It is not said what to merge.")
        refuse_unless(fields.get("branch") == branch, f"Only {branch} can be merged for this job.")
        return cls(str(fields.get("repository", "")), int(number or 0), commit, branch, str(fields.get("page", "")))

    def landed(self, made: str) -> Landed:
        """The proof, the same in every attempt."""
        said = _("#{number} on {repository} merged as {commit}")
        detail = said.format(number=self.number, repository=self.repository, commit=made[:12])
        return Landed(external_id=made, url=self.page, detail=detail)


def _landed(order: Order, commit: str, pull: PullRequest) -> Landed:
    """The proof, the same in every attempt."""
    merge = {
        "repository": order.place.name,
        "branch": order.branch,
        "commit": commit,
        "number": pull.number,
        "into": pull.base.ref,
        "page": pull.html_url,
    }
    detail = _("{branch} on {name}").format(branch=order.branch, name=order.place.name)
    return Landed(external_id=commit, url=pull.html_url, detail=detail, merge=merge)
