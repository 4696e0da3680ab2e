"""What agents wrote, as Notion's Markdown: a closed list of blocks, so that a page fetches nothing, calls nobody.

https://developers.notion.com/guides/data-apis/enhanced-markdown
No image, no embed, no mention, no tag of theirs: whatever is not on the list comes out as text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_SPECIAL = re.compile(r"([\\*~`$\[\]<>{}|^])")
# What would begin a block at the start of a line.
_OPENING = re.compile(r"^(\s*)([#+\-=]|\d+(?=[.)]))")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,20}")
_SCHEMES = {"http", "https", "mailto"}
_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_DEEPEST_HEADING = 4
# Joins emoji, and is seen as nothing else.
_JOINER = "\u200d"


def blocks(text: str) -> list[str]:
    """The blocks of the page, in order, each whole."""
    root = SyntaxTreeNode(_MARKDOWN.parse(visible(text)))
    return ["\n".join(_block(node)) for node in root.children]


def title(text: str) -> tuple[str, str]:
    """The first heading as plain text, and the text without it; no heading gives an empty title."""
    lines = text.lstrip().splitlines()
    if lines and (match := re.fullmatch(r"# +(.+?) *#*", lines[0])):
        return visible(match[1]).strip(), "\n".join(lines[1:]).strip()
    return "", text


def escaped(text: str) -> str:
    """A text that means nothing but itself."""
    plain = _SPECIAL.sub(r"\\\1", visible(text))
    return _OPENING.sub(r"\1\\\2", plain)


def literal(text: str) -> str:
    """A block that shows the text as it is, letter by letter."""
    return "\n".join(_fenced(visible(text)))


def visible(text: str) -> str:
    """The text with what cannot be seen, or turns the direction of reading, shown by its number."""
    return "".join(char if _is_visible(char) else f"(U+{ord(char):04X})" for char in text.replace("\r\n", "\n"))


def _is_visible(char: str) -> bool:
    return char in "\n\t" or char == _JOINER or unicodedata.category(char) not in {"Cc", "Cf", "Co", "Cs"}


def _block(node: SyntaxTreeNode) -> list[str]:
    """The lines of one block with what lies in it."""
    if node.type == "heading":
        return ["#" * min(int(node.tag[1]), _DEEPEST_HEADING) + " " + _inline(node.children)]
    if node.type in {"bullet_list", "ordered_list"}:
        return list(_items(node))
    if node.type == "blockquote":
        return _with_children("> ", node.children)
    if node.type in {"fence", "code_block"}:
        return _code(node)
    if node.type == "table":
        return list(_table(node))
    if node.type == "hr":
        return ["---"]
    text = _inline(node.children) if node.children else escaped(node.content)
    return [_OPENING.sub(r"\1\\\2", text)]


def _items(node: SyntaxTreeNode) -> Iterator[str]:
    first = int(str(node.attrs.get("start", 1)))
    for number, item in enumerate(node.children, start=first):
        yield from _with_children("- " if node.type == "bullet_list" else f"{number}. ", item.children)


def _with_children(mark: str, children: Sequence[SyntaxTreeNode]) -> list[str]:
    """The first paragraph behind the mark, the rest one tab deeper."""
    first, rest = "", list(children)
    if rest and rest[0].type == "paragraph":
        first = _inline(rest.pop(0).children)
    lines = [mark + first]
    for child in rest:
        lines += [f"\t{line}" for line in _block(child)]
    return lines


def _code(node: SyntaxTreeNode) -> list[str]:
    language = node.info.split()[0] if node.type == "fence" and node.info.split() else ""
    return _fenced(node.content, language if _LANGUAGE.fullmatch(language) else "")


def _fenced(text: str, language: str = "") -> list[str]:
    """Literal, within a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *text.rstrip("\n").split("\n"), fence]


def _table(node: SyntaxTreeNode) -> Iterator[str]:
    yield '<table header-row="true">'
    for part in node.children:
        for row in part.children:
            yield "\t<tr>"
            yield from (f"\t\t<td>{_inline(cell.children)}</td>" for cell in row.children)
            yield "\t</tr>"
    yield "</table>"


def _inline(nodes: Sequence[SyntaxTreeNode]) -> str:
    text = ""
    for node in nodes:
        piece = _span(node)
        # An exclamation mark before a link would make an image of it.
        text += f" {piece}" if text.endswith("!") and piece.startswith("[") else piece
    return text


def _span(node: SyntaxTreeNode) -> str:
    if node.type == "inline":
        return _inline(node.children)
    if node.type in _MARKS:
        inner = _inline(node.children)
        return f"{_MARKS[node.type]}{inner}{_MARKS[node.type]}" if inner.strip() else inner
    if node.type == "link":
        return _link(_inline(node.children), str(node.attrs.get("href", "")))
    if node.type == "image":
        # A picture tells its owner when it is looked at: only the way to it is kept.
        return _link(escaped(node.content) or "picture", str(node.attrs.get("src", "")))
    if node.type == "code_inline":
        return f"`{node.content}`" if "`" not in node.content else _in_line(node.content)
    if node.type in {"softbreak", "hardbreak"}:
        return "<br>" if node.type == "hardbreak" else " "
    return _in_line(node.content)


def _in_line(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _link(text: str, address: str) -> str:
    """A link to an absolute address; any other is left out, and its text stays."""
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme not in _SCHEMES:
        return text
    return f"[{text or _in_line(address)}]({quote(address, safe=_KEPT)})"


# All that an address may hold, without what ends a link in Markdown.
_KEPT = "%/:?#@!$&'*+,;=-._~"
