"""Files in a JSON body, and how much of them is taken."""

import base64
from typing import Any

import pytest

from integrations import attachments
from integrations.contracts import Malformed, TooLarge


def a_file(name: str = "menu.pdf", content: bytes = b"%PDF", **more: Any) -> dict[str, Any]:
    return {"name": name, "base64": base64.b64encode(content).decode(), **more}


def test_files_are_taken_out_and_their_names_stay() -> None:
    given = {
        "message": "Here.",
        "files": [a_file(media_type="application/pdf"), a_file("b.bin", bytes(range(256)))],
    }
    data, files = attachments.taken_out(given)
    assert data == {"message": "Here.", "files": ["menu.pdf", "b.bin"]}
    assert [(file.name, file.media_type, file.content) for file in files] == [
        ("menu.pdf", "application/pdf", b"%PDF"),
        ("b.bin", "", bytes(range(256))),
    ]


@pytest.mark.parametrize(
    "value", ["none", 7, None, [], ["https://example.com/a.pdf"], [{"name": "a", "text": "x"}]]
)
def test_another_value_of_that_name_stays_as_it_is(value: object) -> None:
    assert attachments.taken_out({"files": value}) == ({"files": value}, [])


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"base64": "AAAA"}, "File 2 cannot be read: name: Field required"),
        (a_file(""), "File 2 cannot be read: name: "),
        (a_file(colour="red"), "File 2 cannot be read: colour: "),
        ({"name": "a", "base64": 7}, "File 2 cannot be read: base64: "),
        ("menu.pdf", "File 2 cannot be read: "),
        ({"name": "a", "base64": "AAA"}, r"File 2 is not base64 \(.*encode its bytes"),
        ({"name": "a", "base64": "data:text/plain;base64,AAAA"}, "File 2 is not base64"),
        ({"name": "a", "base64": "AA\nAA"}, "File 2 is not base64"),
        ({"name": "a", "base64": "ä"}, "File 2 "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(file: object, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        attachments.taken_out({"files": [a_file(), file]})


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([1] * 10, ""),
        ([5_000_000, 5_000_000], ""),
        ([1] * 11, "These are 11 files: send at most 10."),
        ([1, 5_000_001], "“f1” has 5.1 MB: one file may have 5 MB."),
        ([4_000_000] * 3, "The files have 12 MB together: send at most 10 MB."),
    ],
)
def test_so_much_is_taken(sizes: list[int], said: str) -> None:
    assert attachments.problem([(f"f{number}", size) for number, size in enumerate(sizes)]) == said


def test_the_limits_are_told_before() -> None:
    assert attachments.limits() == "Up to 10 files, 5 MB each, 10 MB together."


def test_too_much_in_a_body_is_refused() -> None:
    with pytest.raises(TooLarge, match="11 files"):
        attachments.taken_out({"files": [a_file() for _ in range(11)]})


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 1_000])
def test_it_is_known_how_much_of_the_body_the_files_were(size: int) -> None:
    given = a_file(content=b"x" * size)
    _, files = attachments.taken_out({"files": [given]})
    assert attachments.encoded_bytes(files) == len(given["base64"])
