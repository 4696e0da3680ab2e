"""A repository as an owner has it."""

from pathlib import Path

import pytest

from tests.repositories import Owned, an_owned

FILES: dict[str, str | bytes] = {"menu.py": "PRICE = 14\n", "logo.bin": bytes(range(64))}


@pytest.fixture
def owned(tmp_path: Path) -> Owned:
    """The owner's repository."""
    return an_owned(tmp_path, FILES)
