"""A brief as a row. What becomes of it in Notion is in test_target.py."""

import dataclasses

from integrations.notion import briefs
from tests.integrations.notion import test_target
from tests.integrations.notion.test_target import SITE
from tests.integrations.target_contract import out_file

outgoing = test_target.TestNotion().outgoing


def test_a_brief_without_a_heading_is_named_after_its_job() -> None:
    row = briefs.row(outgoing(files=[out_file(b"Just text.")]), site=SITE)
    assert (row.title, list(row.blocks)) == ("Autumn menu", ["Just text."])


def test_several_texts_are_one_page() -> None:
    row = briefs.row(outgoing(files=[out_file(b"# A\n\na"), out_file(b"# B\n\nb")]), site=SITE)
    assert (row.title, list(row.blocks)) == ("A", ["a", "# B", "b"])


def test_all_rounds_of_a_task_are_one_row() -> None:
    first, second = (briefs.row(outgoing(f"job-1:1:{number}:1"), site=SITE) for number in range(2))
    assert dataclasses.replace(first, key=second.key) == second
    assert first.external_id != briefs.row(outgoing("job-1:2:0:1"), site=SITE).external_id
