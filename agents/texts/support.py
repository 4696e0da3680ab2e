"""Which sentences of a text have a figure or a name that nothing it rests on has: looked up word for word."""

import re
import unicodedata
from collections.abc import Iterable

from agents.contracts import Frozen

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_]|[\"'(])")
# 7, 6,000, 2.5, 14:30, 2026-03-31, 15%; not the numbers of a list or of a citation.
_FIGURE = re.compile(r"(?<![\w.])\d[\d.,:'\u2019/-]*\d|(?<![\w.])\d+(?!\w)")
_CITED = re.compile(r"\[\d+\]")
_LIST_MARK = re.compile(r"^\s*(?:#+|[-*\u2022]|\d+[.)])\s+")
# Two or more capitalised words in a row: a person, a firm, a place. One alone may be the beginning of a sentence,
# or, in German, any noun.
_NAME = re.compile(r"\b[^\W\d_a-z][\w'\u2019-]+(?: [^\W\d_a-z][\w'\u2019-]+)+")
# Words that begin a sentence and no name.
_SMALL = re.compile(
    r"^(?:The|An?|Our|Your|This|These|In|On|At|For|With|From|Der|Die|Das|Den|Dem|Des|Eine?[nmrs]?|Unsere?[nmrs]?|Ihre?[nmrs]?"
    r"|Im|Am|Zum|Zur|Mit|Von|Bei|Le|La|Les|Une?|Notre|Nos|Votre|Vos|El|Los|Las|Una|Il|Lo|Gli|Con|Da|De|Di|Nel|Per) "
)
_OPEN = re.compile(r"\[to be confirmed[^\]]*\]", re.IGNORECASE)


class Unsupported(Frozen):
    """One sentence, and what in it stands nowhere else."""

    sentence: str
    words: list[str]


def unsupported(text: str, grounds: Iterable[str]) -> list[Unsupported]:
    """The sentences of `text` with figures or names that none of the grounds has; open places do not count."""
    ground = "\n".join(grounds)
    figures = {_plain_figure(found) for found in _FIGURE.findall(ground)}
    names = _plain(ground)
    found = []
    for sentence in (part for line in text.splitlines() for part in _SENTENCE.split(_LIST_MARK.sub("", line))):
        said = _OPEN.sub("", _CITED.sub("", sentence))
        missing = [figure for figure in _FIGURE.findall(said) if _plain_figure(figure) not in figures]
        missing += [name for name in _names(said) if not _stands_in(name, names)]
        if missing:
            line = " ".join(sentence.split())
            found.append(Unsupported(sentence=line, words=list(dict.fromkeys(missing))))
    return found


def _names(sentence: str) -> list[str]:
    """A heading's or a label's capitals are no names: only what stands in a sentence counts."""
    if not re.search(r"[.!?:]\W*$", sentence):
        return []
    found = [re.sub(_SMALL, "", name) for name in _NAME.findall(sentence)]
    return [name for name in found if " " in name]


def _stands_in(name: str, names: str) -> bool:
    """The first word of a sentence may not belong to the name: "Ask Anna Keller"."""
    plain = _plain(name)
    rest = plain.partition(" ")[2]
    return plain in names or (" " in rest and rest in names)


def _plain_figure(figure: str) -> str:
    """6,000 and 6'000 and 6000 are one figure; a decimal comma is a decimal point."""
    bare = re.sub(r"[,.'\u2019](?=\d{3}(?:\D|$))", "", figure).rstrip(".,:-/")
    return bare.replace(",", ".")


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.findall(r"\w+", letters))
