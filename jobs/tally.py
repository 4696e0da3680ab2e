"""The night in one sentence, the same over the inbox, in the mail and in Slack."""

import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import terms
from jobs.amounts import usd
from jobs.nights import Night


class Part(NamedTuple):
    """A part of the sentence, and what stands in its braces."""

    text: str
    values: dict[str, str | datetime.datetime]
    is_bad: bool = False


def parts(night: Night, *, most: int, next_run: datetime.datetime | None) -> list[Part]:
    """What was done, what failed, what it cost of what a night may spend, and when the next run is."""
    found = [Part(_("{number} done"), {"number": str(night.completed)})]
    if night.failed:
        found.append(Part(_("{number} failed"), {"number": str(night.failed)}, is_bad=True))
    found.append(Part(_("{spent} of {most} spent"), {"spent": usd(night.spent_microusd), "most": usd(most)}))
    if night.unpriced:
        unpriced = ngettext(
            "{number} attempt of unknown price", "{number} attempts of unknown price", night.unpriced
        )
        found.append(Part(unpriced, {"number": str(night.unpriced)}))
    if next_run:
        found.append(Part(_("next run {at}"), {"at": next_run}))
    return found


def sentence(night: Night, *, most: int, next_run: datetime.datetime | None) -> str:
    """As `parts` has it, in plain words."""
    said = (_plain(part) for part in parts(night, most=most, next_run=next_run))
    return f"{_('Overnight')} {', '.join(said)}."


def _plain(part: Part) -> str:
    words = {name: value if isinstance(value, str) else terms.clock(value) for name, value in part.values.items()}
    return part.text.format(**words)
