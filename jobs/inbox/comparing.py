"""What changed between two versions of a text, as a person reads it: whole sentences first, words only inside them.

Compared is the text as shown, not its Markdown: a table whose mark-up moved has not changed for its reader.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import nh3

from jobs.inbox.rendering import to_html

SAME, ADDED, REMOVED = "same", "added", "removed"
# Longer texts are set side by side as wholes: comparing each sentence with each would take too long.
MAX_SENTENCES = 600
# Sentences that share less are two sentences, not one that was changed.
_ALIKE = 0.5
_SENTENCE = re.compile(r"[^\n.!?…]*[.!?…]+[\"'”\u2019)\]]*[ \t]*|[^\n.!?…]+|\n")
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A run of text that stayed, came or went."""

    kind: str
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """The pieces of both versions in reading order; joined without what was removed they are the new text."""
    old, new = _units(before), _units(after)
    if len(old) + len(new) > MAX_SENTENCES:
        return list(_merged([Piece(REMOVED, "".join(old)), Piece(ADDED, "".join(new))]))
    return list(_merged(_sentences(old, new)))


def _units(markdown: str) -> list[str]:
    """The sentences of the text as shown; a new line is a unit of its own."""
    shown = html.unescape(nh3.clean(to_html(markdown), tags=set())).strip()
    return _SENTENCE.findall(shown)


def _sentences(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Piece(SAME, unit) for unit in after[c:d])
        else:
            yield from _replaced(before[a:b], after[c:d])


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    """Sentences in place of others: each is set beside the one it came of, if there is one, in their order."""
    done = 0
    for new in after:
        place = _source(new, before, done)
        if place is None:
            yield Piece(ADDED, new)
            continue
        yield from (Piece(REMOVED, old) for old in before[done:place])
        yield from _words(before[place], new)
        done = place + 1
    yield from (Piece(REMOVED, old) for old in before[done:])


def _source(new: str, before: Sequence[str], begin: int) -> int | None:
    likeness = {place: _likeness(before[place], new) for place in range(begin, len(before))}
    best = max(likeness, key=lambda place: likeness[place], default=None)
    return best if best is not None and likeness[best] >= _ALIKE else None


def _likeness(old: str, new: str) -> float:
    """How much of two sentences is the same words, 0 to 1; of a mere line break nothing is."""
    before, after = (re.findall(r"\w+", text.casefold()) for text in (old, new))
    return SequenceMatcher(None, before, after, autojunk=False).ratio() if before and after else float(old == new)


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    for tag, a, b, c, d in _joined(SequenceMatcher(None, before, after, autojunk=False).get_opcodes(), before):
        if tag == "equal":
            yield Piece(SAME, "".join(after[c:d]))
            continue
        yield Piece(REMOVED, "".join(before[a:b]))
        yield Piece(ADDED, "".join(after[c:d]))


_Opcode = tuple[str, int, int, int, int]


def _joined(opcodes: Iterable[_Opcode], before: Sequence[str]) -> list[_Opcode]:
    """Changes with nothing but white space between them as one: "a two lot details" is no reading."""
    found: list[_Opcode] = []
    for code in opcodes:
        tag, a, b, c, d = code
        if tag == "equal" and not "".join(before[a:b]).strip() and found and found[-1][0] != "equal":
            tag = "gap"
        if found and found[-1][0] not in {"equal"} and tag != "equal":
            _, a0, _, c0, _ = found.pop()
            found.append(("replace" if tag != "gap" else "gap", a0, b, c0, d))
        else:
            found.append((tag, a, b, c, d))
    return [("replace" if tag == "gap" else tag, a, b, c, d) for tag, a, b, c, d in found]


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind as one, empty ones left out."""
    last: Piece | None = None
    for piece in pieces:
        if not piece.text:
            continue
        if last and last.kind == piece.kind:
            last = Piece(last.kind, last.text + piece.text)
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last
