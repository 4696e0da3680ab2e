from email import message_from_bytes

import pytest

from integrations.mail import texts


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ==?= and more", "Grüße and more"),
        ("=?nothing?q?abc?=", "=?nothing?q?abc?="),
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
        ("plain", "plain"),
    ],
)
def test_headers_are_read_as_a_person_does(value: str, read: str) -> None:
    assert texts.decoded(value) == read


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "a\udce4\ud800b"])
def test_what_no_database_keeps_is_left_out(text: str) -> None:
    found = texts.plain(text)
    assert found.encode()
    assert "\0" not in found


def test_raw_bytes_in_a_header_are_kept_as_far_as_they_are_text() -> None:
    message = message_from_bytes("Subject: Grüße\nX-Old: Gr\udcfc\n\n".encode("utf-8", "surrogateescape"))
    found = dict(texts.headers_of(message))
    assert found["subject"] == "Grüße"
    assert found["x-old"] == "Gr\ufffd"


def test_addresses_are_those_alone() -> None:
    values = [
        '"Lume, Marta" <marta@example.com>, undisclosed:;',
        "=?utf-8?q?J=C3=B6rg?= <jorg@example.com>, nobody",
    ]
    assert texts.addresses(values) == [("Lume, Marta", "marta@example.com"), ("Jörg", "jorg@example.com")]


@pytest.mark.parametrize(
    ("head", "body", "read"),
    [
        ("text/plain; charset=latin-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain; charset=nothing", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=us-ascii", "Grüße".encode(), "Grüße"),
        ("text/plain", b"a\r\nb\rc\0", "a\nb\nc"),
    ],
)
def test_a_text_is_read_by_its_charset_or_as_it_seems(head: str, body: bytes, read: str) -> None:
    assert texts.text_of(message_from_bytes(f"Content-Type: {head}\n\n".encode() + body)) == read


def test_html_becomes_words_and_nothing_of_its_machinery() -> None:
    page = "<html><style>p{}</style><script>x()</script><p>One &amp; two</p><p>Three<br>four</p></html>"
    assert texts.from_html(page) == "One & two\nThree\nfour"


def test_a_mail_inside_the_mail_is_one_part_and_depth_has_an_end() -> None:
    inside = b"Content-Type: message/rfc822\n\nSubject: x\n\nBody\n"
    (part,) = texts.leaves(message_from_bytes(inside))
    assert b"Body" in texts.content_of(part)
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(40))
    assert len(list(texts.leaves(message_from_bytes(nested + b"Content-Type: text/plain\n\nx\n")))) <= 1
