"""Feeds, sitemaps and PDFs as text."""

import io

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from agents.contracts import ToolError
from agents.tools.formats import pdf_text, xml_text

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Oven news</title>
<entry><title>Uno &amp; Due</title><link href="https://a.example/uno"/><updated>2026-11-02T08:00:00Z</updated>
<summary type="html">&lt;p&gt;Heats in &lt;b&gt;12&lt;/b&gt; minutes.&lt;/p&gt;
&lt;script&gt;x()&lt;/script&gt;</summary></entry></feed>"""


def a_pdf(*texts: str, password: str = "") -> bytes:
    writer = PdfWriter()
    for text in texts:
        page = writer.add_blank_page(300, 300)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    writer.add_metadata({"/Title": "Ovens of 2026"})
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_feed_is_its_entries_without_their_markup() -> None:
    title, text, links = xml_text(ATOM.encode())
    assert title == "Oven news"
    assert links == ["https://a.example/uno"]
    assert text.splitlines()[:3] == ["Uno & Due", "2026-11-02T08:00:00Z", "https://a.example/uno"]
    assert "Heats in 12 minutes." in text
    assert "x()" not in text


def test_a_sitemap_is_its_addresses() -> None:
    body = b"<?xml version='1.0'?><urlset><url><loc> https://a.example/?a=1&amp;b=2 </loc></url></urlset>"
    assert xml_text(body) == ("Sitemap", "https://a.example/?a=1&b=2", ["https://a.example/?a=1&b=2"])


def test_entities_of_a_documents_own_are_not_blown_up() -> None:
    bomb = "<!ENTITY a '" + "x" * 1000 + "'>" + "".join(f"<!ENTITY b{n} '&a;&a;&a;&a;'>" for n in range(50))
    body = f"<!DOCTYPE rss [{bomb}]><rss version='2.0'><channel><title>&b1;</title></channel></rss>"
    _, text, _ = xml_text(body.encode())
    assert len(text) < 100


@pytest.mark.parametrize("body", [b"<order/>", b"", b"<rss", b"\x00\xff"])
def test_other_xml_is_refused(body: bytes) -> None:
    with pytest.raises(ToolError, match="neither a feed nor a sitemap"):
        xml_text(body)


def test_a_pdf_is_read_page_by_page() -> None:
    assert pdf_text(a_pdf("The Uno heats in 12 minutes.", "The Due is slow.")) == (
        "",
        "The Uno heats in 12 minutes.\n\nThe Due is slow.",
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (a_pdf(""), "without text"),
        (a_pdf("secret", password="word"), "password"),
        (b"%PDF-1.7", "broken"),
        (a_pdf("half")[:200], "broken"),
    ],
    ids=["a scan", "locked", "empty", "cut"],
)
def test_a_pdf_that_cannot_be_read_is_said(body: bytes, reason: str) -> None:
    with pytest.raises(ToolError, match=reason):
        pdf_text(body)
