"""The command that writes the API's document."""

from pathlib import Path

import pytest
from django.core.management import call_command

from jobs.api import schema


def test_it_writes_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "PATH", tmp_path / "openapi.json")
    call_command("openapi")
    assert (tmp_path / "openapi.json").read_text() == schema.written()
