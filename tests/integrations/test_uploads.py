"""What a browser's files are held in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from integrations import attachments, uploads


def test_files_are_held_whole_and_without_a_disk() -> None:
    basket = uploads.Basket()
    for name, pieces in (("a.txt", [b"one ", b"two"]), ("b.txt", []), ("c.txt", [b"three"])):
        basket.new_file("plans", name, "text/plain", None)
        for number, piece in enumerate(pieces):
            basket.receive_data_chunk(piece, number)
        file = basket.file_complete(sum(map(len, pieces)))
        assert (file.name, file.content_type, file.read()) == (name, "text/plain", b"".join(pieces))


def test_of_too_much_the_true_size_alone_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_TOTAL_BYTES", 5)
    basket = uploads.Basket()
    basket.new_file("plans", "a.txt", "text/plain", None)
    for start in (0, 4, 8):
        basket.receive_data_chunk(b"four", start)
    file = basket.file_complete(12)
    assert (file.size, file.read()) == (12, b"four")


def test_a_request_is_read_with_it() -> None:
    sent = {
        "plans": [SimpleUploadedFile("a.bin", bytes(range(256)) * 1_000), SimpleUploadedFile("b", b"b")],
        "z": "x",
    }
    request = RequestFactory().post("/", sent)
    request.upload_handlers = [uploads.Basket(request)]
    assert request.POST["z"] == "x"
    assert [file.read() for file in request.FILES.getlist("plans")] == [bytes(range(256)) * 1_000, b"b"]
