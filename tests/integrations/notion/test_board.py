"""An item of the inbox as a row. What is decided on it is in tests/integrations/test_decisions.py."""

from typing import Any

import pytest

from integrations.contracts import Outgoing
from integrations.notion import board
from integrations.notion.columns import Columns
from integrations.notion.target import NotionTarget
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.integrations.target_contract import CREATED, out_file

REVIEW: dict[str, Any] = {
    "id": 7,
    "kind": "message",
    "state": "open",
    "title": "Winter page",
    "consequence": "Sends to marta@example.com",
    "payload": {},
    "digest": "3f2a9c1e0b7d" + "0" * 52,
    "version": 2,
    "note": "",
    "due_at": None,
    "snoozed_until": None,
    "decided_by": None,
    "decided_at": None,
    "created_at": "2026-11-23T22:00:00Z",
    "page": "https://desk.example.com/inbox/7/",
    "deliveries": [{"facts": {"to": ["marta@example.com"], "subject": "Winter [page]"}}],
}


def notice(*, files: Any = None, said: str = "", **changes: Any) -> Outgoing:
    """A notice about a review with these changes."""
    return Outgoing(
        key="notion:review:7:1",
        kind="notice",
        card="review:7",
        client="Trattoria Lume",
        fields={"review": REVIEW | changes, **({"said": said} if said else {})},
        files=[out_file(b"Dear Marta", "message.md")] if files is None else files,
        created_at=CREATED,
    )


def test_an_open_item_shows_all_that_a_decision_needs() -> None:
    row = board.row(notice())
    assert row.external_id == "review:7"
    assert row.values == {
        "Status": "Waiting",
        "Code": "v2-3f2a9c1e0b7d",
        "Kind": "Message",
        "Client": "Trattoria Lume",
        "Due": "2026-11-23T22:00:00+00:00",
        "Link": "https://desk.example.com/inbox/7/",
        "Outcome": "",
    }
    assert list(row.blocks) == [
        "Sends to marta@example.com",
        "- **to**: marta@example.com",
        r"- **subject**: Winter \[page\]",
        "---",
        "Dear Marta",
    ]


def test_what_was_put_off_is_due_when_it_comes_back() -> None:
    assert board.row(notice(snoozed_until="2026-11-24T07:00:00Z")).values["Due"] == "2026-11-24T07:00:00+00:00"


def test_what_is_due_says_when() -> None:
    assert board.row(notice(due_at="2026-11-24T12:00:00Z")).values["Due"] == "2026-11-24T12:00:00+00:00"
    put_off = notice(due_at="2026-11-24T12:00:00Z", snoozed_until="2026-11-24T07:00:00Z")
    assert board.row(put_off).values["Due"] == "2026-11-24T07:00:00+00:00"


@pytest.mark.parametrize(
    ("state", "status"),
    [("revising", "In revision"), ("approved", "Approved"), ("answered", "Answered"), ("superseded", "Closed")],
)
def test_what_is_not_open_has_no_code(state: str, status: str) -> None:
    decided = {"decided_by": "owner", "decided_at": "2026-11-24T07:12:34Z", "note": "Good\nso"}
    row = board.row(notice(state=state, **decided))
    assert (row.values["Status"], row.values["Code"]) == (status, "")
    assert row.values["Outcome"] == f"{status} by owner, 2026-11-24 07:12 UTC. Good so"


def test_why_nothing_was_done_is_said() -> None:
    assert board.row(notice(said="Nothing was done.")).values["Outcome"] == "Nothing was done."


def test_a_question_and_a_failure_say_what_they_are_about() -> None:
    asked = board.row(notice(kind="question", files=[], payload={"question": "Which?", "suggestions": ["A", "B"]}))
    assert r"- **question**: Which?" in asked.blocks
    assert r"- **suggestions**: A / B" in asked.blocks
    failed = board.row(notice(kind="failure", files=[], payload={"cause": "<b>", "fix": "Retry."}))
    assert r"- **cause**: \<b\>" in failed.blocks


UNREADABLE = {
    "a PDF": out_file(b"%PDF", "a.pdf", media_type="application/pdf"),
    "a page": out_file(b"<b>", "a.html", media_type="text/html"),
    "no UTF-8": out_file(b"\xff", "a.md"),
    "nothing": out_file(b" ", "a.md"),
}


def test_only_an_open_message_whose_every_word_is_there_can_be_approved() -> None:
    plain = out_file(b"<as it is>", "a.txt", media_type="text/plain; charset=utf-8")
    assert board.is_approvable(notice(files=[out_file(), plain]))
    assert "```\n<as it is>\n```" in board.row(notice(files=[plain])).blocks
    for file in UNREADABLE.values():
        assert not board.is_approvable(notice(files=[out_file(), file]))
        assert any("cannot be read here" in block for block in board.row(notice(files=[file])).blocks)
    assert not board.is_approvable(notice(files=[]))
    assert not board.is_approvable(notice(kind="merge"))
    assert not board.is_approvable(notice(state="approved"))


def test_a_proof_is_carried_over_only_to_the_same_text() -> None:
    text = {"markdown": "Dear Marta", "truncated": False, "unknown_block_ids": []}
    first = board.row(notice())
    proof = board.proof_of(first, text)
    assert proof.startswith(f"v2-3f2a9c1e0b7d {first.digest} reads as ")
    later = board.row(notice(version=3))
    assert board.carried_over(proof, later) == proof.replace("v2-", "v3-")
    assert board.carried_over(proof, board.row(notice(files=[out_file(b"Dear Marco")]))) == ""
    assert board.carried_over("a row in Notion", later) == ""
    for cut in ({"truncated": True}, {"unknown_block_ids": ["x"]}):
        assert board.proof_of(first, text | cut) == ""


def test_a_board_has_its_columns_after_one_click() -> None:
    columns = Columns({"properties": {"Name": {"id": "title", "name": "Name", "type": "title"}}}, board.COLUMNS)
    made = columns.missing()
    assert {name: next(iter(column)) for name, column in made.items()} == {
        "External ID": "rich_text",
        "Digest": "rich_text",
        "Status": "select",
        "Code": "rich_text",
        "Kind": "select",
        "Client": "rich_text",
        "Due": "date",
        "Link": "url",
        "Outcome": "rich_text",
    }
    assert {"name": "Approved"} in made["Status"]["select"]["options"]


def test_a_notice_about_no_item_is_refused(notion: NotionEmulator, briefs: str) -> None:
    target = NotionTarget(token=TOKEN, base_url=notion.url, review_data_source=briefs, site="x", per_second=1e6)
    with pytest.raises(Exception, match="about none"):
        target.deliver(Outgoing(key="digest:1", kind="notice", files=[], created_at=CREATED))


def test_what_may_have_gone_already_is_told_and_not_approved_here() -> None:
    assert board.is_approvable(notice())
    doubtful = notice(in_doubt="It may already have gone.")
    assert not board.is_approvable(doubtful)
    assert "It may already have gone." in board.row(doubtful).blocks
