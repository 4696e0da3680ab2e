"""Every read of clients that a screen needs; the number of queries does not grow with the rows."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from jobs import hours, queries
from jobs.models import Client, Delivery, Job, KnownAnswer, Review
from jobs.models.job import IS_OPEN
from jobs.states import OPEN_JOB, DeliveryState

SHOWN = 25
MOST_ANSWERS = 200


@dataclass(frozen=True)
class Standing:
    """A client in the list: what is under way for them, what waits for a person, what this month's jobs cost."""

    client: Client
    under_way: int
    waiting: int
    spent_microusd: int


@dataclass(frozen=True)
class Dossier:
    """A client with all that their page shows. `strayed` are items that go to other addresses than the client's."""

    client: Client
    spent_microusd: int
    answers: list[KnownAnswer]
    under_way: list[Job]
    ended: list[Job]
    waiting: list[Review]
    strayed: list[Review] = field(default_factory=list)

    @property
    def by_channel(self) -> bool:
        """Whether messages go to the client's channel in Slack."""
        return bool(self.client.slack_channel) and self.client.way[1] == [self.client.slack_channel]


def all_clients(now: datetime.datetime) -> list[Standing]:
    """Every client by name. Three reads."""
    open_jobs = _numbers(Job.objects.filter(IS_OPEN), "client")
    waiting = _numbers(queries.awake(now), "job__client")
    rows = Client.objects.annotate(spent=_spent_since(_month(now))).order_by("name")
    return [Standing(row, open_jobs.get(row.pk, 0), waiting.get(row.pk, 0), row.spent) for row in rows]


def dossier(slug: str, now: datetime.datetime) -> Dossier | None:
    """One client; None if there is none. Five reads."""
    client = Client.objects.annotate(spent=_spent_since(_month(now))).filter(slug=slug).first()
    if client is None:
        return None
    jobs = Job.objects.filter(client=client)
    waiting = _waiting(client, now)
    return Dossier(
        client=client,
        spent_microusd=client.spent,
        answers=list(client.known_answers.select_related("job").order_by("-said_at", "-id")[:MOST_ANSWERS]),
        under_way=list(jobs.filter(IS_OPEN).order_by("-created_at")[:SHOWN]),
        ended=list(jobs.exclude(state__in=sorted(OPEN_JOB)).order_by("-created_at")[:SHOWN]),
        waiting=waiting,
        strayed=[row for row in waiting if _is_strayed(row, client)],
    )


def client(slug: str) -> Client | None:
    """One client; None if there is none."""
    return Client.objects.filter(slug=slug).first()


def channels() -> dict[str, str]:
    """The clients who are written to in Slack, by name, each with the channel."""
    return dict(Client.objects.exclude(slack_channel="").values_list("name", "slack_channel"))


def answer(slug: str, pk: int) -> KnownAnswer | None:
    """One answer that this client gave; None if there is none."""
    return KnownAnswer.objects.select_related("client").filter(client__slug=slug, pk=pk).first()


def _waiting(client: Client, now: datetime.datetime) -> list[Review]:
    """The open items of the client, each with the way of the message that it holds in `target` and `to`."""
    held = Delivery.objects.filter(review=OuterRef("pk"), state=DeliveryState.HELD, kind="client_message")
    rows = (
        queries.awake(now)
        .filter(job__client=client)
        .annotate(target=Subquery(held.values("target")[:1]), to=Subquery(held.values("fields__to")[:1]))
    )
    return list(rows.order_by("id")[: queries.INBOX_SIZE])


def _is_strayed(review: Any, client: Client) -> bool:
    return review.to is not None and (review.target, review.to) != client.way


def _spent_since(moment: datetime.datetime) -> Coalesce:
    """What the jobs of the outer client that were opened since then have cost so far."""
    jobs = Job.objects.filter(client=OuterRef("pk"), created_at__gte=moment).order_by()
    return Coalesce(Subquery(jobs.values("client").annotate(sum=Sum("spent_microusd")).values("sum")), 0)


def _month(now: datetime.datetime) -> datetime.datetime:
    return hours.here(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _numbers(rows: QuerySet[Any], client: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(client).annotate(number=Count("id")))
