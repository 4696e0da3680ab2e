"""A row's text in parts that are taken, and its digest. What becomes of rows is in test_target.py."""

import pytest

from integrations.contracts import DeliveryError
from integrations.notion import rows
from integrations.notion.rows import Row


def test_a_digest_is_of_the_text_alone() -> None:
    one = Row("a", "Title", ["x", "y"])
    assert one.digest == Row("b", "Other", ["x", "y"], {"State": "Done"}).digest
    assert one.digest != Row("a", "Title", ["x", "z"]).digest
    assert len(one.digest) == 32


def test_a_title_is_not_too_long() -> None:
    assert len(Row("a", "x" * 3_000, []).texts()["Name"]) == 200


def test_parts_hold_whole_blocks_and_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_LINES", 3)
    assert list(rows._parts(["a", "b\nc", "d", "e"])) == ["a\n\nb\nc", "d\n\ne"]
    assert list(rows._parts([])) == [""]
    monkeypatch.setattr(rows, "MAX_BYTES", 10)
    assert list(rows._parts(["aaaa", "bbbb", "cc"])) == ["aaaa", "bbbb\n\ncc"]
    for block in ("1\n2\n3\n4", "ä" * 5):
        with pytest.raises(DeliveryError, match="too long") as caught:
            list(rows._parts([block]))
        assert caught.value.permanent
