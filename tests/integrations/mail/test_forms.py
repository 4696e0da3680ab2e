import pytest

from integrations.contracts import Malformed
from integrations.mail import forms
from tests.emulators.esp import multipart


def test_a_form_with_files_is_read_to_the_byte() -> None:
    content = bytes(range(256)) * 10 + b"\r\n--\r\n"
    body, kind = multipart(
        {"a": "Grüße\r\n--x", "b": ""}, {"f": ("Menü.bin", "image/png", content), "g": ("", "", b"")}
    )
    fields, files = forms.read(kind, body)
    assert fields.dict() == {"a": "Grüße\r\n--x", "b": ""}
    (file,), (nameless,) = files.getlist("f"), files.getlist("g")
    assert file.read() == content
    assert (file.name, file.content_type, nameless.name) == ("Menü.bin", "image/png", "file")


def test_a_part_may_have_a_charset_of_its_own() -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=%s\r\n\r\n'
    head += b"Gr\xfc\r\n--x--"
    for charset, read in ((b"latin-1", "Grü"), (b"nothing", "Gr\ufffd")):
        assert forms.read("multipart/form-data; boundary=x", head % charset)[0]["a"] == read


def test_pairs_are_read_and_other_types_left_alone() -> None:
    assert forms.read("application/x-www-form-urlencoded", b"a=1&a=%C3%BC")[0].getlist("a") == ["1", "ü"]
    assert not forms.read("application/json", b"{}")[0]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n--x--'),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 2_000 + b"--x--"),
        ("application/x-www-form-urlencoded", b"a=1&" * 2_000),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
    ],
)
def test_what_is_no_whole_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(Malformed):
        forms.read(kind, body)
