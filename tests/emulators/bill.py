"""What the Messages service charges, reckoned apart from the product: exact, in USD.

https://platform.claude.com/docs/en/about-claude/pricing
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# USD per million tokens: input, written for 5 minutes, written for an hour, read, output.
_PRICES: dict[str, tuple[str, str, str, str, str]] = {
    "claude-fable-5-2": ("8", "10", "16", "0.20", "40"),
    "claude-fable-5-1": ("10", "12.50", "20", "0.25", "50"),
    "claude-opus-5-5": ("4", "5", "8", "0.20", "20"),
    "claude-sonnet-5-5": ("2", "2.50", "4", "0.10", "10"),
    "claude-haiku-5-5": ("0.10", "0.125", "0.20", "0.01", "0.50"),
    "claude-opus-5": ("5", "6.25", "10", "0.50", "25"),
    "claude-sonnet-5": ("2", "2.50", "4", "0.20", "10"),
    "claude-sonnet-4-6": ("3", "3.75", "6", "0.30", "15"),
    "claude-haiku-4-5": ("1", "1.25", "2", "0.10", "5"),
}
# Each search that the service makes for the model, in a batch too; fetching a page has no price of its own.
_SEARCH = Decimal("0.01")
_LONG_PROMPTS: dict[str, tuple[int, tuple[str, str, str, str, str]]] = {
    "claude-haiku-5-5": (100_000, ("0.50", "0.625", "1.00", "0.05", "2.50")),
}


@dataclass(frozen=True)
class Line:
    """One call that was worked on, whether or not its answer arrived."""

    request_id: str
    model: str
    usage: dict[str, Any]

    @property
    def usd(self) -> Decimal:
        """What it costs; half the price of the tokens in a batch."""
        written = self.usage["cache_creation"]
        counts = (
            self.usage["input_tokens"],
            written["ephemeral_5m_input_tokens"],
            written["ephemeral_1h_input_tokens"],
            self.usage["cache_read_input_tokens"],
        )
        prices = _PRICES[self.model]
        if self.model in _LONG_PROMPTS and sum(counts) > _LONG_PROMPTS[self.model][0]:
            prices = _LONG_PROMPTS[self.model][1]
        tokens = zip((*counts, self.usage["output_tokens"]), prices, strict=True)
        whole = sum((count * Decimal(price) for count, price in tokens), Decimal(0)) / 1_000_000
        searches: int = (self.usage.get("server_tool_use") or {}).get("web_search_requests", 0)
        return (whole / 2 if self.usage["service_tier"] == "batch" else whole) + searches * _SEARCH


class Bill:
    """Every line, in order."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(self, request_id: str, model: str, usage: dict[str, Any]) -> None:
        """Charge one call."""
        self.lines.append(Line(request_id, model, usage))

    def usd(self, only: set[str] | None = None) -> Decimal:
        """The sum; with `only`, of these requests."""
        return sum((line.usd for line in self.lines if only is None or line.request_id in only), Decimal(0))
