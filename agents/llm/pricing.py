"""What calls cost, from the dated prices in prices.json: integer micro-USD, rounded up, never a guess.

USD per million tokens is micro-USD per token, so a price of 0.125 is an eighth of a micro-USD a token.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from agents.contracts import Ask, Usage

PRICES = Path(__file__).with_name("prices.json")
# A price of N USD per million tokens is held as N * 1,000,000 of these, so that the sums stay whole numbers.
_SCALE = 1_000_000
# A batch costs one part in so many of the price: https://platform.claude.com/docs/en/build-with-claude/batch-processing
_BATCH = 2
# Real prompts have 3 to 4 bytes a token (about 30 % less with the newest tokenizer); escaped JSON of other scripts
# has more. Half of that leaves room, and the constant is for what a server adds of its own (tool use, output form).
_BYTES_PER_TOKEN = 2
_ADDED_TOKENS = 2_000
_DATED = re.compile(r"-\d{8}$")


@dataclass(frozen=True)
class Tier:
    """Prices for prompts up to a size (None: any), in millionths of a micro-USD per token."""

    up_to_prompt_tokens: int | None
    input: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    output: int

    def total(self, usage: Usage) -> int:
        """Micro-USD for the usage, rounded up."""
        scaled = (
            usage.input_tokens * self.input
            + usage.cache_write_5m_tokens * self.cache_write_5m
            + usage.cache_write_1h_tokens * self.cache_write_1h
            + usage.cache_read_tokens * self.cache_read
            + usage.output_tokens * self.output
        )
        return -(-scaled // (_SCALE * (_BATCH if usage.batch else 1)))


def cost(model: str, usage: Usage, at: datetime) -> int | None:
    """Micro-USD that a call of `usage` cost at the aware time `at`; None for a model without a known price."""
    tiers = _tiers(model, at)
    return None if tiers is None else _tier_for(tiers, prompt_tokens(usage)).total(usage)


def saved(model: str, usage: Usage, at: datetime) -> tuple[int, int]:
    """Micro-USD that the cache, and then the batch, took off what the call would have cost without them.

    A call that only writes to the cache pays more for it: below zero. Nothing for a model without a known price.
    """
    tiers = _tiers(model, at)
    if tiers is None:
        return 0, 0
    tier = _tier_for(tiers, prompt_tokens(usage))
    plain = tier.total(Usage(input_tokens=prompt_tokens(usage), output_tokens=usage.output_tokens))
    alone = tier.total(usage.model_copy(update={"batch": False}))
    return plain - alone, alone - tier.total(usage)


def ceiling(ask: Ask, at: datetime) -> int | None:
    """The most that a call is taken to cost: the whole prompt written to the cache, the whole output used.

    None for a model without a known price.
    """
    tiers = _tiers(ask.model, at)
    if tiers is None:
        return None
    most = Usage(cache_write_5m_tokens=estimated_prompt_tokens(ask), output_tokens=ask.max_tokens)
    return _tier_for(tiers, prompt_tokens(most)).total(most)


def prompt_tokens(usage: Usage) -> int:
    """All tokens of the prompt, however they were billed: they decide the price tier of the whole call."""
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens


def estimated_prompt_tokens(ask: Ask) -> int:
    """More tokens than the prompt of `ask` is expected to have, from its size in bytes."""
    sent = json.dumps([ask.system, ask.messages, ask.tools, ask.output_schema])
    return len(sent) // _BYTES_PER_TOKEN + _ADDED_TOKENS


def known_models() -> list[str]:
    """The names of all models with a known price."""
    return sorted(_prices())


def _tiers(model: str, at: datetime) -> list[Tier] | None:
    # A dated snapshot ("-20251001") costs what its family costs.
    rows = _prices().get(model) or _prices().get(_DATED.sub("", model))
    valid = [tiers for since, tiers in rows or [] if since <= at.astimezone(UTC).date()]
    return valid[-1] if valid else None


def _tier_for(tiers: list[Tier], prompt: int) -> Tier:
    return next(tier for tier in tiers if tier.up_to_prompt_tokens is None or prompt <= tier.up_to_prompt_tokens)


@cache
def _prices() -> dict[str, list[tuple[date, list[Tier]]]]:
    models: dict[str, list[dict[str, Any]]] = json.loads(PRICES.read_text(encoding="utf-8"))["models"]
    return {
        model: sorted(
            ((_since(row), [_tier(tier) for tier in row["tiers"]]) for row in rows), key=lambda row: row[0]
        )
        for model, rows in models.items()
    }


def _since(row: dict[str, Any]) -> date:
    return date.fromisoformat(row["effective_from"]) if row["effective_from"] else date.min


def _tier(row: dict[str, Any]) -> Tier:
    prices = {name: int(Decimal(price) * _SCALE) for name, price in row.items() if name != "up_to_prompt_tokens"}
    return Tier(up_to_prompt_tokens=row["up_to_prompt_tokens"], **prices)
