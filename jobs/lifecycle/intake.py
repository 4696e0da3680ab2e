"""Verbs of a Receipt: keep what came in, and open the jobs that the rules ask for."""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from jobs.lifecycle.job import open_job
from jobs.models import Job, Receipt, Trigger

# Among a receipt's problems, in the place of a rule's name: why it opened nothing whatever the rules say.
EVERY_RULE = "every rule"

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
# Headers worth keeping as evidence; none of them is a credential.
_KEPT_HEADERS = (
    "content-type",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "x-github-event",
    "x-github-delivery",
)

# Plain SQL: every event that comes in asks it, and a query set costs as much again as all that is then written.
_RULES = "SELECT * FROM jobs_trigger WHERE source = %s AND enabled ORDER BY name, id"
_RULE = "SELECT * FROM jobs_trigger WHERE source = %s AND enabled AND slug = %s"


class MissingName(ValueError):
    """A template names something that the receipt does not have; the message lists what it has."""


@dataclass(frozen=True)
class Inbound:
    """A verified, parsed event and the raw bytes it came in."""

    source: str
    external_id: str
    kind: str
    body: bytes
    sender: str = ""
    summary: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Accepted:
    """What became of an inbound event. `is_new` is False for a repeat, which changes nothing."""

    receipt: Receipt
    jobs: list[Job]
    is_new: bool


def accept(inbound: Inbound, triggers: Sequence[Trigger], *, problems: Mapping[str, str] | None = None) -> Accepted:
    """Keep the event and open one Job for each of the triggers that it matched, in one transaction.

    The same (source, external id) again returns what the first one opened. A rule whose template cannot be
    filled opens nothing; why is kept on the receipt, beside the `problems` that were found before.
    """
    wanted, unfilled = _fill_all(inbound, triggers)
    try:
        with transaction.atomic():
            receipt = _keep(inbound, {**(problems or {}), **unfilled})
            jobs = [_open(trigger, title, brief, receipt) for trigger, title, brief in wanted]
    except IntegrityError:
        # Known already, or arrived twice at once and the other one won. Repeats are rare: only they look it up.
        if known := _known(inbound):
            return known
        raise
    return Accepted(receipt=receipt, jobs=jobs, is_new=True)


def known(source: str, external_ids: Collection[str]) -> set[str]:
    """Which of these events of a source have a Receipt."""
    rows = Receipt.objects.filter(source=source, external_id__in=external_ids)
    return set(rows.values_list("external_id", flat=True))


def candidates(source: str, *, slug: str | None = None) -> list[Trigger]:
    """The enabled rules for a source; with a slug, the one that the address names (or none)."""
    if slug is None:
        return list(Trigger.objects.raw(_RULES, [source]))
    return list(Trigger.objects.raw(_RULE, [source, slug]))


def secrets_of(trigger: Trigger) -> list[str]:
    """What a sender may prove itself with: a Standard Webhooks key (whsec_…) and a bearer token (nd_…).

    Derived from SECRET_KEY, so that no secret lies in the database; those of SECRET_KEY_FALLBACKS are accepted
    too, after the two current ones. A higher `secret_version` makes new ones.
    """
    found: list[str] = []
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        for prefix in ("whsec_", "nd_"):
            text = f"{prefix}:{trigger.slug}:{trigger.secret_version}"
            digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
            code = base64.b64encode(digest) if prefix == "whsec_" else base64.urlsafe_b64encode(digest).rstrip(b"=")
            found.append(prefix + code.decode())
    return found


def fill(template: str, data: Mapping[str, Any]) -> str:
    """The template with each {name} or {name.part} replaced; raises MissingName for one that is not there."""

    def value(match: re.Match[str]) -> str:
        found: Any = data
        for part in match[1].split("."):
            if not isinstance(found, Mapping) or part not in found:
                names = ", ".join(sorted(str(name) for name in data)) or "nothing"
                raise MissingName(f"The rule names {{{match[1]}}}, but this event has: {names}.")
            found = found[part]
        return ", ".join(map(str, found)) if isinstance(found, list) else str(found)

    return _NAME.sub(value, template)


def _fill_all(
    inbound: Inbound, triggers: Sequence[Trigger]
) -> tuple[list[tuple[Trigger, str, str]], dict[str, str]]:
    values = {**inbound.data, "summary": inbound.summary, "sender": inbound.sender, "kind": inbound.kind}
    wanted, problems = [], {}
    for trigger in triggers:
        try:
            brief = fill(trigger.brief_template, values).strip()
            if not brief:
                raise MissingName("The rule's brief came out empty.")
            wanted.append((trigger, fill(trigger.title_template, values), brief))
        except MissingName as problem:
            problems[trigger.slug] = str(problem)
    return wanted, problems


def _keep(inbound: Inbound, problems: dict[str, str]) -> Receipt:
    return Receipt(
        source=inbound.source,
        external_id=inbound.external_id,
        kind=inbound.kind[:80],
        sender=inbound.sender[:255],
        summary=inbound.summary[:300],
        data=inbound.data,
        headers={name: inbound.headers[name][:500] for name in _KEPT_HEADERS if name in inbound.headers},
        body=inbound.body,
        sha256=hashlib.sha256(inbound.body).hexdigest(),
        problems=problems,
    ).insert()


def _open(trigger: Trigger, title: str, brief: str, receipt: Receipt) -> Job:
    return open_job(
        title=title,
        brief=brief,
        by=f"trigger:{trigger.slug}",
        client_id=trigger.client_id,
        priority=trigger.priority,
        data=receipt.data,
        budget_microusd=trigger.budget_microusd,
        receipt=receipt,
        trigger=trigger,
    )


def _known(inbound: Inbound) -> Accepted | None:
    receipt = Receipt.objects.filter(source=inbound.source, external_id=inbound.external_id).first()
    return Accepted(receipt=receipt, jobs=list(receipt.jobs.order_by("id")), is_new=False) if receipt else None
