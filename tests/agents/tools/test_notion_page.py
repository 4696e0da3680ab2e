"""Pages of Notion, by the real client from the strict service."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agents.contracts import Json, ToolError
from agents.tools import notion_page
from tests.emulators.notion import TOKEN, NotionEmulator, Page


@pytest.fixture
def notion() -> Iterator[NotionEmulator]:
    emulator = NotionEmulator().start()
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


def a_page(notion: NotionEmulator, title: str, markdown: str) -> str:
    """The id of a page that a person wrote in the app."""
    source = notion.add_source("Wiki")
    item = {"type": "text", "text": {"content": title}, "plain_text": title, "annotations": {}}
    properties = {"Name": {"id": "title", "type": "title", "title": [item]}}
    parent = {"type": "data_source_id", "data_source_id": source}
    page = Page(notion._id(), parent, properties, datetime.now(UTC), markdown)
    notion.pages[page.id] = page
    return page.id.replace("-", "")


def access(notion: NotionEmulator, token: str = TOKEN) -> Json:
    return {"token": token, "base_url": notion.url}


def test_a_page_is_its_title_and_its_text(notion: NotionEmulator) -> None:
    page = a_page(notion, "Opening hours", "# Hours\n\nOpen from 17 to 23.\n")
    assert notion_page.read(page, access(notion)) == ("Opening hours", "# Hours\n\nOpen from 17 to 23.\n")
    assert {seen.req.method for seen in notion.journal} == {"GET"}


def test_what_is_not_there_or_not_shared_is_said(notion: NotionEmulator) -> None:
    page = a_page(notion, "Secret", "x")
    notion.unshare(next(iter(notion.sources)))
    with pytest.raises(ToolError, match="not shared"):
        notion_page.read(page, access(notion))


def test_a_token_that_is_refused_is_said_without_it(notion: NotionEmulator) -> None:
    page = a_page(notion, "x", "x")
    with pytest.raises(ToolError, match="does not take the token") as refused:
        notion_page.read(page, access(notion, "ntn_wrong"))
    assert "ntn_wrong" not in str(refused.value)


@pytest.mark.parametrize("kind", ["drop", "reset", "truncate_json"])
def test_an_answer_that_does_not_come_is_no_exception_of_the_clients(notion: NotionEmulator, kind: str) -> None:
    page = a_page(notion, "x", "x")
    notion.fault("GET /v1/pages", kind)
    with pytest.raises(ToolError, match="did not answer"):
        notion_page.read(page, access(notion))


def test_a_limit_is_passed_over_and_not_slept_through(notion: NotionEmulator) -> None:
    page = a_page(notion, "x", "x")
    notion.fault("GET /v1/pages", "status", **vars(notion.error("rate_limited", headers={"Retry-After": "60"})))
    with pytest.raises(ToolError, match="429"):
        notion_page.read(page, access(notion))


def test_the_pages_that_a_text_leads_to_are_found() -> None:
    text = (
        "See [prices](https://www.notion.so/acme/Prices-0123456789abcdef0123456789abcdef) and https://example.com."
    )
    assert notion_page.linked(text) == ["https://www.notion.so/acme/Prices-0123456789abcdef0123456789abcdef"]
