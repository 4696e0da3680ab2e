"""What every way in ends with: an event that was proven and read meets the rules, and is kept."""

import functools
import hashlib
from collections.abc import Sequence
from typing import cast

from integrations import marks
from integrations.contracts import BadSignature, Incoming, RawRequest, Reporting, Returned, Source
from jobs.lifecycle import arrival, artifact, feedback, intake, returned
from jobs.models import Trigger

# Of any sender; none is a credential.
_KEPT = ("content-type", "user-agent")


def keep(
    provider: Source, raw: RawRequest, incoming: Incoming, triggers: Sequence[Trigger] | None = None
) -> intake.Accepted:
    """Commit the event, with a job for each of the rules that it meets: of `triggers`, or of all of the source.

    Raises BadSignature if its proof was used for another event, and intake.NotStored.
    """
    try:
        return arrival.keep(_arrival(provider, raw, incoming, triggers))
    except intake.TokenReused as error:
        raise BadSignature(str(error)) from error


def receive(
    provider: Source, raw: RawRequest, incoming: Incoming, triggers: Sequence[Trigger] | None = None
) -> intake.Accepted | arrival.Waiting:
    """As `keep`, in a moment: for a sender who waits. While nobody can write, the event is kept in the spool."""
    try:
        return arrival.receive(_arrival(provider, raw, incoming, triggers))
    except intake.TokenReused as error:
        raise BadSignature(str(error)) from error


def is_too_early(back: Returned) -> bool:
    """Whether it may be about a message of ours whose sending has not ended here yet."""
    return returned.is_too_early(_returned(back))


def _arrival(
    provider: Source, raw: RawRequest, incoming: Incoming, triggers: Sequence[Trigger] | None
) -> arrival.Arrival:
    rules = intake.candidates(provider.slug) if triggers is None else triggers
    matching, problems = _matching(provider, incoming, rules)
    inbound = _inbound(provider, raw, incoming)
    follow = None if inbound.is_test else _following(provider, raw, incoming)
    return arrival.Arrival(inbound, matching, problems, follow)


def _following(provider: Source, raw: RawRequest, incoming: Incoming) -> returned.Returned | feedback.News | None:
    """What else an event means beside its rules: news of a branch of ours, or that a mail of ours came back."""
    if incoming.returned:
        return _returned(incoming.returned)
    news = cast(Reporting, provider).news(raw) if _is_reporting(type(provider)) else None
    return feedback.News(**news.model_dump()) if news else None


@functools.cache
def _is_reporting(source: type[Source]) -> bool:
    """Asked once of each: to compare its methods with the protocol's takes as long as to insert a row."""
    return issubclass(source, Reporting)


def _returned(back: Returned) -> returned.Returned:
    return returned.Returned(**back.model_dump())


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
    return intake.Inbound(
        source=provider.slug,
        external_id=_bounded(f"{scope}{incoming.external_id}"),
        kind=incoming.kind,
        sender=incoming.sender,
        summary=incoming.summary,
        data=incoming.data,
        body=raw.body,
        headers={name: raw.headers[name] for name in (*_KEPT, *provider.kept_headers) if name in raw.headers},
        address=raw.trigger or "",
        is_test=marks.is_marked(raw.headers, raw.body),
        files=[artifact.File(artifact.RECEIVED, one.name, one.media_type, one.content) for one in incoming.files],
        answers=incoming.answers,
        token=incoming.token,
    )


def _bounded(external_id: str) -> str:
    """The id itself, or its sha-256 where the column could not hold it: cut short, two ids might meet."""
    return external_id if len(external_id) <= 255 else hashlib.sha256(external_id.encode()).hexdigest()
