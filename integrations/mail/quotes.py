"""The answer in a mail without the mail that it answers.

Read line by line, so that its time grows with the text alone: these are strangers' words.
"""

import re

# A line that says who wrote what is quoted below it, in the languages of the mail programs seen most.
_SAID = re.compile(
    r"[ \t>]*(?:on|am|le|el|il|op|den|em)\b.{4,400}"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev|escreveu).{0,200}[:\uff1a]\s*",
    re.IGNORECASE,
)
_SAID_BEGINS = re.compile(r"[ \t>]*(?:on|am|le|el|il|op|den|em)\b.{4,200}", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|"
    r"messaggio originale|oorspronkelijk bericht)\s*-{2,}|_{20,})\s*",
    re.IGNORECASE,
)
# The head of a quoted mail: its first line, and one that follows soon after it.
_HEAD_FROM = re.compile(r"[ \t>*]*(?:from|von|de|da|van)\s?:\*?\s*\S.*", re.IGNORECASE)
_HEAD_MORE = re.compile(
    r"[ \t>*]*(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto|inviato|"
    r"oggetto|verzonden|aan|onderwerp)\s?:",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"\s*(?:fwd?|wg|tr|rv|i|doorst)\s*:", re.IGNORECASE)
_MAX_LINE = 1_000


def is_forwarded(subject: str) -> bool:
    """Whether what follows below is what the mail is about, and not what it answers."""
    return bool(_FORWARDED.match(subject))


def latest(text: str) -> str:
    """What was written last. The whole text where nothing but quotes would be cut off, or nothing be left."""
    lines = text.split("\n")
    ends = _are_quotes(lines)
    end = next((number for number in range(len(lines)) if _begins_quote(lines, number, ends)), len(lines))
    kept = lines[:end]
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith(">")):
        kept.pop()
    return "\n".join(kept).strip() or text.strip()


def _begins_quote(lines: list[str], number: int, ends: list[bool]) -> bool:
    """Whether everything from this line on is the mail that is answered."""
    line = lines[number][:_MAX_LINE]
    following = [other[:_MAX_LINE] for other in lines[number + 1 : number + 6]]
    if _SEPARATOR.fullmatch(line):
        return True
    if _HEAD_FROM.fullmatch(line):
        return sum(1 for other in following if _HEAD_MORE.match(other)) >= 2
    if _SAID.fullmatch(line):
        return ends[number + 1]
    return bool(following and _is_wrapped(line, following[0]) and ends[number + 2])


def _is_wrapped(line: str, after: str) -> bool:
    """Whether the words "on … wrote:" go on in the next line."""
    return bool(_SAID_BEGINS.fullmatch(line) and after.strip() and _SAID.fullmatch(f"{line} {after}"))


def _are_quotes(lines: list[str]) -> list[bool]:
    """For each line, whether no answer stands between quotes from it on; without marks, all of it is one quote."""
    found, marked, unmarked = [True], False, False
    for line in reversed(lines):
        if line.strip():
            is_marked = line.lstrip().startswith(">")
            marked, unmarked = marked or is_marked, unmarked or not is_marked
        found.append(not (marked and unmarked))
    return found[::-1]
