"""What Nightdesk writes at GitHub: an agent's words, without anything that calls people or closes issues.

https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
"""

import re
from typing import Any

from integrations.bodies import one_line
from integrations.contracts import Json, OutFile, Outgoing
from integrations.github.payloads import OWN_MARK

_MAX_TITLE = 200
# Together less than the 65,536 characters that GitHub takes.
_MAX_TEXT, _MAX_POINTS, _MAX_POINT, _MAX_OUTPUT = 20_000, 30, 500, 20_000
# Between the letters of a word it is not seen, and the word is none to GitHub any more.
_UNSEEN = "\u2060"
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_CLOSING = re.compile(
    r"\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?=[:\s]\s*(?:#|GH-|[\w.-]+/[\w.-]+#|https?://))", re.I
)
_IMAGE = re.compile(r"!(?=\[)")
# HTML that loads something from elsewhere, and a comment, which only our own marks are.
_LOADS = re.compile(r"<(?=\s*/?\s*(?:img|picture|source|video|audio|svg|image)\b|!--)", re.I)
_FENCE = re.compile(r"`{3,}")


def harmless(text: str) -> str:
    """The same words to a reader: nobody is called, no issue is closed, nothing is loaded from elsewhere."""
    text = _MENTION.sub(f"@{_UNSEEN}", text.replace("\0", ""))
    text = _CLOSING.sub(lambda word: f"{word[0][:1]}{_UNSEEN}{word[0][1:]}", text)
    return _LOADS.sub("&lt;", _IMAGE.sub("", text))


def mark(key: str) -> str:
    """By this a pull request or a comment is known to be of one delivery."""
    return f"{OWN_MARK}{key} -->"


def title(outgoing: Outgoing) -> str:
    """The pull request's title: how the commit's message begins."""
    first = str(outgoing.fields.get("message", "")).strip().partition("\n")[0]
    return one_line(harmless(first or outgoing.job_title), _MAX_TITLE)


def description(outgoing: Outgoing, *, full_name: str) -> str:
    """The pull request's text: what, what to look at, what the tests said, where it comes from."""
    parts = [*_report(outgoing), _cause(outgoing.fields, full_name=full_name), _MADE_BY, mark(outgoing.key)]
    return _joined(parts)


def revision(outgoing: Outgoing, commit: str) -> str:
    """The comment that tells of one more commit."""
    return _joined([f"Revised in {commit}.", *_report(outgoing), mark(outgoing.key)])


_MADE_BY = "Made by an agent of Nightdesk. Nothing is merged before a person says so."


def _report(outgoing: Outgoing) -> list[str]:
    fields = outgoing.fields
    given = fields.get("open_points")
    points = [one_line(harmless(str(point)), _MAX_POINT) for point in given] if isinstance(given, list) else []
    look = "\n".join(["**What a reviewer should look at**", "", *(f"- {point}" for point in points[:_MAX_POINTS])])
    output = next((file for file in outgoing.files if file.kind == "test_output"), None)
    return [
        harmless(str(fields.get("explanation", "")).strip())[:_MAX_TEXT],
        look if points else "",
        _tests(output) if output else "",
    ]


def _tests(file: OutFile) -> str:
    text = file.content.decode("utf-8", errors="replace").strip()
    cut = f"[…]\n{text[-_MAX_OUTPUT:]}" if len(text) > _MAX_OUTPUT else text
    fence = "`" * max([3, *(len(found) + 1 for found in _FENCE.findall(cut))])
    said = one_line(harmless(text.rpartition("\n")[2]), 200)
    folded = f"<details><summary>Their output</summary>\n\n{fence}text\n{cut}\n{fence}\n\n</details>"
    return f"**Tests:** {said}\n\n{folded}"


def _cause(fields: Json, *, full_name: str) -> str:
    """The issue or page that asked for it: named, and not closed by it."""
    asked: Any = fields.get("asked_in")
    if not isinstance(asked, dict):
        return ""
    number, url = asked.get("number"), str(asked.get("url", ""))
    if isinstance(number, int) and str(asked.get("repository", "")).lower() == full_name.lower():
        return f"Refs #{number}"
    return f"Refs {url}" if re.fullmatch(r"https?://[^\s<>()\[\]]{4,400}", url) else ""


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part)
