import pytest

from agents.contracts import ToolError
from agents.tools.extract import page_text

ARTICLE = "<html><head><title> A\n title </title></head><body><p>Grüße aus der Küche, heute.</p></body></html>"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", None])
def test_a_page_is_reduced_to_its_title_and_text(charset: str | None) -> None:
    assert page_text(ARTICLE.encode(charset or "utf-8"), "text/html", charset) == (
        "A title",
        "Grüße aus der Küche, heute.",
    )


def test_scripts_and_styles_are_not_text() -> None:
    page = b"<html><body><style>p{}</style><p>The oven is hot today.</p><script>steal()</script></body></html>"
    _, text = page_text(page, "text/html", None)
    assert text == "The oven is hot today."


def test_tables_keep_their_cells() -> None:
    page = (
        b"<html><body><p>Prices of this year:</p><table><tr><td>Uno</td><td>1,890</td></tr></table></body></html>"
    )
    _, text = page_text(page, "text/html", None)
    assert "Uno" in text
    assert "1,890" in text


def test_plain_formats_come_as_they_are() -> None:
    assert page_text(b"\xef\xbb\xbf# Head\n\n- a\x00b", "text/markdown", None) == ("", "# Head\n\n- ab")


@pytest.mark.parametrize("charset", ["no-such-charset", "zlib", "idna"])
def test_an_unusable_charset_is_read_as_utf8(charset: str) -> None:
    assert page_text("Größe".encode(), "text/plain", charset) == ("", "Größe")


@pytest.mark.parametrize(
    "body", [b"", b"<", b"\x00\x00", b"<div>" * 20_000, b"<html><body></body></html>", b"\xff\xfe\xfa" * 99]
)
def test_nothing_to_read_is_said(body: bytes) -> None:
    with pytest.raises(ToolError):
        page_text(body, "text/html", None)
