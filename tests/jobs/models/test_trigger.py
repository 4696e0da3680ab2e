"""From which moment a schedule counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone

from jobs.models import Client, Trigger

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule() -> Trigger:
    """A schedule as it was kept long ago."""
    return Trigger.objects.create(
        name="Morning", slug="morning", source="schedule", conditions={"when": "every day at 6"}
    )


def test_a_new_rule_counts_from_its_beginning(rule: Trigger) -> None:
    assert rule.active_since is None


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "mornings"},
        {"conditions": {"when": "every day at 7"}},
        {"conditions": {"when": "every day at 6", "timezone": "Europe/Berlin"}},
        {"conditions": {"cron": "0 6 * * *"}},
    ],
)
def test_a_rule_told_other_times_counts_from_then(rule: Trigger, change: dict[str, Any]) -> None:
    before = timezone.now()
    vars(rule).update(change)
    rule.save()
    rule.refresh_from_db()
    assert rule.active_since is not None
    assert before <= rule.active_since <= timezone.now()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Good morning"},
        {"enabled": False},
        {"conditions": {"when": "every day at 6", "catch_up": "all", "jitter": 60}},
    ],
)
def test_a_rule_whose_times_stay_counts_on(rule: Trigger, change: dict[str, Any]) -> None:
    vars(rule).update(change)
    rule.save()
    rule.refresh_from_db()
    assert rule.active_since is None


@pytest.mark.parametrize("columns", [None, ["enabled"]])
def test_a_rule_that_is_switched_on_again_counts_from_then(rule: Trigger, columns: list[str] | None) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    Trigger.objects.update(enabled=False, active_since=long_ago)
    rule.refresh_from_db()
    rule.enabled = True
    rule.save(update_fields=columns)
    rule.refresh_from_db()
    assert rule.active_since is not None
    assert rule.active_since > long_ago + timedelta(days=2)
    assert rule.enabled


def test_a_rule_that_was_deleted_meanwhile_is_saved_as_django_does(rule: Trigger) -> None:
    Trigger.objects.filter(pk=rule.pk).delete()
    rule.save()
    assert rule.active_since is None


def test_rules_that_are_read_by_plain_sql_are_those_of_a_query_set(rule: Trigger, trattoria: Client) -> None:
    kept = {"conditions": {"types": ["ü", "%s"]}, "agents": ["drafting"], "client": trattoria, "priority": 1}
    Trigger.objects.create(name="Form", slug="form", source="form", enabled=False, most_an_hour=3, **kept)
    read = Trigger.read("slug IN (%s, %s) ORDER BY id", ["form", "morning"])
    assert [model_to_dict(one) for one in read] == [model_to_dict(one) for one in Trigger.objects.order_by("id")]
    assert read[0].created_at == rule.created_at, "asked for when it is looked at"
