"""Made-up events meet the conditions that they are made for, and take the whole way in."""

from typing import Any

import pytest
from pytest_django import Settings

from integrations import trials
from integrations.contracts import RawRequest
from integrations.slack.source import SlackSource
from jobs.lifecycle import rule as rules
from jobs.models import Job, Receipt
from tests.jobs.conftest import a_rule

MADE: list[dict[str, Any]] = [
    {},
    {"kind": "command", "text": "deploy *"},
    {"kind": "mention", "channel": "C9"},
    {"kind": "message", "user": "U1", "text": "*menu?"},
    {"kind": "message", "channel": "C9"},
    {"kind": "reply"},
]


@pytest.mark.parametrize("conditions", MADE)
def test_a_sample_meets_its_conditions(conditions: dict[str, Any]) -> None:
    source = SlackSource(users=["U1"], channel="C1")
    made = source.sample(conditions, event_id="e1")
    incoming = source.parse(RawRequest(method="POST", path="", headers=made.headers, body=made.body))
    assert incoming.ignored == ""
    assert source.matches(incoming, conditions)
    other = source.sample(conditions, event_id="e2")
    again = source.parse(RawRequest(method="POST", path="", headers=other.headers, body=other.body))
    assert again.external_id != incoming.external_id


@pytest.mark.django_db
@pytest.mark.parametrize("conditions", MADE)
def test_a_test_event_takes_the_whole_way_in_and_opens_nothing(
    settings: Settings, conditions: dict[str, Any]
) -> None:
    settings.SOURCES = {"slack": {"users": ["U1"], "channel": "C1"}}
    settings.SOURCE_SECRETS = {"slack": ["s"]}
    rule = a_rule("tested", source="slack", conditions=conditions)
    heard = trials.send(rule)
    receipt = Receipt.objects.get()
    assert (heard.status, heard.receipt_id, heard.answer["jobs"]) == (200, receipt.pk, [])
    assert (receipt.outcome, receipt.problems) == ("test", {})
    assert not Job.objects.exists()
    assert rules.prospect(rule, receipt).reason == ""
