"""The night in a message: what the owner reads at their hour, made of records alone."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from jobs import nights, queries, tally, terms
from jobs.amounts import usd
from jobs.models import Delivery, Job, Review
from jobs.states import ReviewState

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
    subject = _("Night to %(date)s: %(headline)s")
    subject %= {"date": date_format(date, pgettext("date format", "j F")), "headline": report.headline}
    whole = _("[The whole night](%(url)s)") % {"url": url}
    text = "\n".join([*_first(report, now), "", *_facts(report), *_lists(report), "", whole])
    return Digest(date=date, subject=subject, text=text + "\n", url=url, is_bad=report.is_bad)


def _first(report: nights.Report, now: datetime.datetime) -> list[str]:
    """The sentence that stands over the inbox; before it what is wrong, where it says more than numbers."""
    coming = queries.next_run(now)
    next_run = coming[0] if coming else None
    said = tally.sentence(report.night, most=report.envelope_microusd, next_run=next_run)
    is_more = report.is_bad or not report.night.completed + report.night.failed
    return [report.headline, "", said] if is_more else [said]


def _facts(report: nights.Report) -> Iterator[str]:
    if report.kinds:
        waiting = ", ".join(terms.counted(kind, number) for kind, number in report.kinds.items())
        inbox = _("[inbox](%(url)s)") % {"url": settings.BASE_URL + reverse("inbox:inbox")}
        yield "- " + _("Waiting for you: %(what)s") % {"what": f"{waiting} ({inbox})"}
    yield "- " + _("Delivered: %(number)d") % {"number": report.delivered}
    usual = report.usual
    if usual.nights:
        before = ngettext("The night before", "The %(number)s nights before", usual.nights) % {
            "number": usual.nights
        }
        did = _("%(done)s done, %(failed)s failed, %(money)s a night") % {
            "done": f"{usual.completed:.0f}",
            "failed": f"{usual.failed:.0f}",
            "money": usd(round(usual.spent_microusd)),
        }
        yield f"- {before}: {did}"


def _lists(report: nights.Report) -> Iterator[str]:
    yield from _section(_("Failed"), report.failed, report.night.failed, _job)
    yield from _section(_("Silent"), report.silent, len(report.silent), _review)
    yield from _section(_("Not delivered"), report.doubtful, len(report.doubtful), _delivery)
    yield from _section(_("Done"), report.done, report.night.completed, _job)


def _section(title: str, rows: list[Any], number: int, line: Any) -> Iterable[str]:
    if not rows:
        return []
    more = number - min(len(rows), _LINES)
    lines = [f"- {line(row)}" for row in rows[:_LINES]]
    return [
        "",
        f"**{title}**",
        "",
        *lines,
        *(["- " + _("and %(number)s more") % {"number": more}] if more > 0 else []),
    ]


def _job(job: Job) -> str:
    link = f"[{_plain(job.title)}]({settings.BASE_URL + reverse('inbox:job', args=[job.uid])})"
    reason = f": {_plain(job.reason)}" if job.reason else ""
    return f"{link}{reason}"


def _review(review: Review) -> str:
    link = settings.BASE_URL + reverse("inbox:item", args=[review.pk])
    return f"[{_plain(review.title)}]({link}){_due(review)}: {_plain(review.consequence)}"


def _due(review: Review) -> str:
    """Until when it is to be decided, while it waits; empty where no time is set."""
    if review.deadline is None or review.state != ReviewState.OPEN:
        return ""
    said = _("was due {at}") if review.is_late else _("due {at}")
    return ", " + said.format(at=terms.clock(review.deadline))


def _delivery(delivery: Delivery) -> str:
    title = _plain(delivery.job.title) if delivery.job else delivery.card
    return f"{title} → {delivery.target}: {_plain(delivery.reason) or terms.state(delivery.state)}"


def _plain(text: str) -> str:
    """Words of a stranger or an agent as one line that is no Markdown: no link, no picture, no mark-up."""
    line = " ".join(text.split())[:160]
    return "".join(f"\\{char}" if char in "\\`*_[]<>!#|~@" else char for char in line)
