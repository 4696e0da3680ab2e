"""Figures and names that stand nowhere."""

import pytest

from agents.texts.support import unsupported

GROUND = [
    "The survey costs EUR 6,000 and takes 2.5 hours; call Ines Vogt of Café Morgenrot before 2026-03-31.",
    "1'200 chairs, 15% off, open at 7:30",
]


@pytest.mark.parametrize(
    "text",
    [
        "It costs EUR 6000.",
        "It costs 6'000 euros, 2,5 hours of work.",
        "Ines Vogt knows; so does Cafe Morgenrot.",
        "It ends on 2026-03-31. There are 1200 chairs, 15 % off, at 7:30.",
        "1. First\n2. Second",
        "The plan is good [1][2].",
        "It opens on [to be confirmed: 9 May or 10 May].",
        "# Our New Shop",
        "Nothing to look up here.",
        "Die Rechnung kommt. Unsere Stühle sind neu. Ask Ines Vogt.",
    ],
)
def test_what_was_given_is_supported_however_it_is_written(text: str) -> None:
    assert unsupported(text, GROUND) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It costs EUR 6,500.", ["6,500"]),
        ("It takes 3 hours and costs EUR 6,000.", ["3"]),
        ("Ask for Jonas Frei.", ["Jonas Frei"]),
        ("Anna Keller says so.", ["Anna Keller"]),
        ("Since 1998 we bake with 40 % rye.", ["1998", "40"]),
    ],
)
def test_what_nobody_said_is_named_with_its_sentence(text: str, words: list[str]) -> None:
    (loose,) = unsupported(f"All is well. {text}", GROUND)
    assert (loose.sentence, loose.words) == (text, words)


def test_every_sentence_is_looked_at_by_itself() -> None:
    found = unsupported("It costs 1 euro. It costs 6,000 euros. It costs 2 euros.\n- And 3.", GROUND)
    assert [loose.words for loose in found] == [["1"], ["2"], ["3"]]
