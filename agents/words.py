"""The words that the owner reads, in the language of the house; what a model reads stays English.

A reason or a question is written while nobody looks: in the language of NIGHTDESK_LANGUAGE. Thinking is plain
Python and knows no language; whoever starts it says how words are translated (`speak_by`).
"""

from collections.abc import Callable

_speak: Callable[[str], str] = str


def speak_by(translate: Callable[[str], str]) -> None:
    """From now on these words are given out as this function says them."""
    global _speak
    _speak = translate


def _(text: str) -> str:
    """The text as it is read here; what stands in braces is filled in afterwards."""
    return _speak(text)


def gettext_noop(text: str) -> str:
    """The text itself, marked: it is collected for translation, and put into words where it is used."""
    return text
