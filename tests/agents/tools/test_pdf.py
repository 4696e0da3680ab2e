"""PDFs as text, and what hostile ones can do."""

import io

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from agents.tools import pdf


def a_pdf(*pages: str, password: str = "") -> bytes:
    """A PDF with one line of Helvetica on each page."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(200, 200)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Contents")] = writer._add_object(content)
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def test_the_words_of_every_page_are_read() -> None:
    content = a_pdf("Soup of the day", "Seven euros")
    assert content.startswith(pdf.MAGIC)
    assert pdf.text_of(content) == "Soup of the day\n\nSeven euros"


def test_there_is_an_end_to_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(pdf.text_of(a_pdf(*["x" * 50_000] * 5))) <= pdf.MAX_CHARS + 10


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 and nothing more", "broken"),
        (b"", "broken"),
        (a_pdf("Secret", password="a password"), "locked"),
        (a_pdf(""), "pictures"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, said: str) -> None:
    with pytest.raises(pdf.Unreadable, match=said):
        pdf.text_of(content)


def test_whoever_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "SECONDS", 0.01)
    with pytest.raises(pdf.Unreadable, match=r"within 0\.01 seconds"):
        pdf.text_of(a_pdf("Slow"))


def test_the_reading_process_knows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONINSPECT", "1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    assert pdf.text_of(a_pdf("Read without an environment")) == "Read without an environment"
