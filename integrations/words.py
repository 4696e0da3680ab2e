"""The words that people read, in the language of the house.

What is kept, or sent to its owner, is written while nobody looks: in the language of NIGHTDESK_LANGUAGE. Talking is
plain Python and knows no language; whoever starts it says how words are translated (`speak_by`).
"""

from collections.abc import Callable, Iterable

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


def either(names: Iterable[str]) -> str:
    """One of these: a or b."""
    glue = _("or")
    return f" {glue} ".join(names)


# What a person is asked to decide.
KINDS = {
    "message": gettext_noop("Client message"),
    "merge": gettext_noop("Pull request"),
    "question": gettext_noop("Question"),
    "failure": gettext_noop("Failure"),
    "alarm": gettext_noop("Alarm"),
}
