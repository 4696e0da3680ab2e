"""What changed is read by sentences; joined, the pieces give both versions back."""

import html
from itertools import pairwise

import nh3
import pytest

from jobs.inbox.comparing import ADDED, REMOVED, SAME, Piece, compare
from jobs.inbox.rendering import to_html


def kept(pieces: list[Piece], *kinds: str) -> str:
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


def shown(markdown: str) -> str:
    return html.unescape(nh3.clean(to_html(markdown), tags=set())).strip()


def test_a_sentence_that_came_is_whole_and_the_others_stay() -> None:
    pieces = compare("We open at 5. See you.", "We open at 5. The terrace is heated. See you.")
    assert [piece.kind for piece in pieces] == [SAME, ADDED, SAME]
    assert kept(pieces, ADDED).strip() == "The terrace is heated."


def test_inside_a_sentence_only_the_words_change() -> None:
    pieces = compare("We open on Tuesday at 7 in the evening.", "We open on Friday at 7 in the evening.")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        (SAME, "We open on "),
        (REMOVED, "Tuesday"),
        (ADDED, "Friday"),
        (SAME, " at 7 in the evening."),
    ]


def test_another_sentence_is_not_read_word_by_word() -> None:
    pieces = compare("Hope you are doing great!! Thanks a lot.", "The booking button stays visible on phones.")
    assert [piece.kind for piece in pieces] == [ADDED, REMOVED]
    assert kept(pieces, ADDED) == "The booking button stays visible on phones."


def test_neighbouring_words_change_together() -> None:
    pieces = compare(
        "It went live with a lot of amazing things in the new menu.",
        "It went live with two details changed in the new menu.",
    )
    assert len([piece for piece in pieces if piece.kind == ADDED]) == 1
    assert kept(pieces, REMOVED).split() == ["a", "lot", "of", "amazing", "things"]


def test_mark_up_alone_is_no_change() -> None:
    table = "| Page | Now |\n|---|---|\n| Home | 1.1 s |\n"
    wider = "| Page   | Now    |\n|:-------|-------:|\n| Home   | 1.1 s  |\n"
    assert {piece.kind for piece in compare(table, wider)} == {SAME}
    assert {piece.kind for piece in compare("A **bold** word.", "A bold word.")} == {SAME}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("", "New."),
        ("Old.", ""),
        ("One.\n\nTwo!\n\n- a\n- b", "Two!\n\n- b\n- c\n\nThree?"),
        ("x" * 5000, "y" * 5000),
        ("Many. " * 900, "More. " * 900),
        ("<script>alert(1)</script> **a**", "a & b < c"),
        ("Ein Satz. Noch einer… “Zitat.” Ende", "Ein anderer Satz. “Zitat.” Ende!"),
    ],
)
def test_the_pieces_give_both_versions_back(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert kept(pieces, SAME, ADDED) == shown(after)
    # What stayed is shown once, as it is now: the old text differs from it in white space at the most.
    assert "".join(kept(pieces, SAME, REMOVED).split()) == "".join(shown(before).split())
    assert all(piece.text for piece in pieces)
    assert all(one.kind != other.kind for one, other in pairwise(pieces))
