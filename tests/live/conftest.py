"""Real accounts: asked for by `-m live` alone, and only those whose keys are in the environment."""

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nothing leaves this machine unless it was asked for by name."""
    if "live" not in (config.option.markexpr or ""):
        for item in items:
            if item.get_closest_marker("live"):
                item.add_marker(pytest.mark.skip("real accounts are tried by: pytest -m live tests/live"))


@pytest.fixture
def loopback_only() -> None:
    """Here alone tests go further."""


def given(*names: str) -> list[str]:
    """The values of these variables; skips loudly, naming those that are missing."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.skip(f"set {', '.join(missing)} to try this on an account of yours")
    return [os.environ[name] for name in names]
