"""Whether Notion can be worked with: what a look finds, what is mended, what a try leaves behind."""

from typing import Any

from integrations.contracts import Finding, Mending
from integrations.notion.probe import NotionProbe
from tests.emulators.notion import TOKEN, NotionEmulator


def probe(notion: NotionEmulator, **changes: Any) -> NotionProbe:
    options: dict[str, Any] = {"token": TOKEN, "base_url": notion.url, "per_second": 1e6}
    return NotionProbe(**options | changes)


def said(findings: list[Finding]) -> list[tuple[bool, str]]:
    return [(finding.ok, finding.says) for finding in findings]


def test_what_fits_is_said(notion: NotionEmulator, briefs: str) -> None:
    assert said(probe(notion, data_source=briefs).look()) == [
        (True, "Connected to Acme as Nightdesk."),
        (True, "The data source for briefs, “Briefs”, has every column."),
    ]


def test_without_a_data_source_it_says_what_to_set(notion: NotionEmulator) -> None:
    (_, unset) = probe(notion).look()
    assert not unset.ok
    assert "NOTION_DATA_SOURCE" in unset.fix


def test_what_is_missing_or_wrong_is_named_and_what_is_missing_is_made_on_request(notion: NotionEmulator) -> None:
    briefs = notion.add_source("Notes", External_ID="number")
    inbox = notion.add_source("Morning", Status="status")
    looked = probe(notion, data_source=briefs, review_data_source=inbox)
    assert isinstance(looked, Mending)
    found = looked.look()
    assert (False, "The data source for briefs, “Notes”: It has no column “Digest”.") in said(found)
    assert any("“External ID” is of the type number" in finding.says for finding in found)
    assert any("“Status” has no option Waiting, In revision" in finding.says for finding in found)
    assert all(finding.fix for finding in found if not finding.ok)
    mended = looked.mend()
    assert mended[0].says == "Added to the data source for briefs: Digest, State, Client, Job."
    assert [finding.says for finding in mended if not finding.ok] == [
        "The data source for briefs, “Notes”: Its column “External ID” is of the type number.",
        "The data source for the inbox, “Morning”: Its column “Status” has no option"
        " Waiting, In revision, Approved, Declined, Answered, Closed.",
    ]
    assert set(notion.sources[briefs].columns) == {"Name", "External ID", "Digest", "State", "Client", "Job"}
    again = [finding.says for finding in looked.mend() if finding.ok]
    assert again == []


def test_a_new_database_is_ready_after_one_click(notion: NotionEmulator) -> None:
    inbox = notion.add_source("Morning")
    looked = probe(notion, review_data_source=inbox)
    looked.mend()
    assert all(finding.ok for finding in looked.look())


def test_a_try_makes_a_row_and_throws_it_away(notion: NotionEmulator, briefs: str) -> None:
    assert said(probe(notion, data_source=briefs).try_out()) == [
        (True, "A row for briefs was made and thrown away again.")
    ]
    assert notion.rows(briefs) == []
    assert len(notion.pages) == 1


def test_a_row_that_cannot_be_thrown_away_is_named(notion: NotionEmulator, briefs: str) -> None:
    notion.fault("PATCH /v1/pages", "status", **vars(notion.error("service_unavailable")))
    (left,) = probe(notion, data_source=briefs).try_out()
    assert not left.ok
    assert notion.rows(briefs)[0].id.replace("-", "") in left.fix


def test_a_token_that_is_not_known_or_a_share_that_is_missing_is_a_finding(
    notion: NotionEmulator, briefs: str
) -> None:
    (found,) = probe(notion, token="ntn_other", data_source=briefs).look()
    assert not found.ok
    assert "check NOTION_TOKEN" in found.says
    assert "ntn_other" not in found.says
    notion.unshare(briefs)
    found = probe(notion, data_source=briefs).look()[-1]
    assert not found.ok
    assert "Connections" in found.says
