"""Verbs of a Question: asked of a person, answered once, remembered for the client where the answer lasts."""

import datetime
import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from jobs import dispatch, policy
from jobs.lifecycle.item import open_review
from jobs.lifecycle.job import lock, settle
from jobs.lifecycle.moves import IllegalMove, LostRace, move
from jobs.models import Client, Job, KnownAnswer, Review, Task
from jobs.states import JobState, ReviewKind, ReviewState, TaskState

BY_DEFAULT = "default"

log = logging.getLogger(__name__)


def ask(
    job: Job,
    *,
    question: str,
    suggestions: list[str],
    recommended: int,
    lasting: bool = False,
    if_unanswered: str = "hold",
    task: Task | None = None,
) -> Review:
    """Put the question into the inbox, of the whole job or of one Task. Inside a transaction.

    It waits for as long as it takes, unless a default is stated: then that counts after NIGHTDESK_ANSWER_WITHIN.
    Once a job: what asks again and again waits for a person.
    """
    if any(said["by"] == BY_DEFAULT for said in job.answers):
        if_unanswered = "hold"
    waits = _("This step waits for your answer, the others go on") if task else _("The job waits for your answer")
    expires_at = None
    if if_unanswered != "hold":
        expires_at = timezone.now() + settings.ANSWER_WITHIN
        until = date_format(timezone.localtime(expires_at), "D H:i")
        goes_on = _("; without one by %(time)s it goes on with “%(answer)s”")
        waits += goes_on % {"time": until, "answer": suggestions[recommended]}
    return open_review(
        job,
        ReviewKind.QUESTION,
        task=task,
        title=question,
        consequence=waits,
        expires_at=expires_at,
        payload={
            "question": question,
            "suggestions": suggestions,
            "recommended": recommended,
            "lasting": lasting,
            "if_unanswered": if_unanswered,
        },
    )


def take(review: Review, *, text: str, by: str, actor: str) -> None:
    """Let the answer of a question that was just decided join its job, which goes on. Inside a transaction.

    A Task starts again with it; without one the job is planned again.
    """
    job = lock(review.own_job_id)
    question = review.payload.get("question", review.title)
    said = {"question": question, "answer": text, "by": by}
    again: dict[str, Any] = {"reason": "", "starts": 0}
    if review.task:
        Job.objects.filter(pk=job.pk).update(answers=[*job.answers, said])
        again |= {"round": review.task.round + 1, "ready_at": job.created_at}
        move(review.task, TaskState.PENDING, event="task.answered", by=actor, **again)
        settle(job.pk, by=actor)
    else:
        again |= {"round": job.round + 1, "ready_at": timezone.now(), "answers": [*job.answers, said]}
        move(job, JobState.PENDING, event="job.answered", by=actor, **again)
    if review.payload.get("lasting") and job.client and by != BY_DEFAULT:
        _remember(job.client, job, question=question, answer=text, by=by)
    dispatch.wake(dispatch.AGENTS)


def apply_defaults(now: datetime.datetime) -> list[Review]:
    """Answer what has a stated default and was not answered in time; return those questions."""
    late = Review.objects.filter(state=ReviewState.OPEN, kind=ReviewKind.QUESTION, expires_at__lte=now)
    return [review for review in late.order_by("id") if _apply_default(review, now)]


def _apply_default(review: Review, now: datetime.datetime) -> bool:
    try:
        with transaction.atomic():
            lock(review.own_job_id)
            review = Review.objects.select_for_update(of=("self",)).select_related("task").get(pk=review.pk)
            text = review.payload["suggestions"][review.payload["recommended"]]
            move(
                review,
                ReviewState.ANSWERED,
                event="review.answered",
                by=BY_DEFAULT,
                decided_at=now,
                note=text,
            )
            take(review, text=text, by=BY_DEFAULT, actor=BY_DEFAULT)
    except (LostRace, IllegalMove):
        log.info("question %s was answered in this moment", review.pk)
        return False
    return True


def _remember(client: Client, job: Job, *, question: str, answer: str, by: str) -> None:
    KnownAnswer.objects.update_or_create(
        client=client,
        digest=policy.content_digest(question),
        defaults={"question": question, "answer": answer, "said_by": by, "said_at": timezone.now(), "job": job},
    )
