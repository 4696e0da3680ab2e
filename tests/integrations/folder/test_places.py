"""A folder of this machine as a place for documents."""

from pathlib import Path

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown
from integrations.folder.places import Disk


def test_a_name_is_given_once(tmp_path: Path) -> None:
    place = Disk(tmp_path / "out")
    with place.staged([b"one", b"two"]) as (one, two):
        assert one("a/b.md") is True
        assert two("a/b.md") is False
    assert place.read("a/b.md") == b"one"
    assert place.names("a") == ["a/b.md"]


def test_a_page_of_our_own_is_written_anew(tmp_path: Path) -> None:
    place = Disk(tmp_path)
    place.write("a/index.html", b"one")
    place.write("a/index.html", b"two")
    assert place.read("a/index.html") == b"two"
    assert list((tmp_path / ".nightdesk" / "parts").iterdir()) == []


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert Disk(tmp_path).read("a/b.md") is None
    assert Disk(tmp_path).names("a") == []


def test_a_file_in_the_way_is_told_apart_when_reading_and_writing(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    place = Disk(tmp_path / "out")
    with pytest.raises(OutcomeUnknown):
        place.read("a")
    with pytest.raises(DeliveryError):
        place.prepare()
