"""The filter's own program; what it does is seen in test_cell.py."""

import builtins
import os
from typing import Any

import pytest

from agents.sandbox import filters

pytest.importorskip("pyseccomp")


def test_a_program_is_made_and_can_be_read_from_its_beginning() -> None:
    handle, unknown = filters.program()
    try:
        program = os.read(handle, 1_000_000)
    finally:
        os.close(handle)
    assert len(program) > 1_000
    assert len(program) % 8 == 0  # instructions of eight bytes
    assert unknown == []


def test_calls_without_a_name_here_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "_REFUSED", ["bpf", "a_call_of_tomorrow"])
    handle, unknown = filters.program()
    os.close(handle)
    assert unknown == ["a_call_of_tomorrow"]


def test_a_missing_library_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "pyseccomp":
            raise RuntimeError("Unable to find libseccomp")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(filters.NoFilter, match="apt install libseccomp2"):
        filters.program()
