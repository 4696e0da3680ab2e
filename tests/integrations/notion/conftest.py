"""Notion, with a data source for briefs."""

from collections.abc import Iterator

import pytest

from integrations.notion.pace import pace_of
from tests.emulators.notion import NotionEmulator


@pytest.fixture(autouse=True)
def fresh_pace() -> Iterator[None]:
    """No pause of one test reaches the next."""
    pace_of.cache_clear()
    yield
    pace_of.cache_clear()


@pytest.fixture
def notion() -> Iterator[NotionEmulator]:
    """The service; at the end nothing may be left undone, or done that a page must not do."""
    emulator = NotionEmulator().start()
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture
def briefs(notion: NotionEmulator) -> str:
    """A data source with every column that a brief has."""
    return notion.add_source(
        External_ID="rich_text", Digest="rich_text", State="status", Client="rich_text", Job="url"
    )
