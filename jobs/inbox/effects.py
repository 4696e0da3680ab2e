"""What approving an item will do, before anybody approves it: computed from its deliveries, none left out."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from jobs import queries, terms
from jobs.models import Delivery, Review, Task
from jobs.states import DeliveryState


@dataclass(frozen=True)
class Effect:
    """One thing that leaves: what, to whom, where, with which files, how long after the decision."""

    does: str
    where: str
    digest: str
    after: datetime.timedelta
    to: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """All that leaves, which steps may begin because of it, and the money that is left for those."""

    effects: list[Effect]
    steps: list[Task]
    left_microusd: int


def preview(review: Review, deliveries: Iterable[Delivery]) -> Preview:
    """What approving this item does: its own deliveries, of which nothing leaves that is not in the list."""
    held = [row for row in deliveries if row.state == DeliveryState.HELD]
    steps = queries.waiting_for(review.task) if review.task else []
    left = max(0, review.own_job.budget_microusd - review.own_job.spent_microusd)
    return Preview([_effect(row) for row in held], steps, left)


def _effect(row: Delivery) -> Effect:
    does = {
        "client_message": _("Sends “{subject}”"),
        "merge": _("Merges {branch} into {into}, at exactly {commit:.12}"),
    }.get(row.kind) or capfirst(terms.state(row.kind))
    told = {name: str(row.fields.get(name, "")) for name in ("subject", "branch", "into", "commit")}
    return Effect(
        does=does.format(**told),
        where=f"{row.target}: {row.fields['repository']}" if "repository" in row.fields else row.target,
        digest=row.digest,
        after=settings.UNDO_CLIENT if row.fields.get("to") else settings.UNDO,
        to=[*row.fields.get("to", []), *row.fields.get("cc", [])],
        files=[file["name"] for file in row.files[1:]],
    )
