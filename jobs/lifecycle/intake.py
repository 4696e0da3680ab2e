"""Verbs of a Receipt: keep what came in, and open the jobs that the rules ask for."""

import base64
import datetime
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import schedules
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import pace, reply
from jobs.lifecycle.job import Paced, open_job
from jobs.models import Client, Job, Receipt, Trigger
from jobs.states import Outcome

# Among a receipt's problems, in the place of a rule's name: why it opened nothing whatever the rules say.
EVERY_RULE = "every rule"
_NAMES_TOLD, _NAMES_CHARS = 40, 1_000
_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_OF_SOURCE = "source = %s AND enabled ORDER BY name, id"
# The rule that the address names comes first: its secrets are those of the address.
_OF_ADDRESS = "source = %s AND enabled AND (slug = %s OR address = %s) ORDER BY slug <> %s, name, id"


class NotStored(Exception):
    """The files of the event could not be stored; nothing of it was kept, and it should be sent again."""


class TokenReused(Exception):
    """The proof of the sender is good for one event, and was used for another. Nothing of this one is kept."""


class MissingName(ValueError):
    """A template names something that the receipt does not have; the message lists what it has."""


@dataclass(frozen=True)
class Inbound:
    """A verified, parsed event, the raw bytes it came in, and the files in them. A test opens no job."""

    source: str
    external_id: str
    kind: str
    body: bytes
    sender: str = ""
    summary: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # those that are kept: none is a credential
    address: str = ""
    origin: str = ""
    is_test: bool = False
    files: Sequence[artifacts.File] = ()
    answers: str = ""  # the uid of the job that it proves to answer
    token: str = ""  # what of the sender's proof is good for one event only
    arrived_at: datetime.datetime | None = None  # where that was before now


@dataclass(frozen=True)
class Wanted:
    """A job that a rule asks for, its templates filled."""

    trigger: Trigger
    title: str
    brief: str
    client_id: int | None


@dataclass(frozen=True)
class Accepted:
    """What became of an inbound event. `is_new` is False for a repeat, which changes nothing."""

    receipt: Receipt
    jobs: list[Job]
    is_new: bool


def accept(inbound: Inbound, triggers: Sequence[Trigger], *, problems: Mapping[str, str] | None = None) -> Accepted:
    """Keep the event and open one Job for each of the triggers that it matched, in one transaction.

    The same (source, external id) again returns what the first one opened. A rule whose template cannot be
    filled opens nothing; why is kept on the receipt, beside the `problems` that were found before. Files that came
    along become artifacts of the receipt, marked untrusted. An answer goes to its job, and to no rule. Raises
    NotStored if files cannot be stored, and TokenReused.
    """
    answered = None if problems and EVERY_RULE in problems else reply.origin(inbound.answers)
    wanted, unfilled = ([], _too_many(answered)) if answered else _fill_all(inbound, triggers)
    found = {**(problems or {}), **unfilled}
    # Bytes first: what a row names is there. Bytes that no row came to name do no harm.
    _store(inbound.files)
    try:
        with transaction.atomic():
            receipt = _keep(inbound, found, _outcome(inbound, wanted, found, answered))
            artifacts.enter_received(inbound.files, receipt=receipt)
            jobs = [] if inbound.is_test else [_open_in_turn(one, receipt) for one in wanted]
            if answered and receipt.outcome == Outcome.ANSWERED:
                jobs = [reply.take(receipt, answered)]
    except IntegrityError:
        # Known already, or arrived twice at once and the other one won. Repeats are rare: only they look it up.
        if known := repeat_of(inbound):
            return known
        if inbound.token and Receipt.objects.filter(source=inbound.source, token=inbound.token).exists():
            raise TokenReused("This proof of the sender was used for another event before.") from None
        raise
    return Accepted(receipt=receipt, jobs=jobs, is_new=True)


def known(source: str, external_ids: Collection[str]) -> set[str]:
    """Which of these events of a source have a Receipt."""
    rows = Receipt.objects.filter(source=source, external_id__in=external_ids)
    return set(rows.values_list("external_id", flat=True))


def repeat_of(inbound: Inbound) -> Accepted | None:
    """What the same event opened when it came before; None if it did not."""
    receipt = Receipt.objects.filter(source=inbound.source, external_id=inbound.external_id).first()
    return Accepted(receipt=receipt, jobs=list(receipt.jobs.order_by("id")), is_new=False) if receipt else None


def candidates(source: str, *, slug: str | None = None) -> list[Trigger]:
    """The enabled rules for a source; with a slug, the one that the address names, then those that share it.

    An address whose own rule is missing or not enabled has none.
    """
    if slug is None:
        return Trigger.read(_OF_SOURCE, [source])
    found = Trigger.read(_OF_ADDRESS, [source, slug, slug, slug])
    return found if found and found[0].slug == slug else []


def secrets_of(trigger: Trigger) -> list[str]:
    """What a sender may prove itself with: a Standard Webhooks key (whsec_…) and a bearer token (nd_…).

    Derived from SECRET_KEY, so that no secret lies in the database; those of SECRET_KEY_FALLBACKS are accepted
    too, after the two current ones. A higher `secret_version` makes new ones.
    """
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return list(_secrets_of(keys, f"{trigger.slug}:{trigger.secret_version}"))


@lru_cache(maxsize=1_000)
def _secrets_of(keys: tuple[str, ...], name: str) -> tuple[str, ...]:
    found: list[str] = []
    for key in keys:
        for prefix in ("whsec_", "nd_"):
            digest = hmac.new(key.encode(), f"{prefix}:{name}".encode(), hashlib.sha256).digest()
            code = base64.b64encode(digest) if prefix == "whsec_" else base64.urlsafe_b64encode(digest).rstrip(b"=")
            found.append(prefix + code.decode())
    return tuple(found)


def fill(template: str, data: Mapping[str, Any]) -> str:
    """The template with each {name} or {name.part} replaced; raises MissingName for one that is not there."""

    def value(match: re.Match[str]) -> str:
        found: Any = data
        for part in match[1].split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise MissingName(
                    _("The rule names {%(name)s}, but this event has: %(names)s.")
                    % {"name": match[1], "names": _names(data)}
                )
            found = found[part]
        return ", ".join(map(str, found)) if isinstance(found, list) else str(found)

    return _NAME.sub(value, template)


def _names(data: Mapping[str, Any]) -> str:
    """What a template may name; strangers choose these, so there is an end to them."""
    names = sorted(str(name) for name in data)
    shown = ", ".join(names[:_NAMES_TOLD])[:_NAMES_CHARS] or _("nothing")
    return shown if len(names) <= _NAMES_TOLD and len(shown) < _NAMES_CHARS else f"{shown}, …"


def want(trigger: Trigger, event: Inbound | Receipt) -> Wanted:
    """The job that a rule would open for the event; raises MissingName if its templates cannot be filled."""
    values = {**event.data, "summary": event.summary, "sender": event.sender, "kind": event.kind}
    brief = fill(trigger.brief_template, values).strip()
    if not brief:
        raise MissingName(_("The rule's brief came out empty."))
    return Wanted(trigger, fill(trigger.title_template, values), brief, _client_id(trigger, event.data))


def open_wanted(wanted: Wanted, receipt: Receipt, *, by: str = "", paced: Paced | None = None) -> Job:
    """Open the job. Inside a transaction; IntegrityError if the rule has opened one for this receipt already.

    Without `paced` it begins whatever else does: a person asked.
    """
    trigger = wanted.trigger
    return open_job(
        title=wanted.title,
        brief=wanted.brief,
        by=by or f"trigger:{trigger.slug}",
        client_id=wanted.client_id,
        priority=trigger.priority,
        data=receipt.data,
        agents=trigger.agents,
        budget_microusd=trigger.budget_microusd,
        due_at=trigger.due_at(receipt.received_at),
        receipt=receipt,
        trigger=trigger,
        paced=paced,
    )


def _open_in_turn(wanted: Wanted, receipt: Receipt) -> Job:
    """Open the job; if its rule, its sender or its source has begun enough within the hour, it waits."""
    source, sender = receipt.source, receipt.sender
    if source == schedules.SOURCE:
        return open_wanted(wanted, receipt)
    waits = pace.waits_for(wanted.trigger, source, sender)
    return open_wanted(wanted, receipt, paced=Paced(source, pace.name_of(source, sender), waits))


def _client_id(trigger: Trigger, data: Mapping[str, Any]) -> int | None:
    """The one client who has the sender's address among its recipients, where the rule looks; else the rule's.

    A source that can tell says in `verified` whether a sender is who it claims to be: an unproven one is no client.
    """
    address = data.get(trigger.client_from) if trigger.client_from else None
    if data.get("verified") is False or not isinstance(address, str) or not address.strip():
        return trigger.client_id
    given = address.strip().casefold()
    rows = Client.objects.values_list("id", "recipients")
    found = [pk for pk, recipients in rows if given in {str(one).casefold() for one in recipients}]
    return found[0] if len(found) == 1 else trigger.client_id


def _fill_all(inbound: Inbound, triggers: Sequence[Trigger]) -> tuple[list[Wanted], dict[str, str]]:
    wanted, problems = [], {}
    for trigger in triggers:
        try:
            wanted.append(want(trigger, inbound))
        except MissingName as problem:
            problems[trigger.slug] = str(problem)
    return wanted, problems


def _too_many(answered: Job) -> dict[str, str]:
    reason = reply.too_many(answered)
    return {EVERY_RULE: reason} if reason else {}


def _outcome(
    inbound: Inbound, wanted: Sequence[Wanted], problems: Mapping[str, str], answered: Job | None
) -> Outcome:
    if inbound.is_test:
        return Outcome.TEST
    if EVERY_RULE in problems:
        return Outcome.IGNORED
    if answered:
        return Outcome.ANSWERED
    if problems:
        return Outcome.FAULT
    return Outcome.OPENED if wanted else Outcome.UNMATCHED


def _store(files: Sequence[artifacts.File]) -> None:
    try:
        for file in files:
            artifacts.keep(file)
    except Exception as error:
        # A disk, a bucket: each storage fails in its own way.
        raise NotStored(f"A file could not be stored: {error}") from error


def _keep(inbound: Inbound, problems: dict[str, str], outcome: Outcome) -> Receipt:
    return Receipt(
        source=inbound.source,
        external_id=inbound.external_id,
        kind=inbound.kind[:80],
        sender=inbound.sender[:255],
        summary=inbound.summary[:300],
        data=inbound.data,
        headers={name: value[:500] for name, value in inbound.headers.items()},
        body=inbound.body,
        sha256=hashlib.sha256(inbound.body).hexdigest(),
        problems=problems,
        outcome=outcome,
        address=inbound.address,
        origin=inbound.origin,
        token=inbound.token,
        received_at=inbound.arrived_at or timezone.now(),
    ).insert()
