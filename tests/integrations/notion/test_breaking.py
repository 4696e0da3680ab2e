"""Whatever goes wrong at whichever call: in the end there is one row, whole, and it is the latest version."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.contracts import DeliveryError, Landed, OutcomeUnknown, Outgoing
from integrations.notion import rows
from integrations.notion.target import NotionTarget
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.integrations.notion import test_target
from tests.integrations.target_contract import out_file

SITE = "https://desk.example.com"
LONG = "\n\n".join(f"Paragraph {number}." for number in range(10)).encode()
FAULTS: dict[str, tuple[str, str]] = {
    "lost": ("lost", ""),
    "drop": ("drop", ""),
    "cut": ("truncate", ""),
    "503": ("status", "service_unavailable"),
    "504": ("status", "gateway_timeout"),
    "409": ("status", "conflict_error"),
    "429": ("status", "rate_limited"),
    "529": ("status", "service_overload"),
}


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call takes few lines, so that a short text goes in parts."""
    monkeypatch.setattr(rows, "MAX_LINES", 4)


def first() -> Outgoing:
    """A brief in three parts."""
    return test_target.TestNotion().outgoing(files=[out_file(b"# Old\n\n" + LONG)])


def second(shown: Landed | None) -> Outgoing:
    """The same, done again."""
    files = [out_file(b"# New\n\nFirst.\n\n" + LONG)]
    return test_target.TestNotion().outgoing("job-1:1:1:1", files=files, previous=shown)


def delivered(make: Callable[[], NotionTarget], outgoing: Outgoing) -> Landed:
    """What becomes of it as the outbox goes about it, each try in another process."""
    for _ in range(4):
        try:
            return make().deliver(outgoing)
        except DeliveryError as error:
            if error.permanent:
                raise
        except OutcomeUnknown:
            if found := make().find(outgoing):
                return found
    raise AssertionError("it never landed")


def calls_of(notion: NotionEmulator, act: Callable[[], object]) -> int:
    """How many calls it makes when nothing goes wrong."""
    before = len(notion.journal)
    act()
    return len(notion.journal) - before


def break_at(notion: NotionEmulator, fault: tuple[str, str], position: int) -> None:
    """From now on, the fault strikes at the call with this number."""
    kind, code = fault
    options: dict[str, Any] = vars(notion.error(code, headers={"Retry-After": "0"})) if code else {}
    for _ in range(position):
        notion.fault("", "stall", seconds=0)
    notion.fault("", kind, **options)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_new_row_is_there_once_and_whole(notion: NotionEmulator, briefs: str, fault: tuple[str, str]) -> None:
    def make() -> NotionTarget:
        return NotionTarget(token=TOKEN, base_url=notion.url, data_source=briefs, site=SITE, per_second=1e6)

    calls = calls_of(notion, lambda: make().deliver(first()))
    assert calls == 6
    for position in range(calls):
        notion.pages.clear()
        break_at(notion, fault, position)
        landed = delivered(make, first())
        (page,) = notion.rows(briefs)
        assert (page.id, page.text("Name"), page.markdown.count("Paragraph")) == (landed.external_id, "Old", 10)
        assert make().find(first()) == landed
        assert len(notion.pages) == 1


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_revision_is_the_same_row_and_whole(
    notion: NotionEmulator, briefs: str, fault: tuple[str, str], known: bool
) -> None:
    def make() -> NotionTarget:
        return NotionTarget(token=TOKEN, base_url=notion.url, data_source=briefs, site=SITE, per_second=1e6)

    shown = make().deliver(first())
    calls = calls_of(notion, lambda: make().deliver(second(shown if known else None)))
    assert calls >= 6
    for position in range(calls):
        notion.pages.clear()
        shown = make().deliver(first())
        again = second(shown if known else None)
        break_at(notion, fault, position)
        landed = delivered(make, again)
        assert landed.external_id == shown.external_id
        (page,) = notion.rows(briefs)
        assert (page.text("Name"), page.markdown.count("Paragraph")) == ("New", 10)
        assert page.markdown.count("First.") == 1
        assert make().find(again) == landed
