"""Only this house can mark an event as a test, for one body and not for long."""

import pytest
from django.core import signing

from integrations import marks


def test_a_mark_is_for_one_body() -> None:
    headers = {marks.HEADER: marks.mark(b"one")}
    assert marks.is_marked(headers, b"one")
    assert not marks.is_marked(headers, b"two")


@pytest.mark.parametrize("value", ["", "1", "true", "a:b:c", "é"])
def test_what_others_write_counts_for_nothing(value: str) -> None:
    assert not marks.is_marked({marks.HEADER: value}, b"one")
    assert not marks.is_marked({}, b"one")


def test_a_mark_does_not_last(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {marks.HEADER: marks.mark(b"one")}
    monkeypatch.setattr(marks, "_SECONDS", -1)
    assert not marks.is_marked(headers, b"one")


def test_another_signature_of_this_house_is_no_mark() -> None:
    sum_of_one = marks.mark(b"one").partition(":")[0]
    other = signing.TimestampSigner(salt="something else").sign(sum_of_one)
    assert not marks.is_marked({marks.HEADER: other}, b"one")
