"""What is at stake in an item, in two words and as a weight."""

import pytest

from jobs.stakes import HOLDS_UP, NOTHING, STANDS_OUT, label, sums, weight


@pytest.mark.parametrize(
    ("kind", "output", "said"),
    [
        ("merge", {"tests": "fail", "files": ["shop/vat.py"]}, "Tests fail"),
        ("merge", {"tests": "pass", "files": ["shop/vat.py", "go.mod"]}, "Touches money"),
        ("merge", {"tests": "pass", "files": ["README.md"], "added": 300, "removed": 101}, "Long"),
        ("merge", {"tests": "pass", "files": ["README.md"], "added": 3}, ""),
        ("merge", None, ""),
        ("message", {"body": "November comes to 1,480 €."}, "Names a sum"),
        ("message", {"subject": "Offer: $700", "body": "Hello"}, "Names a sum"),
        ("message", {"body": "Order 48213, 99.97 %, on 7 December"}, ""),
        ("question", {"body": "$700"}, ""),
    ],
)
def test_a_row_says_in_two_words_what_is_at_stake(kind: str, output: object, said: str) -> None:
    assert label(kind, output, {}) == said
    assert weight(kind, output, {}, holds_up=False) == (STANDS_OUT if said else NOTHING)


def test_a_row_warns_of_what_may_have_arrived() -> None:
    assert label("failure", None, {"unknown": True}) == "May have arrived already"
    assert label("failure", None, {}) == ""


def test_what_others_wait_for_weighs_more_than_what_stands_out() -> None:
    assert weight("failure", None, {"unknown": True}, holds_up=True) == HOLDS_UP > STANDS_OUT > NOTHING


def test_the_sums_of_a_text_are_found_in_either_style() -> None:
    text = "Part 1: 7,400 €, part 2: $1'250.50, then 30 CHF. In all 7,400 €; 12 weeks, 3 EURO pallets."
    assert sums(text) == ["7,400 €", "$1'250.50", "30 CHF"]
