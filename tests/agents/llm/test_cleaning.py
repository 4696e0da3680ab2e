import json
import math

from agents.llm.cleaning import cleaned


def test_what_no_database_takes_is_gone_at_any_depth() -> None:
    value = {"a\x00": ["b\x00c", {"d": "\ud83d"}], "n": math.nan, "i": [math.inf, 1.5]}
    assert cleaned(value) == {"a": ["bc", {"d": "?"}], "n": None, "i": [None, 1.5]}


def test_everything_else_stays_as_it_is() -> None:
    value = {"text": "Grüße 🐝\t\n", "list": [1, True, None, 2.5], "empty": {}}
    assert cleaned(value) == value
    json.dumps(cleaned(value), ensure_ascii=False).encode()
