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
# What the server's own tools read is in the prompt, too: a search's results, and a page where no limit is set.
_SEARCH_TOKENS = 12_000
_PAGE_TOKENS = 20_000
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
    if tiers is None:
        return None
    return _tier_for(tiers, prompt_tokens(usage)).total(usage) + _of_searches(usage.web_searches, at)


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

    Where the server may search the web, with all searches made. None for a model without a known price.
    """
    searches = sum(tool.get("max_uses", 0) for tool in ask.tools if tool["name"] == "web_search")
    most = Usage(
        cache_write_5m_tokens=estimated_prompt_tokens(ask), output_tokens=ask.max_tokens, web_searches=searches
    )
    return cost(ask.model, most, at)


def prompt_tokens(usage: Usage) -> int:
    """All tokens of the prompt, however they were billed: they decide the price tier of the whole call."""
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens


def estimated_prompt_tokens(ask: Ask) -> int:
    """More tokens than the prompt of `ask` is expected to have, from its size in bytes."""
    sent = json.dumps([ask.system, ask.messages, ask.tools, ask.output_schema])
    return len(sent) // _BYTES_PER_TOKEN + _ADDED_TOKENS + sum(map(_brought_tokens, ask.tools))


def _brought_tokens(tool: dict[str, Any]) -> int:
    """What a tool that the server runs itself may bring into the prompt; nothing for one of ours."""
    each = {"web_search": _SEARCH_TOKENS, "web_fetch": tool.get("max_content_tokens", _PAGE_TOKENS)}
    return int(each[tool["name"]] * tool.get("max_uses", 1)) if "type" in tool else 0


def _of_searches(number: int, at: datetime) -> int:
    """Micro-USD for searches that the server made, in a batch too; rounded up.

    https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool#usage-and-pricing
    """
    valid = [price for since, price in _search_prices() if since <= at.astimezone(UTC).date()]
    return -(-number * valid[-1] // 1_000)


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


@cache
def _search_prices() -> list[tuple[date, int]]:
    """Micro-USD for a thousand searches, each from its date on."""
    rows: list[dict[str, Any]] = json.loads(PRICES.read_text(encoding="utf-8"))["web_searches"]
    return sorted((_since(row), int(Decimal(row["usd_per_thousand"]) * 1_000_000)) for row in rows)


def _since(row: dict[str, Any]) -> date:
    return date.fromisoformat(row["effective_from"]) if row["effective_from"] else date.min


def _tier(row: dict[str, Any]) -> Tier:
    prices = {name: int(Decimal(price) * _SCALE) for name, price in row.items() if name != "up_to_prompt_tokens"}
    return Tier(up_to_prompt_tokens=row["up_to_prompt_tokens"], **prices)
