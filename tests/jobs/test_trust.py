"""How carefully is approved: computed from decisions, measured ones told apart from the rest."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import policy, trust
from jobs.lifecycle import review as reviews
from jobs.models import Client, Job, Review
from tests.jobs.conftest import done, message_result
from tests.jobs.inbox.conftest import several


def a_decision(**changes: Any) -> dict[str, Any]:
    """One decision: an approval that nobody measured."""
    known = {
        "kind": "merge",
        "state": "approved",
        "note": "",
        "edits": 0,
        "looked_ms": None,
        "read_whole": None,
        "task__agent": "code",
    }
    return known | changes


def test_without_a_decision_nothing_is_said() -> None:
    meter = trust.read([])
    assert (meter.approvals, meter.median_seconds, meter.quick_percent, meter.drafts) == (0, None, None, [])


def test_what_was_not_measured_is_no_stamp() -> None:
    rows = [
        a_decision(),
        a_decision(looked_ms=1_000, read_whole=False),
        a_decision(looked_ms=9_000, read_whole=True),
    ]
    meter = trust.read([*rows, a_decision(looked_ms=20_000, read_whole=True)])
    assert (meter.approvals, meter.measured, meter.median_seconds) == (4, 3, 9.0)
    assert (meter.quick_percent, meter.unread_percent) == (33, 33)


def test_each_agent_is_known_by_what_became_of_its_drafts() -> None:
    rows = [
        a_decision(),
        a_decision(edits=2),
        a_decision(),
        a_decision(state="superseded", note="Shorter."),
        a_decision(state="superseded"),  # its job was ended: nobody judged it
        a_decision(state="declined", note="No."),
        a_decision(task__agent="communication"),
        a_decision(task__agent=None),
    ]
    code, other = trust.read(rows).drafts
    assert (code.agent, code.number, code.edits, code.as_it_came) == ("code", 5, 2, 2)
    assert (code.sent_back, code.declined, code.in_a_row) == (1, 1, 1)
    assert code.edits_per_draft == 0.4
    assert (other.agent, other.number, other.in_a_row) == ("communication", 1, 1)


def test_twenty_in_a_row_are_enough() -> None:
    assert trust.read([a_decision()] * 20 + [a_decision(edits=1)]).drafts[0].has_earned
    assert not trust.read([a_decision()] * 19 + [a_decision(edits=1)]).drafts[0].has_earned


def test_whatever_is_counted_waits_for_a_person_by_the_policy() -> None:
    effects = ("document", "brief", "branch", "client_message", "merge")
    asked = {policy.gate(kind) or policy.asks_after(kind) for kind in effects}
    assert set(trust.KINDS) == asked - {None}, "what waits without a gate could be told of instead: offer it"
    assert all(policy.is_high_risk(kind) for kind in policy.GATED_KINDS)
    drafts = trust.read([a_decision(), a_decision(kind="message")]).drafts[0]
    assert drafts.kinds == set(trust.KINDS)


@pytest.mark.django_db
def test_the_meter_reads_what_the_verbs_wrote(trattoria: Client, owner: User) -> None:
    edited, plain, back, refused, _waits = several(trattoria, 5)
    edited = reviews.edit(edited, by=owner, version=1, text="My own words.")
    reviews.approve(edited, by=owner, version=2, digest=edited.digest, looked_ms=3_000, read_whole=False)
    reviews.approve(plain, by=owner, version=1, digest=plain.digest)
    reviews.revise(back, by=owner, version=1, note="Shorter.")
    reviews.decline(refused, by=owner, version=1)
    with CaptureQueriesContext(connection) as asked:
        meter = trust.meter(timezone.now())
    assert len(asked) == 1
    assert (meter.approvals, meter.measured, meter.quick_percent) == (2, 1, 100)
    (drafts,) = meter.drafts
    assert (drafts.number, drafts.edits, drafts.as_it_came, drafts.sent_back, drafts.declined) == (4, 1, 1, 1, 1)
    assert trust.meter(timezone.now() + timedelta(days=trust.DAYS + 1)).approvals == 0


@pytest.mark.django_db
def test_a_revision_keeps_its_judgement_when_the_next_version_comes(
    planned: Callable[..., Job], owner: User
) -> None:
    planned()
    done(message_result())
    reviews.revise(Review.objects.get(), by=owner, version=1, note="Shorter.")
    done(message_result(text="Short"))
    (drafts,) = trust.meter(timezone.now()).drafts
    assert (drafts.number, drafts.sent_back) == (1, 1)


@pytest.mark.django_db
def test_an_approval_that_was_taken_back_counts_no_more(trattoria: Client, owner: User) -> None:
    (review,) = several(trattoria, 1)
    reviews.approve(review, by=owner, version=1, digest=review.digest, looked_ms=5)
    reviews.undo(review, by=owner)
    assert trust.meter(timezone.now()).approvals == 0
