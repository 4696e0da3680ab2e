"""What every way in ends with: an event that was proven and read meets the rules, and is kept."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from integrations import marks
from integrations.contracts import BadSignature, Incoming, RawRequest, Reporting, Source
from jobs.lifecycle import artifact, feedback, intake
from jobs.models import Trigger


def keep(
    provider: Source, raw: RawRequest, incoming: Incoming, triggers: Sequence[Trigger] | None = None
) -> intake.Accepted:
    """Keep the event, and open a job for each of the rules that it meets: of `triggers`, or of all of the source.

    Raises BadSignature if its proof was used for another event, and intake.NotStored.
    """
    rules = intake.candidates(provider.slug) if triggers is None else triggers
    matching, problems = _matching(provider, incoming, rules)
    inbound = _inbound(provider, raw, incoming)
    news = provider.news(raw) if isinstance(provider, Reporting) and not inbound.is_test else None
    try:
        if news is None:
            return intake.accept(inbound, matching, problems=problems)
        # Both are kept, or neither: what its sender sends again is taken as if it came the first time.
        with transaction.atomic():
            accepted = intake.accept(inbound, matching, problems=problems)
            if accepted.is_new:
                feedback.take(feedback.News(**news.model_dump()), source=provider.slug)
        return accepted
    except intake.TokenReused as error:
        raise BadSignature(str(error)) from error


def _matching(
    provider: Source, incoming: Incoming, triggers: Sequence[Trigger]
) -> tuple[list[Trigger], dict[str, str]]:
    """The rules that the event meets; one whose conditions cannot be read keeps no other from its event."""
    if incoming.ignored:
        return [], {intake.EVERY_RULE: incoming.ignored}
    matching, problems = [], {}
    for trigger in triggers:
        try:
            if provider.matches(incoming, trigger.conditions):
                matching.append(trigger)
        except ValueError as error:
            problems[trigger.slug] = f"The rule's conditions cannot be read: {error}"
    return matching, problems


def _inbound(provider: Source, raw: RawRequest, incoming: Incoming) -> intake.Inbound:
    # The sender's id is theirs alone: on an address of its own it must not meet the ids of another address.
    scope = f"{raw.trigger}:" if provider.addressed else ""
    known: dict[str, Any] = incoming.model_dump(include={"kind", "sender", "summary", "data", "answers", "token"})
    return intake.Inbound(
        source=provider.slug,
        external_id=_bounded(f"{scope}{incoming.external_id}"),
        body=raw.body,
        headers=raw.headers,
        address=raw.trigger or "",
        is_test=marks.is_marked(raw.headers, raw.body),
        files=[artifact.File(artifact.RECEIVED, one.name, one.media_type, one.content) for one in incoming.files],
        **known,
    )


def _bounded(external_id: str) -> str:
    """The id itself, or its sha-256 where the column could not hold it: cut short, two ids might meet."""
    return external_id if len(external_id) <= 255 else hashlib.sha256(external_id.encode()).hexdigest()
