"""A branch from a patch: agent/<job uid>, one commit on the base that was worked on, and no other ref.

The commit is made from the delivery alone, so every attempt makes the same one: pushing it twice is pushing it
once, and it is found again by its own name.
"""

import datetime
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from integrations import disk
from integrations.contracts import DeliveryError, Landed, Marked, OutcomeUnknown, OutFile, Outgoing
from integrations.git import tree
from integrations.git.command import GitFailed, Repository

AUTHOR = ("Nightdesk", "nightdesk@localhost")
_REF = re.compile(r"refs/heads/agent/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AGENTS = "refs/heads/agent/"
_KEY = re.compile(r"^Nightdesk-Delivery: (\S+)$", re.M)
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DEPTH = 50  # how far a person may have gone on from our commit and it still be seen to be in the branch

_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
_NOT_BY_NAME = re.compile(r"not our ref|unadvertised|no such remote ref|could not find remote ref", re.I)
_FOR_GOOD = re.compile(
    r"does not appear to be a git repository|repository .*not found|does not exist|authentication failed|"
    r"could not read (?:username|password)|host key verification failed|permission denied|access denied|"
    r"error: 40[13]|not allowed|dubious",
    re.I,
)


class GitTarget:
    """Pushes to the owner's `repositories`, name -> path or address; `workdir` holds what is under way."""

    slug: ClassVar[str] = "git"
    kinds: ClassVar[frozenset[str]] = frozenset({"branch"})
    lag_seconds: ClassVar[float] = 2.0

    def __init__(self, *, repositories: Mapping[str, str], workdir: Path | str) -> None:
        self._repositories = {name: str(address) for name, address in repositories.items()}
        self._workdir = Path(workdir)

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Push the branch, or find it there. Raises DeliveryError, and OutcomeUnknown where an answer was lost."""
        order = self._order(outgoing)
        with self._work(order) as work:
            _refuse_unless(work.reach_base(), f"The commit {order.base_sha} is gone from {order.name}.")
            commit = work.commit()
            tip = work.tip()
            if tip and work.holds(commit, tip):
                return order.landed(commit)
            work.check(commit, tip)
            work.push(commit, tip)
            return order.landed(commit)

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The branch if our commit is in it, else None; raises OutcomeUnknown where that cannot be seen."""
        try:
            order = self._order(outgoing)
            with self._work(order) as work:
                tip = work.tip()
                if tip is None or not work.reach_base():
                    return None
                commit = work.commit()
                return order.landed(commit) if work.holds(commit, tip) else None
        except DeliveryError as error:
            if error.permanent:
                return None  # it could never have been made
            raise OutcomeUnknown(str(error)) from error

    def listing(self, since: datetime.datetime) -> list[Marked]:
        """Every commit of ours since then that is in a branch of an agent's, in all repositories."""
        try:
            return [found for address in self._repositories.values() for found in self._ours(address, since)]
        except (GitFailed, OSError) as error:
            raise OutcomeUnknown(f"Not every repository can be read: {error}.") from error

    def _ours(self, address: str, since: datetime.datetime) -> list[Marked]:
        disk.make_folder(self._workdir)
        with tempfile.TemporaryDirectory(dir=self._workdir, prefix="look-") as folder:
            refs = Repository.made(Path(folder), address, sha_length=40).git(
                "ls-remote", "--", address, f"{_AGENTS}*"
            )
            if not refs:
                return []
            look = Path(folder) / "look"
            look.mkdir()
            made = Repository.made(look, address, sha_length=len(refs.split()[0]))
            made.git(*_FETCH, f"--depth={_DEPTH}", "--", made.address, f"+{_AGENTS}*:refs/seen/*")
            log = made.git("log", "--glob=refs/seen/*", "--reverse", "--format=%H %ct %ce%n%B%x00")
        return [found for entry in log.split("\0") if (found := _marked(entry.strip(), since))]

    def _order(self, outgoing: Outgoing) -> "Order":
        _refuse_unless(outgoing.kind in self.kinds, f"Git takes branches, not a {outgoing.kind}.")
        _refuse_unless(len(outgoing.files) == 1, "A branch is made of exactly one patch.")
        name = str(outgoing.fields.get("repository", ""))
        known = ", ".join(sorted(self._repositories)) or "none"
        _refuse_unless(name in self._repositories, f"There is no repository named {name!r}; there are: {known}.")
        base_sha = str(outgoing.fields.get("base_sha", ""))
        _refuse_unless(bool(_SHA.fullmatch(base_sha)), f"The base {base_sha[:80]!r} is not a commit's name.")
        ref = f"refs/heads/agent/{outgoing.job_uid}"
        _refuse_unless(bool(_REF.fullmatch(ref)), f"{ref[:120]!r} is not a branch of an agent.")
        return Order(outgoing, name, self._repositories[name], base_sha, ref, outgoing.files[0])

    @contextmanager
    def _work(self, order: "Order") -> Iterator["Work"]:
        """A repository for this one attempt: nothing of an earlier one, broken or hostile, is in it."""
        try:
            disk.make_folder(self._workdir)
            with tempfile.TemporaryDirectory(dir=self._workdir, prefix="push-") as folder:
                made = Repository.made(Path(folder), order.address, sha_length=len(order.base_sha))
                yield Work(order, made)
        except GitFailed as error:
            raise _refusal(order, error) from error
        except OSError as error:
            raise disk.refusal(error, self._workdir) from error


@dataclass(frozen=True)
class Order:
    """A branch that is wanted, in words that were checked."""

    outgoing: Outgoing
    name: str
    address: str
    base_sha: str
    ref: str
    patch: OutFile

    @property
    def branch(self) -> str:
        """The name that a person sees."""
        return self.ref.removeprefix("refs/heads/")

    @property
    def seconds(self) -> int:
        """When the effect was decided: the commit's date, the same in every attempt."""
        return int(self.outgoing.created_at.timestamp())

    def message(self) -> str:
        """The commit's message; the key at its end makes two effects two commits, even with equal bytes."""
        text = str(self.outgoing.fields.get("message", "")).replace("\0", "").strip() or self.outgoing.job_title
        return f"{text}\n\nNightdesk-Job: {self.outgoing.job_uid}\nNightdesk-Delivery: {self.outgoing.key}\n"

    def landed(self, commit: str) -> Landed:
        """The proof, the same in every attempt."""
        return Landed(external_id=commit, url=self._page(), detail=f"{self.branch} on {self.name}")

    def _page(self) -> str:
        """Where it can be looked at, for the one host whose addresses are known for certain."""
        found = re.fullmatch(
            r"(?:https://(?:[^@/]+@)?|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", self.address
        )
        return f"https://github.com/{found[1]}/tree/{self.branch}" if found else ""


@dataclass(frozen=True)
class Work:
    """One attempt in a repository of its own."""

    order: Order
    repository: Repository

    def reach_base(self) -> bool:
        """Get the base; False if the repository can be read and does not hold it any more."""
        git, address = self.repository.git, self.repository.address
        try:
            git(*_FETCH, "--depth=1", "--", address, self.order.base_sha)
        except GitFailed as error:
            if not _NOT_BY_NAME.search(str(error)):
                raise
            git(*_FETCH, "--", address, "+refs/heads/*:refs/base/*")
        return self._has(self.order.base_sha)

    def commit(self) -> str:
        """Make the commit, without a work tree: nothing of the repository is ever unpacked here."""
        git, order = self.repository.git, self.order
        git("read-tree", order.base_sha)
        try:
            git("apply", "--cached", "--whitespace=nowarn", "-", given=order.patch.content)
        except GitFailed as error:
            raise DeliveryError(
                f"{order.patch.name!r} does not fit onto its base: {error}.", permanent=True
            ) from error
        made = git("write-tree").strip()
        _refuse_unless(made != git("rev-parse", f"{order.base_sha}^{{tree}}").strip(), "The patch changes nothing.")
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", AUTHOR[0]), ("EMAIL", AUTHOR[1]), ("DATE", f"@{order.seconds} +0000"))
        }
        message = order.message().encode()
        return git("commit-tree", made, "-p", order.base_sha, given=message, environment=who).strip()

    def tip(self) -> str | None:
        """The commit that the branch is at in the remote repository, None if there is no such branch."""
        listing = self.repository.git("ls-remote", "--", self.repository.address, self.order.ref)
        return listing.split()[0] if listing.strip() else None

    def holds(self, commit: str, tip: str) -> bool:
        """Whether the branch is our commit, or goes on from it."""
        if commit == tip:
            return True
        seen = f"+{self.order.ref}:refs/seen/tip"
        self.repository.git(*_FETCH, f"--depth={_DEPTH}", "--", self.repository.address, seen)
        return commit in self.repository.git("rev-list", "refs/seen/tip").split()

    def check(self, commit: str, tip: str | None) -> None:
        """Refuse what may not be pushed, and what would take away the work of others or a later revision."""
        problems = tree.objections(self.repository, self.order.base_sha, commit)
        _refuse_unless(not problems, " ".join(["The change may not be pushed.", *problems]))
        if tip is None:
            return
        shown = self.repository.git("show", "--no-patch", "--format=%cn%n%ce%n%ct%n%B", tip)
        name, email, seconds, *body = shown.splitlines()
        ours = (name, email) == AUTHOR and f"Nightdesk-Job: {self.order.outgoing.job_uid}" in body
        _refuse_unless(
            ours, f"{self.order.branch} holds work of somebody else: merge it or give it another name, then retry."
        )
        _refuse_unless(
            int(seconds) <= self.order.seconds,
            f"{self.order.branch} holds a later revision already: nothing was done.",
        )

    def push(self, commit: str, tip: str | None) -> None:
        """Push this commit to this ref, if the ref is still where it was seen; raises as `deliver` does."""
        ref = self.order.ref
        if not _REF.fullmatch(ref) or not _SHA.fullmatch(commit):
            raise AssertionError(f"{commit}:{ref} would leave the agent's own branches")
        lease = f"--force-with-lease={ref}:{tip or ''}"
        try:
            self.repository.git(
                "push", "--porcelain", "--no-verify", lease, "--", self.repository.address, f"{commit}:{ref}"
            )
        except GitFailed as error:
            self._judge(error, commit)

    def _judge(self, error: GitFailed, commit: str) -> None:
        """What a failed push has left; return only if our commit is there all the same."""
        refused = next((line for line in error.output.splitlines() if line.startswith("!")), "")
        if "remote rejected" in refused:
            reason = refused.rpartition("[remote rejected]")[2].strip(" ()") or str(error)
            raise DeliveryError(f"{self.order.name} refused the branch: {reason}.", permanent=True) from error
        try:
            tip = self.tip()
        except GitFailed as lost:
            raise OutcomeUnknown(f"The push to {self.order.name} broke off: {error}.") from lost
        if tip != commit:
            raise _refusal(self.order, error) from error

    def _has(self, commit: str) -> bool:
        try:
            self.repository.git("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailed:
            return False
        return True


def _marked(entry: str, since: datetime.datetime) -> Marked | None:
    """The mark of a commit, if it is one of ours and not older."""
    commit, seconds, email, message = (*entry.split(maxsplit=3), "", "", "", "")[:4]
    key = _KEY.search(message)
    if email != AUTHOR[1] or key is None or int(seconds) < since.timestamp():
        return None
    return Marked(key=key[1], external_id=commit)


def _refusal(order: Order, error: GitFailed) -> DeliveryError:
    """What a person or the next attempt has to know; nothing was pushed."""
    permanent = bool(_FOR_GOOD.search(str(error))) and not error.late
    return DeliveryError(f"The repository {order.name} cannot be used: {error}.", permanent=permanent)


def _refuse_unless(condition: bool, reason: str) -> None:
    if not condition:
        raise DeliveryError(reason, permanent=True)
