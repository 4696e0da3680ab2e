"""What django-q2 may call here: carry out deliveries. This process holds write credentials and asks no model.

The recipe for one effect where the provider knows no idempotency: claim (the claim is counted before the call);
a clear answer is delivered, a clear refusal failed, anything else unknown; unknown is looked up by our key after
the target's lag, and only then made again.
"""

import logging
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from integrations import decisions, notices, registry
from integrations.contracts import (
    CannotTell,
    DeliveryError,
    Landed,
    OutcomeUnknown,
    OutFile,
    Outgoing,
    Target,
    TargetClosed,
)
from jobs import dispatch, leaks, policy, pool, queries, queue
from jobs.lifecycle import approval, breaker, notice, restoration
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Delivery, Job
from jobs.states import DeliveryState, Priority

_BY = "deliveries"

log = logging.getLogger(__name__)


def work() -> int:
    """Deliver and look up until nothing is due; return how many were done."""
    return pool.serve(dispatch.DELIVERIES, claim=_claim, do=carry_out)


def carry_out(delivery: Delivery, pulse: pool.Pulse) -> None:
    """Bring one claimed Delivery to its next state; a lost race means that someone else did."""
    try:
        with pulse.carrying(delivery):
            _carry_out(delivery)
    except (LostRace, IllegalMove):
        log.info("delivery %s was moved by someone else", delivery.key)


def _carry_out(delivery: Delivery) -> None:
    if delivery.state == DeliveryState.UNKNOWN:
        _look_up(delivery)
    elif _gives_way(delivery):
        breaker.passed_on(delivery)
    else:
        _deliver(delivery)


def _claim(priority: int) -> Delivery | None:
    """What is rare and bounded comes before the backlog: else it would wait until nobody has any work.

    First the probe of a target whose pause is over, then clients' deliveries, what is in doubt, and all the rest.
    """
    return (
        queue.claim_probe(priority)
        or queue.claim_delivery(Priority.CLIENT)
        or queue.claim_lookup()
        or queue.claim_delivery(priority)
    )


def _gives_way(delivery: Delivery) -> bool:
    """Whether a notice is left to a later one, or waits for an earlier one, of the same card."""
    if delivery.kind != notice.KIND:
        return False
    if notice.is_overtaken(delivery):
        deliveries.drop(delivery, by=_BY)
        return True
    if until := notice.waits_until(delivery):
        deliveries.put_off(delivery, until=until, by=_BY)
        return True
    return False


def _deliver(delivery: Delivery) -> None:
    prepared = _prepared(delivery)
    if prepared is None:
        return
    target, outgoing = prepared
    if restoration.may_be_there(delivery) and not _may_go(delivery, target, outgoing):
        return
    try:
        _make(delivery, target, outgoing)
    except DeliveryError as error:
        _refused(delivery, error)
    except OutcomeUnknown as error:
        breaker.struggled(delivery, reason=str(error))
        deliveries.doubt(delivery, reason=str(error), lag_seconds=target.lag_seconds, by=_BY)
    except (LostRace, IllegalMove):
        raise
    except Exception as error:
        # A fault of ours half way through: it may have been sent.
        log.exception("delivery %s broke off", delivery.key)
        if isinstance(error, OperationalError | InterfaceError):
            # A connection that broke is made anew for the verb.
            close_old_connections()
        # The verb that broke was rolled back in the database, not in this object.
        delivery.refresh_from_db(fields=["state"])
        reason = f"{type(error).__name__} while sending"
        deliveries.doubt(delivery, reason=reason, lag_seconds=target.lag_seconds, by=_BY)


def _prepared(delivery: Delivery) -> tuple[Target, Outgoing] | None:
    """The effect, whole and still approved, and where to; None if a person has to see it first. Nothing is sent."""
    try:
        approval.check(delivery)
        outgoing = _outgoing(delivery)
        _check_leaks(outgoing)
        return target_of(delivery), outgoing
    except approval.Lapsed as error:
        deliveries.ask_again(delivery, reason=str(error), by=_BY)
    except Exception as error:
        # Bytes that changed, a target that cannot be made.
        log.exception("delivery %s could not be prepared", delivery.key)
        deliveries.fail(delivery, reason=f"It could not be prepared: {error}", by=_BY)
    return None


def _check_leaks(outgoing: Outgoing) -> None:
    """The last look at every byte that would leave; raises ValueError."""
    told = outgoing.model_dump_json(exclude={"files"})
    contents = [told.encode(), *(part for file in outgoing.files for part in (file.name.encode(), file.content))]
    if name := leaks.found_in(contents, settings.HELD_SECRETS):
        raise ValueError(f"it holds a secret of this house ({name}), so nothing was sent. Renew that secret.")


def _may_go(delivery: Delivery, target: Target, outgoing: Outgoing) -> bool:
    """Whether an effect of a restored backup may be made now: it is not there, or a person has said so since."""
    try:
        landed = target.find(outgoing)
    except CannotTell:
        if restoration.was_decided_since(delivery):
            return True
        deliveries.doubt(delivery, reason=restoration.unknown_since(delivery), lag_seconds=0.0, by=_BY)
        return False
    except (DeliveryError, OutcomeUnknown) as error:
        breaker.struggled(delivery, reason=str(error))
        deliveries.give_back(delivery, reason=f"The look-up failed: {error}", delay_seconds=None, by=_BY)
        return False
    if landed is not None:
        _land(delivery, landed)
    return landed is None


def _make(delivery: Delivery, target: Target, outgoing: Outgoing) -> None:
    """Call the target. A notice that would overwrite what somebody just decided gives way to what comes of that."""
    if delivery.kind == notice.KIND and decisions.come_first(delivery):
        breaker.worked(delivery.target)
        deliveries.drop(delivery, by=_BY)
    else:
        _land(delivery, target.deliver(outgoing))


def _look_up(delivery: Delivery) -> None:
    try:
        landed = target_of(delivery).find(_outgoing(delivery))
    except CannotTell:
        deliveries.leave_to_person(delivery, by=_BY)
    except Exception as error:
        log.exception("delivery %s could not be looked up", delivery.key)
        if isinstance(error, OutcomeUnknown | DeliveryError):
            breaker.struggled(delivery, reason=str(error))
        deliveries.look_again(delivery, reason=f"The look-up failed: {error}")
    else:
        breaker.worked(delivery.target)
        if landed is None:
            deliveries.not_found(delivery, by=_BY)
        else:
            _land(delivery, landed)


def _land(delivery: Delivery, landed: Landed) -> None:
    breaker.worked(delivery.target)
    told = landed.model_dump(include={"external_id", "url", "detail"})
    deliveries.land(delivery, **told, merging=landed.merge, by=_BY)


def _refused(delivery: Delivery, error: DeliveryError) -> None:
    closed = isinstance(error, TargetClosed)
    if error.permanent or (closed and breaker.works_for_others(delivery)):
        breaker.worked(delivery.target)
        deliveries.fail(delivery, reason=str(error), by=_BY)
    else:
        breaker.struggled(delivery, reason=str(error), retry_after=error.retry_after, at_once=closed)
        deliveries.give_back(delivery, reason=str(error), delay_seconds=error.retry_after, by=_BY)


def target_of(delivery: Delivery) -> Target:
    """The delivery's target, made once a process."""
    return _target(delivery.target)


@lru_cache(maxsize=32)
def _target(slug: str) -> Target:
    return registry.target(slug, settings.TARGETS.get(slug, {}))


def _outgoing(delivery: Delivery) -> Outgoing:
    """The effect with its bytes loaded and computed again: raises Corrupt if one is not what was approved."""
    job = delivery.job
    if job is None:
        return notices.compose(delivery)
    return Outgoing(
        key=delivery.key,
        kind=delivery.kind,
        job_uid=str(job.uid),
        job_title=job.title,
        client=job.client.name if job.client else "",
        agent=delivery.task.agent if delivery.task else "",
        fields=delivery.fields,
        files=[OutFile(**file, content=artifacts.load(file["sha256"])) for file in delivery.files],
        created_at=delivery.created_at,
        thread=_thread(job),
        **(_standing(delivery) if delivery.kind in policy.UPDATED_KINDS else {}),
    )


def _thread(job: Job) -> dict[str, Any]:
    """What the source of the job's event says of its place; a stranger's event may have any value of that name."""
    found = job.receipt.data.get("thread") if job.receipt else None
    return found if isinstance(found, dict) and job.receipt and found.get("source") == job.receipt.source else {}


def _standing(delivery: Delivery) -> dict[str, Any]:
    """What the target shows of it by an earlier version, to be brought up to date."""
    shown = queries.version_before(delivery)
    previous = Landed(external_id=shown.external_id, url=shown.url, detail=shown.detail) if shown else None
    return {"card": delivery.shown_as, "previous": previous}
