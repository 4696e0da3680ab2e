"""Replay: a Receipt goes through today's rules once more, and opens what is not opened yet."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from jobs.lifecycle import intake, rule
from jobs.models import Job, Receipt, Trigger
from jobs.states import Outcome


class NotReplayed(Exception):
    """Nothing was opened; the message says why."""


@dataclass(frozen=True)
class Step:
    """What became of one rule: the job that it opened now or before, or why there is none."""

    trigger: Trigger
    job: Job | None = None
    is_new: bool = False
    reason: str = ""


def replay(receipt: Receipt, *, by: str) -> list[Step]:
    """Run the receipt through the rules of today; say what became of each rule that it meets.

    A rule that opened a job for it before keeps that one. Raises NotReplayed for a test event, for an answer, and
    for an event of which only the fact that it came is left.
    """
    _refuse_others(receipt)
    return [_try(trigger, receipt, by=by) for trigger in rule.for_event(receipt) if _is_for(trigger, receipt)]


def apply(trigger: Trigger, receipt: Receipt, *, by: str) -> Step:
    """Run the receipt through this one rule, which a person chose for it. Raises NotReplayed for others."""
    _refuse_others(receipt)
    prospect = rule.prospect(trigger, receipt)
    return Step(trigger, reason=prospect.reason) if prospect.reason else _try(trigger, receipt, by=by)


def in_words(step: Step) -> str:
    """What became of one rule, as a line."""
    if step.job is None:
        return _("%(rule)s: opened nothing. %(reason)s") % {"rule": step.trigger.name, "reason": step.reason}
    words = {"rule": step.trigger.name, "number": step.job.pk, "title": str(step.job)}
    if step.is_new:
        return _("%(rule)s: opened job %(number)d, %(title)s") % words
    return _("%(rule)s: had opened before job %(number)d, %(title)s") % words


def _is_for(trigger: Trigger, receipt: Receipt) -> bool:
    """Whether there is something to say of this rule: one that cannot be read is told of, not passed over."""
    try:
        return rule.meets(trigger, receipt)
    except (LookupError, ValueError):
        return True


def _try(trigger: Trigger, receipt: Receipt, *, by: str) -> Step:
    if before := _opened(trigger, receipt):
        return Step(trigger, job=before)
    try:
        rule.meets(trigger, receipt)
        wanted = intake.want(trigger, receipt)
        with transaction.atomic():
            return Step(trigger, job=intake.open_wanted(wanted, receipt, by=by), is_new=True)
    except (LookupError, ValueError) as error:
        return Step(trigger, reason=str(error))
    except IntegrityError:
        # Replayed twice at once: the other one won.
        if winner := _opened(trigger, receipt):
            return Step(trigger, job=winner)
        raise


def _opened(trigger: Trigger, receipt: Receipt) -> Job | None:
    return Job.objects.filter(receipt=receipt, trigger=trigger).first()


def _refuse_others(receipt: Receipt) -> None:
    if receipt.outcome == Outcome.TEST:
        raise NotReplayed(_("This was a test: it opens no job, however often it is replayed."))
    if receipt.outcome == Outcome.ANSWERED:
        raise NotReplayed(_("This answered a job, and went to that one: no rule takes it from there."))
    if receipt.pruned_at:
        raise NotReplayed(
            _("What it said was forgotten on %(date)s: only that it came is kept.")
            % {"date": date_format(receipt.pruned_at, pgettext("date format", "j M Y"))}
        )
