"""What the pages read of rules and receipts."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import arrivals
from jobs.lifecycle import replay
from jobs.lifecycle.intake import accept
from jobs.models import Job, Receipt, Trigger
from tests.jobs.conftest import a_rule, an_event

pytestmark = pytest.mark.django_db


def came(number: int, triggers: list[Trigger], **changes: Any) -> Receipt:
    """The event with this number."""
    return accept(an_event(external_id=f"contact:{number}", **changes), triggers).receipt


def test_a_rule_knows_its_last_event_and_what_could_not_become_a_job() -> None:
    good, bad = a_rule("good"), a_rule("bad", brief_template="{nobody}")
    receipt = came(1, [good, bad])
    rows = {row.trigger.slug: row for row in arrivals.rules()}
    assert rows["good"].last_at == receipt.received_at
    assert rows["good"].faults == []
    assert rows["bad"].last_at is None
    assert [fault.receipt for fault in rows["bad"].faults] == [receipt]
    assert [fault.problem for fault in arrivals.faults_of(bad)] == [receipt.problems["bad"]]


def test_a_rule_knows_how_many_jobs_it_opened_lately() -> None:
    rule, quiet = a_rule("busy"), a_rule("quiet")
    for number in range(4):
        came(number, [rule])
    oldest = Job.objects.order_by("id").first()
    assert oldest
    Job.objects.filter(pk=oldest.pk).update(
        created_at=timezone.now() - arrivals.LATELY - datetime.timedelta(hours=1)
    )
    assert {row.trigger.slug: row.lately for row in arrivals.rules()} == {"busy": 3, quiet.slug: 0}


def test_they_are_counted_up_to_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "LATELY_CAP", 2)
    rule = a_rule("busy")
    for number in range(3):
        came(number, [rule])
    (row,) = arrivals.rules()
    assert (row.lately, row.opened_more) == (2, True)


def test_how_many_it_opened_is_read_by_an_index(hourly: Trigger) -> None:
    """Of all jobs of a rule only the last ones are looked at."""
    with CaptureQueriesContext(connection) as queries:
        arrivals.rules()
    asked = next(query["sql"] for query in queries if "count(" in query["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"{'EXPLAIN' if connection.vendor == 'postgresql' else 'EXPLAIN QUERY PLAN'} {asked}")
        assert "job_of_rule" in str(cursor.fetchall())


def test_a_fault_that_a_replay_mended_is_none_any_more() -> None:
    rule = a_rule("contact", brief_template="{nobody}")
    receipt = came(1, [rule])
    Trigger.objects.update(brief_template="{text}")
    replay.replay(receipt, by="owner")
    assert arrivals.faults_of(rule) == []
    assert [arrival.job is not None for arrival in arrivals.arrivals_of(rule, arrivals.faults_of(rule))] == [True]


def test_the_last_events_of_a_rule_are_those_that_opened_and_those_that_could_not() -> None:
    rule = a_rule("contact")
    came(1, [rule])
    Trigger.objects.update(brief_template="{nobody}")
    came(2, [Trigger.objects.get()])
    came(3, [])
    newest, oldest = arrivals.arrivals_of(rule, arrivals.faults_of(rule))
    assert (newest.job, newest.problem != "") == (None, True)
    assert oldest.job is not None


def test_as_many_queries_for_many_rules_as_for_few() -> None:
    def read() -> int:
        with CaptureQueriesContext(connection) as queries:
            arrivals.rules()
        return len(queries)

    came(1, [a_rule("first", brief_template="{nobody}")])
    few = read()
    for number in range(2, 9):
        came(number, [a_rule(f"rule-{number}", brief_template="{nobody}"), a_rule(f"good-{number}")])
    assert read() == few


def test_what_met_no_rule_is_listed_until_it_is_a_job() -> None:
    unmatched = came(1, [])
    came(2, [a_rule("contact")])
    came(3, [], is_test=True)
    accept(an_event(source="schedule", external_id="x", address="", kind="slot.missed"), [])
    assert arrivals.receipts("unmatched").receipts == [unmatched]
    replay.replay(unmatched, by="owner")
    assert arrivals.receipts("unmatched").receipts == []
    assert len(arrivals.receipts("").receipts) == 4


@pytest.mark.parametrize("wanted", ["fault", "test", "unmatched"])
def test_each_outcome_has_its_list(wanted: str) -> None:
    came(1, [a_rule("bad", brief_template="{nobody}")])
    came(2, [], is_test=True)
    came(3, [])
    assert [receipt.outcome for receipt in arrivals.receipts(wanted).receipts] == [wanted]


def test_pages_begin_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "PAGE_SIZE", 2)
    rows = [came(number, []) for number in range(3)]
    first = arrivals.receipts("")
    assert (first.receipts, first.older) == ([rows[2], rows[1]], rows[1].pk)
    assert arrivals.receipts("", before=first.older) == arrivals.Page([rows[0]], None)


def test_a_rule_is_tried_with_events_of_its_address() -> None:
    mine = came(1, [])
    came(2, [], address="other")
    assert arrivals.last_of("form", "contact") == [mine]
    assert len(arrivals.last_of("form", "")) == 2
    assert arrivals.last_of("github", "") == []


def test_what_one_stranger_sent_of_late_is_counted() -> None:
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    came(1, [], origin="a")
    came(2, [], origin="b")
    came(3, [])
    assert arrivals.since("a", hour_ago) == 1
    assert arrivals.since("", hour_ago) == 0
    assert arrivals.since("a", timezone.now() + datetime.timedelta(hours=1)) == 0


def test_one_row_or_none() -> None:
    rule, receipt = a_rule("contact"), came(1, [])
    assert arrivals.rule("contact") == rule
    assert arrivals.rule("nobody") is None
    assert arrivals.receipt(receipt.pk) == receipt
    assert arrivals.receipt(receipt.pk + 1) is None
    assert arrivals.of_event("form", "contact:1") == receipt
    assert arrivals.of_event("form", "contact:9") is None
