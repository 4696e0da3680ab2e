"""What is known of a branch that was pushed: how its checks stand and what people say, read from the history."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.models import Event

CHECKED, REMARKED = "branch.checked", "branch.remarked"
_GOOD = frozenset({"success", "neutral", "skipped"})
_PENDING = "pending"


@dataclass(frozen=True)
class Check:
    """One check of the branch's tests, as it stands."""

    name: str
    result: str
    url: str

    @property
    def is_good(self) -> bool:
        """Whether it is over and nothing is wrong."""
        return self.result in _GOOD

    @property
    def is_pending(self) -> bool:
        """Whether it is not over."""
        return self.result == _PENDING


@dataclass(frozen=True)
class Remark:
    """What somebody wrote about the branch. Only a remark that `steers` may have it revised."""

    author: str
    actor: str
    text: str
    where: str
    url: str
    steers: bool
    at: datetime.datetime


def known(job_id: int, commit: str) -> tuple[list[Check], list[Remark]]:
    """The checks of this commit, as `checks` has them, and everything that was said. One read."""
    rows = list(Event.objects.filter(job_id=job_id, name__in=[CHECKED, REMARKED]).order_by("id"))
    told = [_remark(event) for event in rows if event.name == REMARKED]
    return _checks([event for event in rows if event.name == CHECKED], commit), told


def checks(job_id: int, commit: str) -> list[Check]:
    """The checks of this commit, each as it stands, those that went wrong first."""
    return _checks(Event.objects.filter(job_id=job_id, name=CHECKED).order_by("id"), commit)


def _checks(told: Iterable[Event], commit: str) -> list[Check]:
    newest: dict[str, Check] = {}
    for event in told:
        if event.data.get("commit") == commit:
            name = str(event.data.get("title", ""))
            newest[name] = Check(name, str(event.data.get("reason", "")), str(event.data.get("url", "")))
    return sorted(newest.values(), key=lambda check: (check.is_good, check.is_pending, check.name))


def verdict(found: Sequence[Check]) -> str:
    """All of them in a word: failed, running, passed; empty where there are none."""
    if not found:
        return ""
    if any(not check.is_good and not check.is_pending for check in found):
        return "failed"
    return "running" if any(check.is_pending for check in found) else "passed"


def remarks(job_id: int) -> list[Remark]:
    """Everything that was said about the job's branch, the oldest first."""
    return [_remark(event) for event in Event.objects.filter(job_id=job_id, name=REMARKED).order_by("id")]


def unheard(job_id: int) -> list[Remark]:
    """The remarks that may steer a revision and that none has answered yet."""
    last = Event.objects.filter(job_id=job_id, name="review.revising").order_by("-id").values_list("id", flat=True)
    rows = Event.objects.filter(job_id=job_id, name=REMARKED, id__gt=last.first() or 0).order_by("id")
    return [_remark(event) for event in rows if event.data.get("steers") is True]


def in_words(found: Sequence[Remark]) -> str:
    """The remarks as a note for whoever revises."""
    return "\n\n".join(f"{one.author} wrote{f' on {one.where}' if one.where else ''}:\n{one.text}" for one in found)


def _remark(event: Event) -> Remark:
    data = event.data
    return Remark(
        author=event.actor.partition(":")[2] or event.actor,
        actor=event.actor,
        text=str(data.get("reason", "")),
        where=str(data.get("title", "")),
        url=str(data.get("url", "")),
        steers=data.get("steers") is True,
        at=event.at,
    )
