"""The night in a message: what the owner reads at their hour, made of records alone."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from jobs import nights
from jobs.models import Delivery, Job, Review

_KINDS = {
    "message": "client messages",
    "merge": "pull requests",
    "question": "questions",
    "failure": "failures",
    "alarm": "alarms",
}
# A message is read on a phone: so many lines of a kind, the rest is on the page.
_LINES = 8


@dataclass(frozen=True)
class Digest:
    """One night's message; `text` is Markdown, `url` the page that says it all."""

    date: datetime.date
    subject: str
    text: str
    url: str
    is_bad: bool

    def as_fields(self) -> dict[str, Any]:
        """The form in which a notice carries it."""
        return {
            "digest": {
                "date": self.date.isoformat(),
                "subject": self.subject,
                "text": self.text,
                "url": self.url,
                "is_bad": self.is_bad,
            }
        }


def due(now: datetime.datetime) -> datetime.date | None:
    """The morning whose digest is to be sent now; None before the owner's hour, or if nothing was ever asked."""
    here = timezone.localtime(now)
    at = timezone.make_aware(datetime.datetime.combine(here.date(), settings.DIGEST_AT))
    return here.date() if here >= at and Job.objects.filter(created_at__lt=at).exists() else None


def compose(date: datetime.date, *, now: datetime.datetime) -> Digest:
    """The message about the night before this morning."""
    report = nights.report(date, now=now)
    url = settings.BASE_URL + reverse("inbox:night", args=[date])
    subject = f"Night to {date:%-d %B}: {report.headline}"
    text = "\n".join([report.headline, "", *_facts(report), *_lists(report), "", f"[The whole night]({url})"])
    return Digest(date=date, subject=subject, text=text + "\n", url=url, is_bad=report.is_bad)


def _facts(report: nights.Report) -> Iterator[str]:
    if report.kinds:
        waiting = ", ".join(f"{number} {_KINDS.get(kind, kind)}" for kind, number in report.kinds.items())
        yield f"- Waiting for you: {waiting} ([inbox]({settings.BASE_URL + reverse('inbox:inbox')}))"
    spent = f"- Spent: {_usd(report.night.spent_microusd)} of {_usd(report.envelope_microusd)} a day"
    yield spent + (f", and {report.night.unpriced} attempts of unknown price" if report.night.unpriced else "")
    yield f"- Delivered: {report.delivered}"
    usual = report.usual
    if usual.nights:
        yield (
            f"- The {usual.nights} nights before: {usual.completed:.0f} done, {usual.failed:.0f} failed,"
            f" {_usd(round(usual.spent_microusd))} a night"
        )


def _lists(report: nights.Report) -> Iterator[str]:
    yield from _section("Failed", report.failed, report.night.failed, _job)
    yield from _section("Silent", report.silent, len(report.silent), _review)
    yield from _section("Not delivered", report.doubtful, len(report.doubtful), _delivery)
    yield from _section("Done", report.done, report.night.completed, _job)


def _section(title: str, rows: list[Any], number: int, line: Any) -> Iterable[str]:
    if not rows:
        return []
    more = number - min(len(rows), _LINES)
    lines = [f"- {line(row)}" for row in rows[:_LINES]]
    return ["", f"**{title}**", "", *lines, *([f"- and {more} more"] if more > 0 else [])]


def _job(job: Job) -> str:
    link = f"[{_plain(job.title)}]({settings.BASE_URL + reverse('inbox:job', args=[job.uid])})"
    reason = f": {_plain(job.reason)}" if job.reason else ""
    return f"{link}{reason}"


def _review(review: Review) -> str:
    link = settings.BASE_URL + reverse("inbox:item", args=[review.pk])
    return f"[{_plain(review.title)}]({link}): {_plain(review.consequence)}"


def _delivery(delivery: Delivery) -> str:
    title = _plain(delivery.job.title) if delivery.job else delivery.card
    return f"{title}, to {delivery.target}: {_plain(delivery.reason) or delivery.state}"


def _plain(text: str) -> str:
    """Words of a stranger or an agent as one line that is no Markdown: no link, no picture, no mark-up."""
    line = " ".join(text.split())[:160]
    return "".join(f"\\{char}" if char in "\\`*_[]<>!#|~@" else char for char in line)


def _usd(microusd: int) -> str:
    return f"${microusd / 1_000_000:,.2f}"
