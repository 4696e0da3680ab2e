import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from agents.contracts import Ask, Usage
from agents.llm import pricing

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "usage", "expected"),
    [
        ("claude-opus-5-5", Usage(input_tokens=1), 4),
        ("claude-opus-5-5", Usage(output_tokens=1), 20),
        ("claude-opus-5-5", Usage(cache_write_5m_tokens=1), 5),
        ("claude-opus-5-5", Usage(cache_write_1h_tokens=1), 8),
        ("claude-opus-5-5", Usage(cache_read_tokens=10), 2),
        ("claude-opus-5-5", Usage(cache_read_tokens=1), 1),  # 0.2, rounded up
        ("claude-opus-5-5", Usage(), 0),
        (
            "claude-sonnet-5-5",
            Usage(input_tokens=1_000, output_tokens=500, cache_read_tokens=15),
            2_000 + 5_000 + 2,
        ),
        ("claude-haiku-5-5", Usage(input_tokens=100_000), 10_000),
        ("claude-haiku-5-5", Usage(input_tokens=100_001), 50_001),  # the whole request at the higher price
        ("claude-haiku-5-5", Usage(input_tokens=1, cache_read_tokens=100_000), 5_001),
        ("claude-haiku-5-5", Usage(cache_write_5m_tokens=8), 1),  # exactly 8 * 0.125
        ("claude-haiku-5-5", Usage(cache_write_5m_tokens=9), 2),
        ("claude-haiku-4-5-20251001", Usage(input_tokens=7, output_tokens=2), 17),
        ("rehearsal", Usage(input_tokens=MILLION, output_tokens=MILLION), 0),
    ],
)
def test_costs_are_exact_to_the_micro_dollar(model: str, usage: Usage, expected: int) -> None:
    assert pricing.cost(model, usage, NOW) == expected


def test_each_search_costs_a_cent_in_a_batch_too() -> None:
    searched = Usage(input_tokens=1_000, web_searches=3)
    assert pricing.cost("claude-sonnet-5-5", searched, NOW) == 2_000 + 30_000
    assert pricing.cost("claude-sonnet-5-5", searched.model_copy(update={"batch": True}), NOW) == 1_000 + 30_000
    assert pricing.cost("rehearsal", Usage(), NOW) == 0
    assert pricing.saved("claude-sonnet-5-5", searched, NOW) == (0, 0)


def test_the_ceiling_holds_for_all_searches_and_what_they_bring_into_the_prompt() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 4}
    page = {"type": "web_fetch_20250910", "name": "web_fetch", "max_uses": 2, "max_content_tokens": 10_000}
    plain, searching = _ask("claude-sonnet-5-5"), _ask("claude-sonnet-5-5")
    searching = searching.model_copy(update={"tools": [search, page]})
    low, high = pricing.ceiling(plain, NOW), pricing.ceiling(searching, NOW)
    assert low is not None
    assert high is not None
    brought = Usage(cache_write_5m_tokens=4 * 10_000 + 2 * 10_000, web_searches=4)
    worst = pricing.cost("claude-sonnet-5-5", brought, NOW)
    assert worst is not None
    assert high >= low + worst


def test_a_price_counts_from_its_date_in_utc() -> None:
    reads = Usage(cache_read_tokens=MILLION)
    change = datetime(2026, 10, 7, tzinfo=UTC)
    assert pricing.cost("claude-sonnet-5-5", reads, change - timedelta(seconds=1)) == 200_000
    assert pricing.cost("claude-sonnet-5-5", reads, change) == 100_000
    elsewhere = datetime(2026, 10, 7, 1, tzinfo=timezone(timedelta(hours=2)))
    assert pricing.cost("claude-sonnet-5-5", reads, elsewhere) == 200_000


@pytest.mark.parametrize("model", ["claude-mythos-preview", "gpt-oss", "", "claude-opus-5-5-mini", "unknown"])
def test_an_unknown_model_has_an_unknown_cost_and_never_none_at_all(model: str) -> None:
    assert pricing.cost(model, Usage(input_tokens=5), NOW) is None
    assert pricing.ceiling(_ask(model), NOW) is None


def test_the_ceiling_holds_for_a_prompt_written_to_the_cache_and_an_answer_at_its_longest() -> None:
    ask = _ask("claude-opus-5-5", text="word " * 4_000)
    ceiling = pricing.ceiling(ask, NOW)
    worst = Usage(cache_write_5m_tokens=len("word " * 4_000) // 3, output_tokens=ask.max_tokens)
    assert ceiling is not None
    assert ceiling >= (pricing.cost("claude-opus-5-5", worst, NOW) or 0) > 0


def test_the_ceiling_grows_with_everything_that_is_sent() -> None:
    asks = [
        _ask("claude-sonnet-5-5"),
        _ask("claude-sonnet-5-5", text="x" * 100),
        _ask("claude-sonnet-5-5", text="日" * 100),  # other scripts have more tokens a character
        _ask("claude-sonnet-5-5", text="日" * 100, max_tokens=2_000),
    ]
    ceilings = [pricing.ceiling(ask, NOW) or 0 for ask in asks]
    assert all(low < high for low, high in pairwise(ceilings))


def test_the_ceiling_of_a_large_prompt_is_of_the_dear_tier() -> None:
    small, large = (pricing.ceiling(_ask("claude-haiku-5-5", text="x" * size), NOW) for size in (150_000, 250_000))
    assert small is not None
    assert large is not None
    assert large > 5 * small


def test_every_row_of_the_data_is_complete() -> None:
    for model in pricing.known_models():
        assert pricing.cost(model, Usage(input_tokens=3 * MILLION), NOW) is not None
    for rows in json.loads(pricing.PRICES.read_text())["models"].values():
        for row in rows:
            assert row["tiers"][-1]["up_to_prompt_tokens"] is None


def _ask(model: str, text: str = "Hello", max_tokens: int = 1_000) -> Ask:
    messages = [{"role": "user", "content": text}]
    return Ask(agent="a", model=model, system="s", messages=messages, max_tokens=max_tokens)


def test_a_batch_costs_half_and_says_what_it_saved() -> None:
    usage = Usage(input_tokens=1_000, cache_read_tokens=2_000, output_tokens=100)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    alone = pricing.cost("claude-opus-5-5", usage, at)
    half = usage.model_copy(update={"batch": True})
    assert alone == 1_000 * 4 + 400 + 100 * 20
    assert pricing.cost("claude-opus-5-5", half, at) == alone // 2
    assert pricing.saved("claude-opus-5-5", half, at) == (2_000 * 4 - 400, alone // 2)
    assert pricing.saved("claude-opus-5-5", Usage(cache_write_5m_tokens=100), at) == (-100, 0)
    assert pricing.saved("nobodys", usage, at) == (0, 0)
