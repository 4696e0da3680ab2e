"""Briefs as rows of a data source, in a strict Notion on loopback."""

import dataclasses
import uuid
from typing import Any

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown, Outgoing, TargetClosed, Withdrawing
from integrations.notion import client, rows
from integrations.notion.rows import BEING_WRITTEN
from integrations.notion.target import NotionTarget
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.emulators.notion_rules import MAX_BLOCKS
from tests.integrations.target_contract import CREATED, TargetContract, out_file

SITE = "https://desk.example.com"
BRIEF = b"""# What do others charge?

Between **9** and 12.

## Findings

1. Lume charges 12.

   > Menu of the day: 12

   Source: <https://lume.example/menu>, read 2026-11-23T22:00:00Z
"""


class TestNotion(TargetContract):
    kind = "brief"

    @pytest.fixture(autouse=True)
    def service(self, notion: NotionEmulator, briefs: str) -> None:
        """Where the rows lie."""
        self.notion, self.source = notion, briefs
        notion.now = lambda: CREATED

    def make(self, **changes: Any) -> NotionTarget:
        options = {"token": TOKEN, "base_url": self.notion.url, "data_source": self.source, "site": SITE}
        return NotionTarget(**options | {"per_second": 1e6} | changes)

    def effects(self) -> int:
        return len(self.notion.rows(self.source))

    def refused_for_good(self) -> tuple[NotionTarget, Outgoing]:
        return self.make(), self.outgoing(files=[out_file(b"%PDF", "a.pdf", media_type="application/pdf")])

    def lose_the_next_answer(self) -> bool:
        self.notion.fault("POST /v1/pages$", "lost")
        return True

    def ask_for_a_pause(self, seconds: int) -> bool:
        said = self.notion.error("rate_limited", headers={"Retry-After": str(seconds)})
        self.notion.fault("POST /v1/pages$", "status", **vars(said))
        return True

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        """A brief; the third part of its key is the round of its task."""
        parts = key.split(":")
        card = ":".join(parts[:2] + parts[3:])
        return super().outgoing(key, **{"card": card, "files": [out_file(BRIEF, "prices-brief.md")]} | changes)

    def calls(self) -> list[str]:
        """What was asked of the service since the last look, as "METHOD what"."""
        seen = [f"{one.req.method} {one.req.path.split('/')[2]}" for one in self.notion.journal]
        self.notion.journal.clear()
        return seen

    def test_a_brief_is_a_row_with_its_columns_and_its_text(self) -> None:
        landed = self.make().deliver(self.outgoing())
        (page,) = self.notion.rows(self.source)
        columns = {name: page.text(name) for name in ("Name", "External ID", "State", "Client", "Job")}
        assert columns == {
            "Name": "What do others charge?",
            "External ID": "job-1:1:1",
            "State": "Done",
            "Client": "Trattoria Lume",
            "Job": f"{SITE}/jobs/3f2a9c1e-0000-4000-8000-000000000001/",
        }
        assert "[https://lume.example/menu](https://lume.example/menu), read 2026" in page.markdown
        assert page.markdown.startswith("Between **9** and 12.")
        assert (landed.external_id, landed.url) == (page.id, f"https://www.notion.so/{page.id.replace('-', '')}")
        assert self.calls() == ["GET data_sources", "POST data_sources", "POST pages"]

    def test_the_wire_has_all_that_was_said_and_speaks_one_version(self) -> None:
        self.make().deliver(self.outgoing())
        made = next(seen for seen in self.notion.journal if seen.req.path == "/v1/pages")
        assert set(made.json()) == {"parent", "properties", "markdown"}
        assert {seen.req.headers["notion-version"] for seen in self.notion.journal} == {"2026-03-11"}

    def test_a_revision_is_the_same_row_brought_up_to_date(self) -> None:
        first = self.make().deliver(self.outgoing())
        revised = [out_file(b"# What do others charge?\n\nBetween 10 and 12.\n")]
        target, again = self.make(), self.outgoing("job-1:1:1:1", files=revised, previous=first)
        assert target.find(again) is None
        self.calls()
        assert target.deliver(again) == first
        assert self.effects() == 1
        assert self.notion.rows(self.source)[0].markdown == "Between 10 and 12."
        assert self.calls() == ["GET pages", *["PATCH pages"] * 3]
        assert target.find(again) == first
        assert target.find(self.outgoing()) is None

    @pytest.mark.parametrize("known", [True, False])
    def test_what_is_unchanged_is_not_written_again(self, known: bool) -> None:
        first = self.make().deliver(self.outgoing())
        target = self.make()
        self.calls()
        again = self.outgoing("job-1:1:1:1", previous=first if known else None)
        assert target.deliver(again) == first
        written = [seen.json() for seen in self.notion.journal if seen.req.method == "PATCH"]
        assert [list(one) for one in written] == [["properties"]], "its delivery is noted, and nothing else"
        assert len(written[0]["properties"]) == 1
        del written[:]
        self.calls()
        target.deliver(again)
        assert not [call for call in self.calls() if call.startswith("PATCH")]

    def test_a_new_title_alone_does_not_rewrite_the_text(self) -> None:
        first = self.make().deliver(self.outgoing())
        target = self.make()
        target.find(self.outgoing())
        self.calls()
        retitled = [out_file(BRIEF.replace(b"others", b"they"))]
        target.deliver(self.outgoing("job-1:1:1:1", files=retitled, previous=first))
        assert self.calls() == ["GET pages", "PATCH pages"]
        assert self.notion.rows(self.source)[0].text("Name") == "What do they charge?"

    def test_a_row_that_its_owner_threw_away_is_made_again(self) -> None:
        first = self.make().deliver(self.outgoing())
        self.notion.pages[first.external_id].in_trash = True
        second = self.make().deliver(self.outgoing("job-1:1:1:1", previous=first))
        assert second.external_id != first.external_id
        assert self.effects() == 1

    def test_a_page_that_is_another_row_now_is_left_alone(self) -> None:
        first = self.make().deliver(self.outgoing())
        self.notion.edit(self.notion.pages[first.external_id], "person", External_ID="mine")
        self.make().deliver(self.outgoing("job-1:1:1:1", previous=first))
        assert [page.text("External ID") for page in self.notion.rows(self.source)] == ["mine", "job-1:1:1"]

    def test_of_doubles_the_oldest_is_kept_and_the_others_can_be_taken_back(self) -> None:
        first = self.make().deliver(self.outgoing())
        for _ in range(2):
            for page in self.notion.rows(self.source):
                self.notion.edit(page, "person", External_ID="for a moment")
            self.make().deliver(self.outgoing())
        for page in self.notion.rows(self.source):
            self.notion.edit(page, "person", External_ID="job-1:1:1")
        assert self.effects() == 3
        assert self.make().deliver(self.outgoing()) == first
        assert [page.id for page in self.notion.rows(self.source)] == [first.external_id]
        assert len(self.notion.pages) == 3

    def long(self, paragraphs: int) -> Any:
        """A brief in several parts."""
        return [out_file("\n\n".join(f"Paragraph {number}." for number in range(paragraphs)).encode())]

    def test_a_long_brief_goes_in_parts_and_is_whole_at_the_end(self) -> None:
        paragraphs = 2 * MAX_BLOCKS + 100
        self.make().deliver(self.outgoing(files=self.long(paragraphs)))
        (page,) = self.notion.rows(self.source)
        assert page.markdown.split() == " ".join(f"Paragraph {number}." for number in range(paragraphs)).split()
        assert self.make().find(self.outgoing(files=self.long(paragraphs))) is not None

    def test_a_page_that_is_half_written_is_finished_and_not_doubled(self) -> None:
        outgoing = self.outgoing(files=self.long(1_000))
        self.notion.fault("PATCH .*/markdown", "status", **vars(self.notion.error("service_unavailable")))
        with pytest.raises(OutcomeUnknown):
            self.make().deliver(outgoing)
        (half,) = self.notion.rows(self.source)
        assert half.text("Digest") == rows.BEING_WRITTEN
        assert self.make().find(outgoing) is None
        landed = self.make().deliver(outgoing)
        assert landed.external_id == half.id
        assert half.markdown.count("Paragraph") == 1_000
        assert self.make().find(outgoing) == landed
        assert self.effects() == 1

    def test_all_that_is_there_is_listed_and_a_double_can_be_withdrawn(self) -> None:
        target = self.make()
        keys = [f"job-{number}:1:0:1" for number in range(3)]
        for key in keys:
            target.deliver(self.outgoing(key))
        rows = self.notion.rows(self.source)
        double = dataclasses.replace(rows[0], id=str(uuid.uuid4()))
        self.notion.pages[double.id] = double
        self.notion.edit(rows[2], "person", Digest=BEING_WRITTEN)
        found = target.listing(CREATED)
        assert sorted(one.key for one in found) == [keys[0], keys[0], keys[1]]
        assert isinstance(target, Withdrawing)
        target.withdraw(found[-1])
        assert self.effects() == 3
        assert len(target.listing(CREATED)) == 2

    def test_a_list_comes_by_pages_and_is_whole_or_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        target = self.make()
        for number in range(102):
            target.deliver(self.outgoing(f"job-{number}:1:0:1"))
        assert len(target.listing(CREATED)) == 102
        monkeypatch.setattr(client, "_MAX_PAGES", 1)
        with pytest.raises(DeliveryError, match="more rows"):
            target.listing(CREATED)
        assert NotionTarget(token=TOKEN, base_url=self.notion.url, site=SITE).listing(CREATED) == []

    def test_a_paragraph_beyond_all_limits_is_refused_before_anything_is_made(self) -> None:
        for text in (b"x" * 300_000, b"- item\n" * 5_000):
            with pytest.raises(DeliveryError, match="too long for Notion") as caught:
                self.make().deliver(self.outgoing(files=[out_file(text)]))
            assert caught.value.permanent
        assert self.effects() == 0

    @pytest.mark.parametrize(
        ("file", "said"),
        [
            (out_file(b"  \n"), "no text"),
            (out_file(b"%PDF", "a.pdf", media_type="application/pdf"), "takes text alone"),
            (out_file(b"\xff\xfe", "a.md"), "not UTF-8"),
        ],
    )
    def test_what_is_no_text_is_refused(self, file: Any, said: str) -> None:
        with pytest.raises(DeliveryError, match=said) as caught:
            self.make().deliver(self.outgoing(files=[file]))
        assert caught.value.permanent
        assert self.notion.journal == []

    def test_an_answer_that_was_lost_is_found_after_the_lag(self) -> None:
        self.notion.lag = 0.2
        self.notion.fault("POST /v1/pages", "lost")
        target = self.make()
        with pytest.raises(OutcomeUnknown):
            target.deliver(self.outgoing())
        assert target.find(self.outgoing()) is None, "within the lag nothing is seen: that is why it is waited for"
        for page in self.notion.pages.values():
            page.seen_from = 0
        found = target.find(self.outgoing())
        assert found is not None
        assert target.deliver(self.outgoing()) == found
        assert self.effects() == 1

    @pytest.mark.parametrize("columns", [{"Job_ID": "rich_text", "Digest": "rich_text", "status": "select"}])
    def test_columns_are_found_under_other_names_and_what_is_optional_may_be_missing(
        self, columns: dict[str, str]
    ) -> None:
        self.source = self.notion.add_source("Others", **columns)
        self.make().deliver(self.outgoing())
        (page,) = self.notion.rows(self.source)
        assert (page.text("Job ID"), page.text("status")) == ("job-1:1:1", "Done")

    def test_a_needed_column_that_is_missing_or_wrong_is_named(self) -> None:
        self.source = self.notion.add_source("Others", External_ID="url")
        with pytest.raises(TargetClosed, match=r"“External ID” is of the type URL.*no column “Digest”"):
            self.make().deliver(self.outgoing())

    def test_what_is_not_shared_any_more_closes_the_target(self) -> None:
        target = self.make()
        first = target.deliver(self.outgoing())
        self.notion.unshare(self.source)
        for again in (self.outgoing("job-1:1:1:1", previous=first), self.outgoing("job-1:2:0:1")):
            with pytest.raises(TargetClosed, match="Connections"):
                target.deliver(again)

    def test_a_column_that_was_mended_is_seen_at_the_next_try(self) -> None:
        self.source = self.notion.add_source("Others", External_ID="rich_text")
        target = self.make()
        with pytest.raises(DeliveryError):
            target.deliver(self.outgoing())
        column = {"id": "c99", "name": "Digest", "type": "rich_text", "options": []}
        self.notion.sources[self.source].columns["Digest"] = column
        target.deliver(self.outgoing())
        assert self.effects() == 1

    def test_a_status_without_the_option_is_left_out_and_never_a_refusal(self) -> None:
        self.notion.sources[self.source].columns["State"]["options"] = ["To do"]
        self.make().deliver(self.outgoing())
        assert self.notion.rows(self.source)[0].text("State") == ""

    def test_no_more_is_begun_than_fits_into_one_visit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client, "VISIT_SECONDS", 1.0)
        with pytest.raises(DeliveryError, match="slow") as caught:
            self.make().deliver(self.outgoing())
        assert not caught.value.permanent
        assert self.notion.journal == []

    def test_without_a_token_it_says_so(self) -> None:
        with pytest.raises(ValueError, match="NOTION_TOKEN"):
            self.make(token="")
