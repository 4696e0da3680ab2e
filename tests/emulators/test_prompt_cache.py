from typing import Any

from tests.emulators.prompt_cache import PromptCache

MARK = {"type": "ephemeral"}


def body(*texts: str, system: str = "You write.", **changes: Any) -> dict[str, Any]:
    messages = [
        {"role": "assistant" if number % 2 else "user", "content": text} for number, text in enumerate(texts)
    ]
    marked = [{"type": "text", "text": system, "cache_control": MARK}]
    return {"model": "m", "system": marked, "messages": messages, **changes}


def read(usage: dict[str, Any]) -> tuple[int, int, int]:
    return usage["input_tokens"], usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]


def test_a_marked_prefix_is_written_once_and_read_then() -> None:
    cache = PromptCache()
    new, written, known = read(cache.account(body("One")))
    assert (written > 0, known) == (True, 0)
    assert read(cache.account(body("Two"))) == (new, 0, written)
    assert read(cache.account(body("Two", system="You edit.")))[2] == 0


def test_a_breakpoint_that_moves_along_reads_all_turns_before() -> None:
    cache = PromptCache()
    _, first, _ = read(cache.account(body("One", cache_control=MARK)))
    new, written, known = read(cache.account(body("One", "Yes", "And?", cache_control=MARK)))
    assert (new, known) == (0, first)
    assert written > 0


def test_what_changes_earlier_text_reads_nothing_behind_it() -> None:
    cache = PromptCache()
    cache.account(body("One", "Yes", "And?", cache_control=MARK))
    system = read(cache.account(body("Other", "Yes", "And?", cache_control=MARK)))[2]
    assert system == read(cache.account(body("Third")))[2]


def test_a_short_prefix_is_not_cached() -> None:
    cache = PromptCache(least=1_000)
    assert read(cache.account(body("One")))[1:] == (0, 0)
    assert read(cache.account(body("x" * 5_000, cache_control=MARK)))[1] > 1_000


def test_a_write_of_an_hour_is_told_apart() -> None:
    hour = {"type": "ephemeral", "ttl": "1h"}
    usage = PromptCache().account(body("One", cache_control=hour))
    assert usage["cache_creation"]["ephemeral_1h_input_tokens"] == usage["cache_creation_input_tokens"] > 0
