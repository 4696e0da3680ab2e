"""The context of the page of costs."""

import datetime
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import hours, spending, terms, trust
from jobs.budget import UNPRICED_CALL_MICROUSD
from jobs.inbox import charts, cost_forms


def costs(asked: QueryDict, *, refusal: str = "", refused: str = "", typed: str = "") -> dict[str, Any]:
    """What the days of the address cost, what money there is, and how carefully was approved.

    `refusal` says why the budget `refused` was not changed to what was typed.
    """
    form, begins, ends = cost_forms.span(asked)
    days, envelopes = spending.books(begins, ends)
    moments = _moment(begins), _moment(ends + datetime.timedelta(days=1))
    split = spending.split(*moments)
    return {
        "form": form,
        "begins": begins,
        "ends": ends,
        "presets": _presets(begins, ends),
        "days": list(reversed(days)),
        "total": sum(day.microusd for day in days),
        "chart": charts.days([(day.date, day.microusd) for day in days], most=envelopes[-1].most),
        "envelopes": envelopes,
        "split": split,
        "tables": [
            (_("Client"), _("our own work"), split.by_client),
            (_("Agent"), _("no name"), [replace(spent, name=terms.agent(spent.name)) for spent in split.by_agent]),
            (_("Model"), _("none called, or not named"), split.by_model),
        ],
        "saved": spending.saved_between(*moments),
        "unpriced_call": UNPRICED_CALL_MICROUSD,
        "meter": trust.meter(timezone.now()),
        "enough": trust.ENOUGH,
        "quick_seconds": trust.QUICK_MS // 1000,
        "refusal": refusal,
        "refused": refused,
        "typed": typed,
    }


def _presets(begins: datetime.date, ends: datetime.date) -> list[tuple[str, str, bool]]:
    """Spans that have a name, each with its query and whether it is shown."""
    today = hours.here().date()
    spans = [
        (_("today"), today),
        (_("7 days"), today - datetime.timedelta(days=6)),
        (_("30 days"), today - datetime.timedelta(days=29)),
        (_("this month"), today.replace(day=1)),
    ]
    shown = (begins, ends)
    return [(name, urlencode({"begins": first, "ends": today}), (first, today) == shown) for name, first in spans]


def _moment(date: datetime.date) -> datetime.datetime:
    """When a date begins on the owner's clock."""
    return timezone.make_aware(datetime.datetime.combine(date, datetime.time()), timezone.get_default_timezone())
