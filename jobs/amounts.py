"""Money in words, as the reader's language writes it: $2.31, 2,31 $."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

_MICRO = 1_000_000
_LEAST = 5_000


def usd(microusd: int | None) -> str:
    """Micro-USD as money; less than a cent is not nothing, and what nobody knows is not 0."""
    if microusd is None:
        return _("unknown")
    if 0 < microusd < _LEAST:
        return _("under %(money)s") % {"money": _written(Decimal("0.01"))}
    return _written((Decimal(microusd) / _MICRO).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _written(dollars: Decimal) -> str:
    amount = formats.number_format(dollars, 2, force_grouping=True)
    return pgettext("money", "$%(amount)s") % {"amount": amount}
