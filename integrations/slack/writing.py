"""A message as its client reads it in Slack: its Markdown as rich text, in which nothing is read as a mark.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block: what calls people or shows pictures there are
elements of their own, and none of them is made here. A text element says what it says, letter by letter.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from integrations.slack.blocks import Block

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
_SCHEMES = {"http", "https", "mailto"}
_BARE = re.compile(r"https?://[^\s<>()\"']*[^\s<>()\"'.,;:!?]")
_DEEPEST = 8

Element = dict[str, Any]
Style = dict[str, bool]


def rich_text(subject: str, text: str) -> Block:
    """The subject as the first line, then the text."""
    parts = [_section([_text(subject, {"bold": True})])] if subject else []
    for node in SyntaxTreeNode(_MARKDOWN.parse(text)).children:
        # Blocks stand line below line there: an empty one keeps them apart.
        parts += [*([_section([_text("\n", {})])] if parts else []), *_block(node)]
    return {"type": "rich_text", "elements": parts}


def _block(node: SyntaxTreeNode, depth: int = 0) -> Iterator[Element]:
    if node.type in {"bullet_list", "ordered_list"}:
        yield from _list(node, depth)
    elif node.type == "blockquote":
        inside = [_inline(child) for child in node.children]
        yield {"type": "rich_text_quote", "elements": _joined(inside)}
    elif node.type in {"fence", "code_block"}:
        yield {"type": "rich_text_preformatted", "elements": [_text(node.content.rstrip("\n") or " ", {})]}
    elif node.type == "hr":
        yield _section([_text("———", {})])
    else:
        yield _section(_inline(node, {"bold": True} if node.type == "heading" else {}))


def _list(node: SyntaxTreeNode, depth: int) -> Iterator[Element]:
    """Its items, and below each the lists that lie in it, one step further in."""
    ordered, first = node.type == "ordered_list", int(str(node.attrs.get("start", 1)))
    for number, item in enumerate(node.children):
        deeper = [child for child in item.children if child.type in {"bullet_list", "ordered_list"}]
        words = [_inline(child) for child in item.children if child not in deeper]
        more = {"offset": first - 1 + number} if ordered and first - 1 + number else {}
        yield {
            "type": "rich_text_list",
            "style": "ordered" if ordered else "bullet",
            "indent": min(depth, _DEEPEST),
            "elements": [_section(_joined(words))],
            **more,
        }
        for child in deeper:
            yield from _list(child, depth + 1)


def _inline(node: SyntaxTreeNode, style: Style | None = None) -> list[Element]:
    """What stands in a line; whatever has no form there comes out as the text that it is."""
    style = style or {}
    if node.type in {"text", "html_inline", "html_block"} or (not node.children and node.type == "inline"):
        return list(_words(node.content, style))
    if node.type in {"code_inline", "fence", "code_block"}:
        return [_text(node.content.rstrip("\n"), {**style, "code": True})] if node.content.strip("\n") else []
    if node.type in {"softbreak", "hardbreak"}:
        return [_text("\n" if node.type == "hardbreak" else " ", style)]
    if node.type == "link":
        return _link(_plain(node.children), str(node.attrs.get("href", "")), style)
    if node.type == "image":
        # A picture tells its owner when it is looked at: only the way to it is kept.
        return _link(node.content or "picture", str(node.attrs.get("src", "")), style)
    marked = {**style, _STYLES[node.type]: True} if node.type in _STYLES else style
    return [element for child in node.children for element in _inline(child, marked)]


def _words(text: str, style: Style) -> Iterator[Element]:
    """Text, in which an address can be followed and is seen."""
    begins = 0
    for match in _BARE.finditer(text):
        if before := text[begins : match.start()]:
            yield _text(before, style)
        yield {"type": "link", "url": match[0], **_styled(style)}
        begins = match.end()
    if rest := text[begins:]:
        yield _text(rest, style)


def _link(text: str, address: str, style: Style) -> list[Element]:
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme not in _SCHEMES:
        return [_text(text, style)] if text else []
    named = {"text": text} if text and text != address else {}
    return [{"type": "link", "url": address, **named, **_styled(style)}]


def _plain(nodes: Sequence[SyntaxTreeNode]) -> str:
    return "".join(_plain(node.children) if node.children else node.content or " " for node in nodes)


def _joined(lines: Sequence[list[Element]]) -> list[Element]:
    """Paragraphs within one element; never empty, which is refused there."""
    joined: list[Element] = []
    for line in lines:
        joined += [*([_text("\n", {})] if joined else []), *line]
    return joined or [_text(" ", {})]


def _section(elements: list[Element]) -> Element:
    return {"type": "rich_text_section", "elements": elements or [_text(" ", {})]}


def _text(text: str, style: Style) -> Element:
    return {"type": "text", "text": text, **_styled(style)}


def _styled(style: Style) -> Element:
    return {"style": style} if style else {}
