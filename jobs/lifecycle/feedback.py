"""Verbs of what comes back about a pushed branch: how its checks go, what people say, what became of it there.

It is kept as history lines, so that nothing is lost that comes before the branch's review is open. What the people
allowed to steer write becomes one revision, once they have been silent for a moment.
"""

import contextlib
import datetime
import re
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from jobs import branches
from jobs.lifecycle import job as jobs
from jobs.lifecycle import merge, notice
from jobs.lifecycle import review as reviews
from jobs.lifecycle.moves import LostRace
from jobs.models import Delivery, Event, Job, Review
from jobs.states import OPEN_REVIEW, DeliveryState, ReviewKind, ReviewState

# A review of many remarks comes as many events: it is one revision.
QUIET = datetime.timedelta(minutes=1)
# More tell nothing, and would push the job's own history out of sight.
MAX_NEWS = 200
_NAMES = {
    "check": branches.CHECKED,
    "remark": branches.REMARKED,
    "moved": "branch.moved",
    "merged": "branch.merged",
    "closed": "branch.closed",
}
_UID = re.compile(r"agent/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@dataclass(frozen=True)
class News:
    """What a provider tells of a branch, in the words of its contract."""

    kind: str
    place: str
    branch: str = ""
    page: str = ""
    commit: str = ""
    name: str = ""
    result: str = ""
    author: str = ""
    text: str = ""
    where: str = ""
    url: str = ""
    steers: bool = False


def take(news: News, *, source: str) -> None:
    """Keep the news with the job whose branch it is about, and let its review follow. Anything else is left alone.

    In the transaction of the receipt that it came with: both are kept, or neither.
    """
    with transaction.atomic():
        job = _job_of(news)
        if job is None:
            return
        job = jobs.lock(job.pk)
        if not _is_about(job, news) or _is_known(job, news):
            return
        actor = f"{source}:{news.author or news.name}"
        data = {
            "title": news.where if news.kind == "remark" else news.name,
            "reason": news.text if news.kind == "remark" else news.result,
            "commit": news.commit,
            "url": news.url,
            "steers": news.steers,
        }
        notice.tell(_NAMES[news.kind], actor=actor, noun="job", row=job.pk, job_id=job.pk, data=data)
        for review in job.reviews.filter(kind=ReviewKind.MERGE, state=ReviewState.OPEN).select_related("task"):
            if news.page in {"", review.payload.get("page")}:
                _follow(review, news, by=actor)


def revise_due(now: datetime.datetime) -> None:
    """Send back every branch about which people who may steer have written, and are done writing."""
    for review in Review.objects.filter(kind=ReviewKind.MERGE, state=ReviewState.OPEN):
        found = branches.unheard(review.own_job_id)
        if found and found[-1].at <= now - QUIET:
            with contextlib.suppress(reviews.Stale, reviews.NotAllowed, LostRace):
                reviews.send_back(review, version=review.version, actor=found[-1].actor)


def _follow(review: Review, news: News, *, by: str) -> None:
    """What an open review makes of it."""
    if news.kind == "merged":
        merge.settle_elsewhere(
            review, ReviewState.APPROVED, by=by, note=_("Merged there by %(who)s.") % {"who": news.author}
        )
    elif news.kind == "closed":
        note = _("Closed there by %(who)s, without merging.") % {"who": news.author}
        merge.settle_elsewhere(review, ReviewState.DECLINED, by=by, note=note)
    elif news.kind == "moved" and news.commit != review.payload.get("commit"):
        # What was shown is not what would be merged: it can be merged there, or revised.
        merge.drop_held(review, by=by)
        payload = {**review.payload, "moved_to": news.commit}
        Review.objects.filter(pk=review.pk).update(payload=payload, version=review.version + 1, snoozed_until=None)
    elif news.kind in {"remark", "check"}:
        # Something new happened to it: it comes back before its time.
        Review.objects.filter(pk=review.pk).update(snoozed_until=None)


def _job_of(news: News) -> Job | None:
    if found := _UID.fullmatch(news.branch):
        return Job.objects.filter(uid=uuid.UUID(found[1])).first()
    if not news.page:
        return None
    waiting = Review.objects.filter(kind=ReviewKind.MERGE, state__in=OPEN_REVIEW, payload__page=news.page)
    review = waiting.select_related("job").first()
    return review.job if review else None


def _is_about(job: Job, news: News) -> bool:
    """Whether the repository that speaks is the one that the branch was pushed to.

    A check may come before the push has been noted; it counts for its own commit alone.
    """
    pushed = Delivery.objects.filter(job=job, kind="branch")
    if news.kind == "check":
        return pushed.exists()
    return (
        bool(news.place) and pushed.filter(state=DeliveryState.DELIVERED, url__startswith=f"{news.place}/").exists()
    )


def _is_known(job: Job, news: News) -> bool:
    """Whether it says nothing new, or too much was said already."""
    told = Event.objects.filter(job=job, name__startswith="branch.").order_by("-id")
    if news.kind == "check":
        checks = {check.name: check for check in branches.checks(job.pk, news.commit)}
        if news.name in checks and checks[news.name].result == news.result:
            return True
    return news.kind in {"check", "remark"} and told.count() >= MAX_NEWS
