"""What strangers wrote in a mail, as texts that can be kept: headers, addresses, bodies. Nothing here fails."""

import html
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

import nh3

MAX_PARTS = 100
MAX_DEPTH = 10
MAX_HEADER = 100_000
MAX_HTML = 1_000_000
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote)\b[^>]{0,200}>", re.IGNORECASE)


def plain(text: str) -> str:
    """The text without what a database cannot keep: NUL, and bytes or surrogates that are no characters."""
    try:
        content = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        content = text.encode("utf-8", "replace")
    return content.decode("utf-8", "replace").replace("\0", "")


def headers_of(message: Message) -> list[tuple[str, str]]:
    """Every header in its order, names in lower case, values on one line and not decoded yet."""
    return [(name.lower(), " ".join(plain(str(value)[:MAX_HEADER]).split())) for name, value in message.raw_items()]


def decoded(value: str) -> str:
    """A header's value as a person reads it."""
    try:
        return plain(str(make_header(decode_header(value))))
    except (HeaderParseError, LookupError, ValueError):
        return value


def addresses(values: list[str]) -> list[tuple[str, str]]:
    """The (name, address) pairs of these headers; what is no address is left out."""
    return [(decoded(name), address) for name, address in getaddresses(values) if "@" in address.strip("@")]


def leaves(message: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that hold something, in their order. A mail inside the mail is one part."""
    inside = message.get_payload()
    if message.get_content_maintype() != "multipart" or not isinstance(inside, list):
        yield message
    elif depth < MAX_DEPTH:
        for part in inside:
            if isinstance(part, Message):
                yield from leaves(part, depth + 1)


def text_of(part: Message) -> str:
    """The part's text, line ends as they should be."""
    content = content_of(part)
    charset = str(part.get_content_charset() or "utf-8")
    try:
        text = content.decode(charset)
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    return plain(text).replace("\r\n", "\n").replace("\r", "\n")


def content_of(part: Message) -> bytes:
    """The part's bytes, its transfer encoding undone."""
    inside = part.get_payload(decode=True)
    if isinstance(inside, bytes):
        return inside
    held = part.get_payload()
    if isinstance(held, list):
        return b"\n\n".join(one.as_bytes() for one in held if isinstance(one, Message))
    return str(held or "").encode("utf-8", "replace")


def from_html(markup: str) -> str:
    """The words of an HTML page, a line for each of its blocks."""
    unseen = {"script", "style", "title"}
    words = nh3.clean(_BREAKS.sub(r"\g<0>\n", markup[:MAX_HTML]), tags=set(), clean_content_tags=unseen)
    lines = [" ".join(line.split()) for line in html.unescape(words).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
