"""Columns are found by name and type, what is wrong with the others is said, and values fit them."""

from typing import Any

import pytest

from integrations.contracts import TargetClosed
from integrations.notion.columns import DIGEST, EXTERNAL_ID, TITLE, Column, Columns, plain, rich_text

STATE = Column("State", ("select", "status"), also=("Status",), options=("Done", "Open"))
DUE = Column("Due", ("date",))
LINK = Column("Link", ("url",))
WANTED = (TITLE, EXTERNAL_ID, DIGEST, STATE, DUE, LINK)


def source(**kinds: Any) -> dict[str, Any]:
    """A data source with these columns."""
    made = {}
    for number, (name, kind) in enumerate({"Name": "title", **kinds}.items()):
        options = {"options": [{"name": "Done"}]} if kind == "status" else {}
        name = name.replace("_", " ")
        made[name] = {"id": f"c{number}", "name": name, "type": kind, kind: options}
    return {"properties": made}


GOOD = {"External_ID": "rich_text", "digest": "rich_text", "Status": "select", "Due": "date", "Link": "url"}


def test_columns_are_found_whatever_their_case_and_written_by_their_id() -> None:
    columns = Columns(source(**GOOD), WANTED)
    assert columns.problems == []
    columns.check()
    assert columns.values(
        {"Digest": "abc", "State": "Done, yes", "Due": "2026-11-27", "Link": "", "Other": "x"}
    ) == {
        "c2": {"rich_text": [{"type": "text", "text": {"content": "abc"}}]},
        "c3": {"select": {"name": "Done yes"}},
        "c4": {"date": {"start": "2026-11-27"}},
        "c5": {"url": None},
    }
    assert columns.equals("State", "Done") == {"property": "c3", "select": {"equals": "Done"}}
    assert columns.is_set("Digest") == {"property": "c2", "rich_text": {"is_not_empty": True}}


def test_the_title_is_known_by_its_type() -> None:
    there = source(**GOOD)
    there["properties"]["Question"] = {**there["properties"].pop("Name"), "name": "Question"}
    assert "c0" in Columns(there, WANTED).values({"Name": "What?"})


def test_what_is_wrong_is_said_with_what_to_do() -> None:
    columns = Columns(source(Job_ID="url", Status="status", Due="rich_text"), WANTED)
    assert [(problem.says, problem.missing) for problem in columns.problems] == [
        ("Its column “Job ID” is of the type URL.", False),
        ("It has no column “Digest”.", True),
        ("Its column “Status” has no option Open.", False),
        ("Its column “Due” is of the type text.", False),
        ("It has no column “Link”.", True),
    ]
    assert [problem.fix for problem in columns.problems][:2] == [
        "Make it text, or rename it.",
        "Add one of the type text.",
    ]
    with pytest.raises(TargetClosed, match=r"Job ID.*Digest") as caught:
        columns.check()
    assert "Due" not in str(caught.value)


def test_what_is_missing_can_be_made() -> None:
    columns = Columns(source(External_ID="rich_text", Due="rich_text"), WANTED)
    assert columns.missing() == {
        "Digest": {"rich_text": {}},
        "State": {"select": {"options": [{"name": "Done"}, {"name": "Open"}]}},
        "Link": {"url": {}},
    }


def test_what_differs_is_seen() -> None:
    columns = Columns(source(**GOOD), WANTED)
    page = {
        "properties": {
            "Name": {"id": "c0", "type": "title", "title": [{"plain_text": "a"}, {"plain_text": "b"}]},
            "Status": {"id": "c3", "type": "select", "select": {"name": "Done yes"}},
            "Due": {"id": "c4", "type": "date", "date": {"start": "2026-11-27T07:00:00.000+00:00"}},
            "Link": {"id": "c5", "type": "url", "url": None},
        }
    }
    same = {"Name": "ab", "State": "Done, yes", "Due": "2026-11-27T08:00:00+01:00", "Link": "", "Other": "x"}
    assert columns.differing(page, same) == {}
    other = {"Name": "abc", "State": "Done", "Due": "2026-11-27T07:01:00+00:00", "Link": "https://x.example"}
    assert columns.differing(page, other) == other
    assert columns.differing(page, {"Due": ""}) == {"Due": ""}
    assert [columns.text(page, name) for name in ("Name", "Link", "Other", "Digest")] == ["ab", "", "", ""]


def test_long_texts_are_cut_into_what_is_taken() -> None:
    pieces = [item["text"]["content"] for item in rich_text("x" * 4_001)]
    assert [len(piece) for piece in pieces] == [2_000, 2_000, 1]
    assert len(rich_text("x" * 300_000)) == 100
    assert plain({"type": "number", "number": 3}) == "3"
