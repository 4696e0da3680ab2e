"""Money in words."""

import pytest
from django.utils import translation

from jobs.amounts import usd


@pytest.mark.parametrize(
    ("microusd", "english", "german"),
    [
        (None, "unknown", "unbekannt"),
        (0, "$0.00", "0,00\u00a0$"),
        (1, "under $0.01", "unter 0,01\u00a0$"),
        (4_999, "under $0.01", "unter 0,01\u00a0$"),
        (5_000, "$0.01", "0,01\u00a0$"),
        (2_310_000, "$2.31", "2,31\u00a0$"),
        (1_234_567_890, "$1,234.57", "1.234,57\u00a0$"),
        (-2_310_000, "$-2.31", "-2,31\u00a0$"),
    ],
)
def test_money_is_written_as_the_reader_does(microusd: int | None, english: str, german: str) -> None:
    with translation.override("en"):
        assert usd(microusd) == english
    with translation.override("de"):
        assert usd(microusd) == german
