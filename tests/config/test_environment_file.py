"""The .env file."""

import stat
from pathlib import Path
from typing import Any

import pytest

from config import environment_file


def test_what_stands_there_stays_and_what_is_missing_is_added(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nTIME_ZONE=UTC\n#BASE_URL=x")
    assert environment_file.add(path, {"TIME_ZONE": "Europe/Berlin", "BASE_URL": "https://a.b", "EMPTY": ""}) == [
        "BASE_URL"
    ]
    assert path.read_text() == "# mine\nTIME_ZONE=UTC\n#BASE_URL=x\nBASE_URL=https://a.b\n"
    assert environment_file.read(path) == {"TIME_ZONE": "UTC", "BASE_URL": "https://a.b"}
    assert environment_file.add(path, {"BASE_URL": "https://c.d"}) == []


def test_it_is_for_its_owners_eyes_alone(tmp_path: Path) -> None:
    environment_file.add(tmp_path / ".env", {"ANTHROPIC_API_KEY": "sk"})
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_a_process_that_dies_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")

    def die(*args: Any) -> None:
        raise OSError("no space")

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(OSError, match="no space"):
        environment_file.add(path, {"B": "2"})
    assert path.read_text() == "A=1\n"
    assert [one.name for one in tmp_path.iterdir()] == [".env"]
