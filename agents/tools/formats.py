"""Feeds, sitemaps and PDFs as text that a model can read and quote, and the addresses that they list."""

import io
import re
from collections.abc import Iterable
from html import unescape

import feedparser

from agents.contracts import ToolError
from agents.tools import pdf

FEEDS = ("application/rss+xml", "application/atom+xml", "application/xml", "text/xml")
PDF = "application/pdf"
_MOST_ENTRIES = 100
_MOST_LOCATIONS = 500
_LOCATION = re.compile(rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]+)", re.IGNORECASE)
_SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def xml_text(body: bytes) -> tuple[str, str, list[str]]:
    """(title, text, addresses) of a feed or a sitemap; raises ToolError for any other XML.

    A sitemap is searched and not parsed, and feedparser resolves no entities of a document's own: neither can be
    blown up. https://www.sitemaps.org/protocol.html, https://feedparser.readthedocs.io/en/latest/
    """
    if _SITEMAP.search(body[:2_000]):
        found = [unescape(place.decode("utf-8", "replace")) for place in _LOCATION.findall(body)[:_MOST_LOCATIONS]]
        return "Sitemap", "\n".join(found), found
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=True, resolve_relative_uris=False)
    if not feed.get("version"):
        raise ToolError("This XML is neither a feed nor a sitemap, so it cannot be read. Use another source.")
    entries = feed.entries[:_MOST_ENTRIES]
    links = [str(entry.link) for entry in entries if entry.get("link")]
    return _plain(feed.feed.get("title", "")), "\n\n".join(_entry(entry) for entry in entries), links


def pdf_text(body: bytes) -> tuple[str, str]:
    """(title, text) of a PDF, which is read in a process of its own; raises ToolError where there is none."""
    try:
        return "", pdf.text_of(body)
    except pdf.Unreadable as reason:
        raise ToolError(f"This PDF cannot be read: {reason}. Use another source.") from None


def _entry(entry: feedparser.FeedParserDict) -> str:
    said = entry.get("summary") or next(iter(_contents(entry)), "")
    lines = [_plain(entry.get("title", "")), entry.get("published") or entry.get("updated", "")]
    return "\n".join(line for line in [*lines, entry.get("link", ""), _plain(said)] if line)


def _contents(entry: feedparser.FeedParserDict) -> Iterable[str]:
    return (part.value for part in entry.get("content", []))


def _plain(text: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", text)).split())
