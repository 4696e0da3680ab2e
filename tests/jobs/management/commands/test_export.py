"""manage.py export: rows for other programs."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from jobs.lifecycle.job import open_job
from jobs.models import Client

pytestmark = pytest.mark.django_db


def export(*arguments: str) -> str:
    """What it writes."""
    out = io.StringIO()
    call_command("export", *arguments, stdout=out)
    return out.getvalue()


def test_each_row_is_a_line_of_json_the_oldest_first(trattoria: Client) -> None:
    open_job(title="First", brief="Café", by="test", client=trattoria, data={"a": [1]})
    open_job(title="Second", brief="x", by="test")
    rows = [json.loads(line) for line in export("jobs").splitlines()]
    assert [row["title"] for row in rows] == ["First", "Second"]
    assert (rows[0]["brief"], rows[0]["client_id"], rows[0]["data"]) == ("Café", trattoria.pk, {"a": [1]})


def test_a_spreadsheet_gets_a_header_and_no_formula(trattoria: Client) -> None:
    open_job(title="=HYPERLINK(1)", brief="x", by="test", data={"a": 1})
    (row,) = csv.DictReader(io.StringIO(export("jobs", "--csv")))
    assert row["title"] == "'=HYPERLINK(1)"
    assert row["data"] == '{"a": 1}'


@pytest.mark.parametrize(
    "noun", ["clients", "triggers", "receipts", "jobs", "tasks", "runs", "reviews", "deliveries", "events"]
)
def test_every_noun_can_be_had_and_only_what_came_since(trattoria: Client, noun: str) -> None:
    open_job(title="Job", brief="x", by="test", client=trattoria)
    assert export(noun, "--since", "2200-01-01").count("\n") == (noun == "clients")


def test_what_is_no_date_is_said() -> None:
    with pytest.raises(CommandError, match="not 'yesterday'"):
        export("jobs", "--since", "yesterday")
