"""Verbs of a Review: what a person can decide, each bound to the version that they saw.

`actor` is what the history calls whoever acted in the person's name, where that was not the person.
"""

import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import branches, dispatch, policy, terms
from jobs.lifecycle import alarm, breaker, notice, pace, restoration
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import question as questions
from jobs.lifecycle.approval import is_whole, not_to, strangers, too_much
from jobs.lifecycle.digest import digest_of
from jobs.lifecycle.moves import LostRace, move
from jobs.models import Delivery, Review, Task
from jobs.states import DeliveryState, JobState, ReviewKind, ReviewState, TaskState


class Stale(Exception):
    """The item was changed or decided since the page was drawn: nothing was done. The message says by whom."""


class NotAllowed(Exception):
    """This kind of item has no such verb, or the verb lacks what it needs; the message says what to do."""


def approve(
    review: Review,
    *,
    by: User,
    version: int,
    digest: str,
    actor: str = "",
    looked_ms: int | None = None,
    read_whole: bool | None = None,
    again: bool = False,
) -> datetime.datetime | None:
    """Approve exactly what was shown; return when it leaves the house, None if nothing does.

    Until then `undo` takes it back. For how long it had been in view, and whether its end had been, is kept where
    somebody measured it. `again`: even where `restoration.in_doubt`. Raises Stale or NotAllowed.
    """
    actor = actor or by.username
    with transaction.atomic():
        review = _lock(review, version=version, kinds=(ReviewKind.MESSAGE, ReviewKind.MERGE), by=by)
        if digest != review.digest:
            raise Stale(_("The bytes changed since you looked at them. Nothing was sent; please look again."))
        held = list(review.deliveries.filter(state=DeliveryState.HELD).select_related("job__client"))
        _check_may_leave(review, held, again=again)
        measured = {"looked_ms": looked_ms, "read_whole": read_whole}
        said = {"digest": digest}
        _decide(review, ReviewState.APPROVED, event="review.approved", by=by, actor=actor, data=said, **measured)
        leaves_at = None
        for delivery in held:
            leaves_at = timezone.now() + (settings.UNDO_CLIENT if delivery.fields.get("to") else settings.UNDO)
            move(
                delivery,
                DeliveryState.PENDING,
                event="delivery.released",
                by=actor,
                where={"digest": digest},
                approved_digest=digest,
                ready_at=leaves_at,
            )
        if review.kind == ReviewKind.MERGE and review.task and not held:
            # With a delivery, the task ends when that has landed: until then it can be taken back.
            finished = timezone.now()
            move(review.task, TaskState.COMPLETED, event="task.completed", by=actor, finished_at=finished)
        if held:
            dispatch.wake(dispatch.DELIVERIES)
        jobs.settle(review.own_job_id, by=actor)
    return leaves_at


def undo(review: Review, *, by: User, actor: str = "") -> None:
    """Take an approval back while nothing has left. Raises Stale when it is too late: exactly one wins."""
    actor = actor or by.username
    with transaction.atomic():
        jobs.lock_with(review)
        review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
        released = list(review.deliveries.filter(state=DeliveryState.PENDING))
        if review.state != ReviewState.APPROVED or not released:
            raise Stale(_("It is too late to undo: this has left, or was never approved."))
        try:
            for delivery in released:
                move(
                    delivery,
                    DeliveryState.HELD,
                    event="delivery.held",
                    by=actor,
                    where={"ready_at__gt": Now()},
                    approved_digest="",
                )
            move(
                review,
                ReviewState.OPEN,
                event="review.undone",
                by=actor,
                decided_by=None,
                decided_at=None,
                version=review.version + 1,
            )
        except LostRace as error:
            raise Stale(_("It is too late to undo: this is leaving now.")) from error
        jobs.settle(review.own_job_id, by=actor)


def edit(review: Review, *, by: User, version: int, text: str, subject: str | None = None) -> Review:
    """Replace the message by the person's own words; an earlier approval is void. Raises Stale or NotAllowed."""
    text = _clean(text.replace("\r\n", "\n")) + "\n"
    if not text.strip():
        raise NotAllowed(_("An empty message cannot be kept. Decline the item if nothing should be sent."))
    delivery = _held(review)
    shown = delivery.files[0]
    file = artifacts.File(shown["kind"], shown["name"], shown["media_type"], text.encode())
    artifacts.keep(file)
    with transaction.atomic():
        review = _lock(review, version=version, kinds=(ReviewKind.MESSAGE,), by=by)
        artifacts.enter(file, task=_task_of(review), run=None, by=by.username)
        files = [{**shown, "sha256": file.sha256}, *delivery.files[1:]]
        fields = dict(delivery.fields)
        if subject is not None and _clean(subject):
            fields["subject"] = " ".join(_clean(subject).split())[:200]
        digest = digest_of(target=delivery.target, kind=delivery.kind, fields=fields, files=files)
        changed = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.HELD, digest=review.digest)
        if not changed.update(files=files, fields=fields, digest=digest):
            raise Stale(_("This message was changed or released in the meantime."))
        title = fields.get("subject", review.title)
        columns = {"digest": digest, "version": review.version + 1, "title": title[:200]}
        Review.objects.filter(pk=review.pk).update(**columns, edits=F("edits") + 1)
        _tell("review.edited", review, by=by.username, data={"sha256": file.sha256, "digest": digest})
        review.refresh_from_db()
    return review


def revise(review: Review, *, by: User, version: int, note: str, actor: str = "") -> None:
    """Send it back to its agent with a note; the next version comes as a new item. Raises Stale or NotAllowed."""
    note = _clean(note)
    if not note:
        raise NotAllowed(_("Say in the note what should be different."))
    send_back(review, version=version, note=note, actor=actor or by.username, by=by)


def send_back(review: Review, *, version: int, note: str = "", actor: str, by: User | None = None) -> None:
    """As `revise`, for what people said elsewhere: what they said joins the note. Raises Stale or NotAllowed."""
    with transaction.atomic():
        review = _lock(review, version=version, kinds=(ReviewKind.MESSAGE, ReviewKind.MERGE), by=by)
        task = _task_of(review)
        if task.round + 1 >= policy.MAX_ROUNDS:
            raise NotAllowed(
                _("It was revised %(number)d times already. Edit it yourself, or decline it.")
                % {"number": task.round}
            )
        said = branches.in_words(branches.unheard(review.own_job_id)) if review.kind == ReviewKind.MERGE else ""
        note = "\n\n".join(part for part in (note, said) if part)
        if not note:
            raise NotAllowed(_("There is nothing that says what should be different."))
        now = timezone.now()
        move(review, ReviewState.REVISING, event="review.revising", by=actor, note=note, decided_at=now)
        _cancel_deliveries(review, by=actor)
        move(
            task,
            TaskState.PENDING,
            event="task.revising",
            by=actor,
            round=task.round + 1,
            revision_note=note,
            starts=0,
            ready_at=review.own_job.created_at,
        )
        jobs.settle(review.own_job_id, by=actor)
        dispatch.wake(dispatch.AGENTS)


def decline(review: Review, *, by: User, version: int, reason: str = "", actor: str = "") -> None:
    """Refuse it: nothing of it leaves. A declined failure, or question of a whole job, ends it. Raises Stale."""
    reason = _clean(reason)
    actor = actor or by.username
    with transaction.atomic():
        _hold(review)
        review = _lock(review, version=version, kinds=tuple(ReviewKind), by=by)
        _decide(review, ReviewState.DECLINED, event="review.declined", by=by, actor=actor, note=reason)
        if review.kind == ReviewKind.FAILURE or (review.kind == ReviewKind.QUESTION and review.task is None):
            if review.own_job.state != JobState.CANCELLED:
                jobs.cancel(review.own_job, by=actor, reason=reason or _("Declined by its owner."))
            return
        if review.kind == ReviewKind.ALARM:
            _leave_out(review, by=actor)
            return
        _cancel_deliveries(review, by=actor)
        finished = timezone.now()
        why = reason or "Declined."
        move(
            _task_of(review),
            TaskState.CANCELLED,
            event="task.cancelled",
            by=actor,
            reason=why,
            finished_at=finished,
        )
        jobs.settle(review.own_job_id, by=actor)


def answer(review: Review, *, by: User, version: int, text: str, actor: str = "") -> None:
    """Answer a question: the words join the brief, and its job or its task goes on. Raises Stale or NotAllowed."""
    text = _clean(text)
    if not text:
        raise NotAllowed(_("Choose an answer or write one."))
    actor = actor or by.username
    with transaction.atomic():
        review = _lock(review, version=version, kinds=(ReviewKind.QUESTION,), by=by)
        _decide(review, ReviewState.ANSWERED, event="review.answered", by=by, actor=actor, note=text)
        questions.take(review, text=text, by=by.username, actor=actor)


def retry(review: Review, *, by: User, version: int, budget_microusd: int | None = None) -> None:
    """Start what failed again, with a larger budget if one is given. Raises Stale or NotAllowed."""
    with transaction.atomic():
        review = _lock(review, version=version, kinds=(ReviewKind.FAILURE,), by=by)
        if review.payload.get("unknown"):
            raise NotAllowed(_("It may have been sent. Say first whether it arrived."))
        _decide(review, ReviewState.ANSWERED, event="review.answered", by=by, note="retry")
        job = jobs.lock(review.own_job_id)
        jobs.retry(job, by=by.username, budget_microusd=budget_microusd)


def resolve_unknown(review: Review, *, by: User, version: int, arrived: bool) -> None:
    """Say whether a message of unknown fate arrived: it counts as delivered, or is sent again. Raises Stale."""
    with transaction.atomic():
        review = _lock(review, version=version, kinds=(ReviewKind.FAILURE,), by=by)
        delivery = Delivery.objects.filter(pk=review.payload.get("delivery"), state=DeliveryState.UNKNOWN).first()
        if delivery is None:
            raise NotAllowed(_("There is nothing in doubt here."))
        _decide(
            review, ReviewState.ANSWERED, event="review.answered", by=by, note="arrived" if arrived else "resend"
        )
        deliveries.resolve(delivery, arrived=arrived, by=by.username)
        jobs.settle(review.own_job_id, by=by.username)


def acknowledge(review: Review, *, by: User, version: int, actor: str = "") -> None:
    """Take note of an alarm; a missed slot that waited for this word is not run. Raises Stale or NotAllowed."""
    actor = actor or by.username
    with transaction.atomic():
        _hold(review)
        review = _lock(review, version=version, kinds=(ReviewKind.ALARM,), by=by)
        _decide(review, ReviewState.ANSWERED, event="review.answered", by=by, actor=actor, note="acknowledged")
        _leave_out(review, by=actor)


def run_now(review: Review, *, by: User, version: int, actor: str = "") -> None:
    """Do what helps against an alarm. Raises Stale or NotAllowed.

    A missed slot runs, or one runs again; a run that hangs is ended. A target that is down is tried at once: that
    item stays until the target is back. A flood is let in.
    """
    actor = actor or by.username
    with transaction.atomic():
        _hold(review)
        review = _lock(review, version=version, kinds=(ReviewKind.ALARM,), by=by)
        remedy = alarm.remedy(review)
        if not remedy:
            raise NotAllowed(_("There is nothing to run: this slot has its run."))
        if remedy == alarm.TRY:
            _tell("review.tried", review, by=actor, data={"target": review.payload["target"]})
            breaker.try_now(review.payload["target"])
            return
        _decide(review, ReviewState.ANSWERED, event="review.answered", by=by, actor=actor, note="run now")
        if remedy == alarm.LET_IN:
            pace.let_all_in(review.payload["trigger"], by=actor)
            return
        if remedy == alarm.RUN:
            now = timezone.now()
            move(review.own_job, JobState.PENDING, event="job.resumed", by=actor, reason="", ready_at=now)
            dispatch.wake(dispatch.AGENTS)
            return
        if remedy == alarm.INSTEAD:
            jobs.cancel(review.own_job, by=actor, reason=_("It hung, and is run again."))
        jobs.run_again(review.own_job, by=actor)


def snooze(review: Review, *, by: User, version: int, until: datetime.datetime) -> None:
    """Take it out of sight until then; it comes back earlier if something new happens to it. Raises Stale.

    That it is due is new too: it is not put off past a time that is still to come.
    """
    with transaction.atomic():
        review = _lock(review, version=version, kinds=tuple(ReviewKind), by=by)
        until = until if review.is_late else min(until, review.due_at)
        Review.objects.filter(pk=review.pk).update(snoozed_until=until)
        _tell("review.snoozed", review, by=by.username, data={"until": until.isoformat()})


def _check_may_leave(review: Review, held: list[Delivery], *, again: bool) -> None:
    """Raise NotAllowed unless a person's yes is enough for exactly this."""
    if not again and (doubt := restoration.in_doubt(review)):
        raise NotAllowed(doubt + " " + _("Say in words that it is to be sent all the same."))
    if any(row.kind == "client_message" and not row.fields.get("to") for row in held):
        raise NotAllowed(_("There is no recipient: add a trusted address to the client, then ask for a revision."))
    if not all(is_whole(row) for row in held):
        raise NotAllowed(_("It was changed by something other than this page. Edit it, or ask for a revision."))
    if others := [one for row in held for one in strangers(row)]:
        raise NotAllowed(not_to(others))
    if much := next(filter(None, map(too_much, held)), ""):
        raise NotAllowed(much)


def _hold(review: Review) -> None:
    """The runs of its job and the job, locked, where it stands at one."""
    if review.job_id is not None:
        jobs.hold(review.job_id)


def _lock(review: Review, *, version: int, kinds: tuple[ReviewKind, ...], by: User | None = None) -> Review:
    """The row as it stands, locked, if it is open and still what the page showed."""
    # The Job first, as in every verb: two that meet wait for each other, and never in a circle.
    jobs.lock_with(review)
    rows = Review.objects.select_for_update(of=("self",)).select_related("job", "task", "decided_by")
    review = rows.get(pk=review.pk)
    if review.kind not in kinds:
        raise NotAllowed(_("%(kind)s: there is no such decision.") % {"kind": terms.kind(review.kind)})
    if review.state != ReviewState.OPEN:
        raise Stale(_already(review, by=by))
    if review.version != version:
        raise Stale(_("This item was changed since you looked at it. Nothing was done; please look again."))
    return review


def _decide(review: Review, state: ReviewState, *, event: str, by: User, actor: str = "", **columns: Any) -> None:
    move(
        review,
        state,
        event=event,
        by=actor or by.username,
        where={"version": review.version},
        decided_by=by,
        decided_at=timezone.now(),
        **columns,
    )


def _clean(text: str) -> str:
    """Without NUL, which PostgreSQL refuses in text, and without outer space."""
    return text.replace("\x00", "").strip()


def _held(review: Review) -> Delivery:
    delivery = review.deliveries.filter(state=DeliveryState.HELD).select_related("task").first()
    if delivery is None:
        raise Stale(_("There is no message waiting here any more."))
    return delivery


def _leave_out(review: Review, *, by: str) -> None:
    """End the job of a missed slot that waited for a person's word."""
    if alarm.remedy(review) == alarm.RUN:
        jobs.cancel(review.own_job, by=by, reason=_("Its slot was missed, and is not caught up."))


def _task_of(review: Review) -> Task:
    if review.task is None:
        raise NotAllowed(_("This item belongs to no task."))
    return review.task


def _cancel_deliveries(review: Review, *, by: str) -> None:
    for delivery in review.deliveries.filter(state=DeliveryState.HELD):
        move(delivery, DeliveryState.CANCELLED, event="delivery.cancelled", by=by)


def _tell(name: str, review: Review, *, by: str, data: dict[str, object]) -> None:
    notice.tell(name, actor=by, noun="review", row=review.pk, job_id=review.job_id, data=data)


def _already(review: Review, *, by: User | None) -> str:
    """Why a decision comes too late: who made another one, and when."""
    words = {"state": terms.state(review.state), "who": "", "time": ""}
    if review.decided_by is None or review.decided_at is None:
        return _("Already %(state)s. Nothing was done now.") % words
    words |= {"who": review.decided_by.username, "time": f"{timezone.localtime(review.decided_at):%H:%M}"}
    if review.decided_by == by:
        return _("Already %(state)s by you at %(time)s. Nothing was done now.") % words
    return _("Already %(state)s by %(who)s at %(time)s. Nothing was done now.") % words
