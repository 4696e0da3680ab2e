"""A brief lands in Notion and a message is approved there, through real processes, each with its own secrets."""

import email
import email.policy
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.notion import board
from tests.emulators.notion import TOKEN, NotionEmulator, Page
from tests.emulators.notion_hooks import VERIFICATION_TOKEN, event, signature
from tests.house import SIZES, House, built

pytestmark = [pytest.mark.services, pytest.mark.long]

ANNA = "a0000000-0000-4000-8000-000000000001"


@pytest.fixture
def notion() -> Iterator[NotionEmulator]:
    """Notion with a data source for briefs and one for the inbox."""
    emulator = NotionEmulator().start()
    emulator.add_source("Briefs", External_ID="rich_text", Digest="rich_text", State="status", Job="url")
    kinds = {column.name.replace(" ", "_"): column.kinds[0] for column in board.COLUMNS[1:]}
    emulator.add_source("Morning", **kinds)
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture(params=SIZES)
def house(request: pytest.FixtureRequest, notion: NotionEmulator, tmp_path: Path) -> Iterator[House]:
    """A running house that is connected with it."""
    briefs, morning = notion.sources
    connected = {
        "NOTION_TOKEN": TOKEN,
        "NOTION_BASE_URL": notion.url,
        "NOTION_DATA_SOURCE": briefs,
        "NOTION_REVIEW_DATA_SOURCE": morning,
        "NOTION_APPROVERS": f"{ANNA}=owner",
        "NOTION_WEBHOOK_SECRET": VERIFICATION_TOKEN,
    }
    with built(tmp_path / "var", request.param, **connected) as one:
        one.start()
        one.set_up()
        yield one


def test_a_brief_lands_in_notion_and_a_message_is_approved_there(
    house: House, notion: NotionEmulator, tmp_path: Path
) -> None:
    briefs, morning = notion.sources
    menu = tmp_path / "menu.txt"
    menu.write_text("Menu of the day: 12 EUR.\nGuided tours: 9 EUR.\n")
    house.manage("job", "Research what menu.txt says of prices.", "--file", str(menu), "--priority=1")
    payload = {"subject": "Winter tours", "message": "Please tell us in a mail how the work on the tours stands."}
    house.post_hook("/hooks/form/enquiry/", house.secrets["enquiry"], payload)

    (brief,) = house.wait_for("the brief", lambda: notion.rows(briefs))
    assert brief.text("Job").startswith(f"{house.url}/jobs/")
    assert not list((house.folder / "folder").rglob("*brief*.md"))

    (row,) = house.wait_for("the item", lambda: waiting(notion, morning))
    assert "marta@example.com" in row.markdown
    assert not list((house.folder / "mail").glob("*.eml"))
    notion.edit(row, ANNA, Status="Approved")
    assert post(house, event(row, by=ANNA)) == 202
    (mail,) = house.wait_for("the mail", lambda: list((house.folder / "mail").glob("*.eml")))
    sent = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    assert sent["To"] == "marta@example.com"
    house.wait_for("the outcome", lambda: row.text("Outcome").startswith("Approved by owner"))
    assert row.text("Code") == ""
    assert not set(house.pids(having="NOTION_WEBHOOK_SECRET=")) & set(house.pids(having="NOTION_TOKEN="))


def waiting(notion: NotionEmulator, source: str) -> list[Page]:
    """Messages that wait, whole."""
    return [page for page in notion.rows(source) if page.text("Kind") == "Message" and page.text("Code")]


def post(house: House, body: bytes) -> int:
    """Post an event as Notion does."""
    headers = {"Content-Type": "application/json", "X-Notion-Signature": signature(body)}
    request = urllib.request.Request(f"{house.url}/hooks/notion/", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)
