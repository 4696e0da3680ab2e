"""What agents wrote, made fit for a page: nothing in it can run, load, or look like a part of Nightdesk.

The same Markdown rules as the mail's HTML part, so that what is read here is what the recipient reads.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, zip_longest

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "blockquote", "pre", "code", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_SCHEMES = {"http", "https", "mailto"}
# No images: a remote one tells its owner that and when it was read.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
# What of a diff comes after so many lines starts folded.
LONG_DIFF = 400


@dataclass(frozen=True)
class DiffLine:
    """One line of a diff: its number before and after, its sign and its text."""

    sign: str
    text: str
    old: int | None = None
    new: int | None = None

    @property
    def kind(self) -> str:
        """The line's class: added, removed, hunk or same."""
        return {"+": "added", "-": "removed", "@": "hunk"}.get(self.sign, "same")


@dataclass
class DiffFile:
    """One file of a diff."""

    path: str
    lines: list[DiffLine] = field(default_factory=list)
    is_folded: bool = False  # it starts so, since with it and those before it there is much to read

    @property
    def added(self) -> int:
        """How many lines came."""
        return sum(line.sign == "+" for line in self.lines)

    @property
    def removed(self) -> int:
        """How many lines went."""
        return sum(line.sign == "-" for line in self.lines)

    @property
    def sides(self) -> Iterator[tuple[DiffLine | None, DiffLine | None]]:
        """What was beside what is: what stayed stands on both sides, what went beside what came in its place."""
        for is_change, lines in groupby(self.lines, key=lambda line: line.sign in "+-"):
            block = list(lines)
            if is_change:
                yield from zip_longest(*([line for line in block if line.sign == sign] for sign in "-+"))
            else:
                yield from ((line, line) for line in block)


def to_html(text: str) -> SafeString:
    """The Markdown as HTML: a closed list of tags, links to absolute http, https and mailto addresses only."""
    clean = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_absolute,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return mark_safe(clean)  # noqa: S308 - nh3 has left nothing that is not on the lists above


def links(text: str) -> list[str]:
    """The addresses that the text leads to, in order and each once, so that they can be shown in plain."""
    return list(dict.fromkeys(re.findall(r'href="([^"]+)"', to_html(text).replace("&amp;", "&"))))


def has_hidden_characters(text: str) -> bool:
    """Whether characters that cannot be seen, or that turn the direction of reading, are in it."""
    return any(unicodedata.category(char) in {"Cf", "Co"} for char in text)


def parse_diff(patch: str) -> list[DiffFile]:
    """The files of a unified diff; text before the first file is left out. Never raises: it may be anything."""
    files: list[DiffFile] = []
    before = 0
    for path, lines in _split(patch.splitlines()):
        before += len(lines)
        files.append(DiffFile(path, list(_numbered(lines)), is_folded=before > LONG_DIFF))
    return files


def _split(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each file's path and the lines of its hunks."""
    path, hunks, inside = "", list[str](), False
    for line in [*lines, "diff --git end"]:
        if line.startswith("diff --git ") or (line.startswith("--- ") and not inside):
            if hunks:
                yield path, hunks
            if hunks or line.startswith("diff --git "):
                path, hunks = line.rpartition(" b/")[2], []
            inside = False
        elif line.startswith("+++ ") and not inside:
            new = line[4:].split("\t")[0]
            path = new.removeprefix("b/") if new != "/dev/null" else path
        elif line.startswith("@@"):
            inside = True
            hunks.append(line)
        elif inside:
            hunks.append(line)


def _numbered(lines: list[str]) -> Iterator[DiffLine]:
    old = new = 0
    for line in lines:
        if start := _HUNK.match(line):
            old, new = int(start[1]), int(start[2])
            yield DiffLine("@", line)
        elif line.startswith("+"):
            yield DiffLine("+", line[1:], new=new)
            new += 1
        elif line.startswith("-"):
            yield DiffLine("-", line[1:], old=old)
            old += 1
        elif not line.startswith("\\"):
            yield DiffLine(" ", line[1:], old=old, new=new)
            old, new = old + 1, new + 1


def _absolute(tag: str, attribute: str, value: str) -> str | None:
    """The link's address if it names one of the schemes itself; a relative one would lead into Nightdesk."""
    scheme = value.partition(":")[0].lower()
    return value if attribute != "href" or scheme in _SCHEMES else None
