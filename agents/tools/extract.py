"""From bytes of the web to text that a model can read and quote."""

import trafilatura

from agents.contracts import ToolError

HTML = ("text/html", "application/xhtml+xml")


def page_text(body: bytes, media_type: str, charset: str | None) -> tuple[str, str]:
    """(title, text) of a page; plain formats come back as they are, without a title.

    Raises ToolError when there is nothing to read.

    https://trafilatura.readthedocs.io/en/latest/usage-python.html
    """
    title, text = _article(body, charset) if media_type in HTML else ("", _decoded(body, charset))
    text = text.replace("\x00", "").strip()
    if not text:
        raise ToolError("The page has no readable text (it may need JavaScript). Use another source.")
    return title, text


def _article(body: bytes, charset: str | None) -> tuple[str, str]:
    # What the server says of the charset wins over guessing; without a word from it the page's own bytes are read.
    page = trafilatura.load_html(_decoded(body, charset) if charset else body)
    if page is None:
        return "", ""
    title = " ".join((page.findtext(".//title") or "").split())
    try:
        main = trafilatura.extract(page, include_comments=False, include_tables=True, favor_recall=True)
        return title, main or trafilatura.html2txt(page)
    except (ValueError, RecursionError):
        raise ToolError("The page is broken and cannot be read. Use another source.") from None


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        text = body.decode(charset or "utf-8", errors="replace")
    except (LookupError, UnicodeError):  # a charset that Python doesn't know, or that isn't one of text
        text = body.decode("utf-8", errors="replace")
    return text.removeprefix("\ufeff")
