"""One attempt at bringing a patch onto agent/<job uid>: one commit, forwards, and no other ref.

The commit is made from the delivery and from where the branch is, and carries the delivery's key: pushing it twice
is pushing it once, and it is found again by its key, whatever was put on top of it.
"""

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integrations import disk
from integrations.branches import tree
from integrations.branches.command import GitFailed, Repository
from integrations.contracts import DeliveryError, OutcomeUnknown, OutFile, Outgoing
from integrations.words import _

AUTHOR = ("Nightdesk", "nightdesk@localhost")
_REF = re.compile(r"refs/heads/agent/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_KEY, _JOB = "Nightdesk-Delivery", "Nightdesk-Job"
_LEFT_SECONDS = 6 * 3_600
DEPTH = 50  # how far a person may have gone on from our commit and it still be seen to be in the branch

FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
_NOT_BY_NAME = re.compile(r"not our ref|unadvertised|no such remote ref|could not find remote ref", re.I)
_FOR_GOOD = re.compile(
    r"does not appear to be a git repository|repository .*not found|does not exist|"
    r"host key verification failed|permission denied|access denied|not allowed|dubious",
    re.I,
)


_LOCKED = re.compile(r"cannot lock ref .*")
_NO_LOGIN = re.compile(r"authentication failed|could not read (?:username|password)|error: 401", re.I)


_NO_RIGHT = re.compile(r"error: 403|permission to \S+ denied", re.I)


class RightMissing(DeliveryError):
    """The login is good, but not for this: nothing was done, and only another right helps."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, permanent=True)


class LoginRefused(DeliveryError):
    """The login counts for nothing any more: nothing was done, and only another one helps."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, permanent=True)


@dataclass(frozen=True)
class Place:
    """A repository by the owner's name for it. With a token, its address is https and holds no password."""

    name: str
    address: str
    token: str = ""
    may_change_ci: bool = False


@dataclass(frozen=True)
class Order:
    """A branch that is wanted, in words that were checked."""

    outgoing: Outgoing
    place: Place
    base_sha: str
    ref: str
    patch: OutFile

    @classmethod
    def of(cls, outgoing: Outgoing, place: Place) -> "Order":
        """The order of a delivery; raises DeliveryError where it is none."""
        patches = [file for file in outgoing.files if file.kind in {"patch", "revision"}]
        refuse_unless(len(patches) == 1, "A branch is made of exactly one patch.")
        base_sha = str(outgoing.fields.get("base_sha", ""))
        refuse_unless(bool(SHA.fullmatch(base_sha)), f"The base {base_sha[:80]!r} is not a commit's name.")
        ref = f"refs/heads/agent/{outgoing.job_uid}"
        refuse_unless(bool(_REF.fullmatch(ref)), f"{ref[:120]!r} is not a branch of an agent.")
        return cls(outgoing, place, base_sha, ref, patches[0])

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
        return f"{text}\n\n{_JOB}: {self.outgoing.job_uid}\n{_KEY}: {self.outgoing.key}\n"


@contextmanager
def work_on(order: Order, workdir: Path) -> Iterator["Work"]:
    """A repository for this one attempt: nothing of an earlier one, broken or hostile, is in it."""
    try:
        disk.make_folder(workdir)
        _clear(workdir)
        with tempfile.TemporaryDirectory(dir=workdir, prefix="push-") as folder:
            place, length = order.place, len(order.base_sha)
            made = Repository.made(Path(folder), place.address, sha_length=length, token=place.token)
            yield Work(order, made)
    except GitFailed as error:
        raise _refusal(order, error) from error
    except OSError as error:
        raise disk.refusal(error, workdir) from error


def _clear(workdir: Path) -> None:
    """Take away what attempts left whose process was killed: no attempt lasts for nearly as long."""
    for folder in workdir.glob("push-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Work:
    """One attempt in a repository of its own."""

    order: Order
    repository: Repository

    def make(self) -> str:
        """The commit that holds the effect, there already or pushed now.

        Raises DeliveryError, and OutcomeUnknown where an answer was lost.
        """
        tip = self.tip()
        if tip and (made := self.made(tip)):
            return made
        if tip is None:
            self._reach_base()
        start = tip or self.order.base_sha
        commit = self._commit(start)
        self._check(start, commit, is_new=tip is None)
        self._push(commit)
        return commit

    def find(self) -> str | None:
        """The commit that holds the effect, if it is in the branch."""
        tip = self.tip()
        return self.made(tip) if tip else None

    def tip(self) -> str | None:
        """The commit that the branch is at in the remote repository, None if there is no such branch."""
        listing = self.repository.git("ls-remote", "--", self.repository.address, self.order.ref)
        return listing.split()[0] if listing.strip() else None

    def made(self, tip: str) -> str | None:
        """The commit of this very delivery, if the branch holds it."""
        seen = f"+{self.order.ref}:refs/seen/tip"
        self.repository.git(*FETCH, f"--depth={DEPTH}", "--", self.repository.address, seen)
        return next((sha for sha, key in self._marked(_KEY, tip) if key == self.order.outgoing.key), None)

    def _marked(self, name: str, tip: str) -> list[tuple[str, str]]:
        """Each commit of the branch with what it says under this name."""
        shown = f"--format=%H %(trailers:key={name},valueonly,separator=%x2C)"
        lines = self.repository.git("log", f"--max-count={DEPTH}", shown, tip).splitlines()
        return [(sha, value) for sha, _, value in (line.partition(" ") for line in lines)]

    def _reach_base(self) -> None:
        git, address, base = self.repository.git, self.repository.address, self.order.base_sha
        try:
            git(*FETCH, "--depth=1", "--", address, base)
        except GitFailed as error:
            if not _NOT_BY_NAME.search(str(error)):
                raise
            git(*FETCH, "--", address, "+refs/heads/*:refs/base/*")
        refuse_unless(
            self._has(base),
            _("The commit {base} is gone from {name}.").format(base=base, name=self.order.place.name),
        )

    def _commit(self, start: str) -> str:
        """Make the commit, without a work tree: nothing of the repository is ever unpacked here."""
        git, order = self.repository.git, self.order
        git("read-tree", start)
        try:
            git("apply", "--cached", "--whitespace=nowarn", "-", given=order.patch.content)
        except GitFailed as error:
            onto = _("its base")
            if start != order.base_sha:
                onto = _("what {branch} has become").format(branch=order.branch)
            raise DeliveryError(
                _("{name} does not fit onto {onto}: {error}.").format(
                    name=f"{order.patch.name!r}", onto=onto, error=error
                ),
                permanent=True,
            ) from error
        made = git("write-tree").strip()
        refuse_unless(made != git("rev-parse", f"{start}^{{tree}}").strip(), _("The patch changes nothing."))
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", AUTHOR[0]), ("EMAIL", AUTHOR[1]), ("DATE", f"@{order.seconds} +0000"))
        }
        return git("commit-tree", made, "-p", start, given=order.message().encode(), environment=who).strip()

    def _check(self, start: str, commit: str, *, is_new: bool) -> None:
        """Refuse what may not be pushed, and to go on from the work of others."""
        allowed = self.order.place.may_change_ci
        problems = tree.objections(self.repository, start, commit, may_change_ci=allowed)
        refuse_unless(not problems, " ".join([_("The change may not be pushed."), *problems]))
        ours = is_new or any(job == self.order.outgoing.job_uid for _, job in self._marked(_JOB, start))
        refuse_unless(
            ours,
            _("{branch} holds work of somebody else: merge it or give it another name, then retry.").format(
                branch=self.order.branch
            ),
        )

    def _push(self, commit: str) -> None:
        """Push this commit to this ref. Git itself refuses whatever would not be a step forwards.

        It is not broken off with this process: on this machine a repository would keep the ref's lock for ever.
        """
        ref = self.order.ref
        if not _REF.fullmatch(ref) or not SHA.fullmatch(commit):
            raise AssertionError(f"{commit}:{ref} would leave the agent's own branches")
        try:
            what = ("--porcelain", "--no-verify", "--", self.repository.address, f"{commit}:{ref}")
            self.repository.git("push", *what, outlives=True)
        except GitFailed as error:
            self._judge(error, commit)

    def _judge(self, error: GitFailed, commit: str) -> None:
        """What a failed push has left; return only if our commit is there all the same.

        Asked even where the push was refused: when a connection breaks, curl sends the same push once more, and the
        repository refuses what it has done already.
        """
        if _NO_LOGIN.search(str(error)):
            raise _refusal(self.order, error) from error
        name = self.order.place.name
        try:
            tip = self.tip()
        except GitFailed as lost:
            raise OutcomeUnknown(
                _("The push to {name} broke off: {error}.").format(name=name, error=error)
            ) from lost
        if tip == commit:
            return
        if locked := _LOCKED.search(error.output):
            # By another push of the same, which ends soon; or by one that died, and then a person has to look.
            raise DeliveryError(
                _("{name} cannot take the branch now: {locked}").format(name=name, locked=locked[0]),
                permanent=False,
            ) from error
        refused = next((line for line in error.output.splitlines() if line.startswith("!")), "")
        if "remote rejected" in refused:
            reason = refused.rpartition("[remote rejected]")[2].strip(" ()") or str(error)
            raise DeliveryError(
                _("{name} refused the branch: {reason}.").format(name=name, reason=reason), permanent=True
            ) from error
        raise _refusal(self.order, error) from error

    def _has(self, commit: str) -> bool:
        try:
            self.repository.git("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailed:
            return False
        return True


def refuse_unless(condition: bool, reason: str) -> None:
    """Raise a permanent DeliveryError with this reason if the condition does not hold."""
    if not condition:
        raise DeliveryError(reason, permanent=True)


def _refusal(order: Order, error: GitFailed) -> DeliveryError:
    """What a person or the next attempt has to know; nothing was pushed."""
    if _NO_LOGIN.search(str(error)):
        return LoginRefused(
            _("The repository {name} refuses the login: {error}.").format(name=order.place.name, error=error)
        )
    if _NO_RIGHT.search(str(error)):
        return RightMissing(
            _("The repository {name} refuses what was asked: {error}.").format(name=order.place.name, error=error)
        )
    permanent = bool(_FOR_GOOD.search(str(error))) and not error.late
    return DeliveryError(
        _("The repository {name} cannot be used: {error}.").format(name=order.place.name, error=error),
        permanent=permanent,
    )
