"""A rule is tried with a pasted event, and tested by one that takes the whole way in."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.utils.module_loading import import_string
from pytest_django import Settings

from integrations import marks, trials
from jobs.lifecycle import rule as rules
from jobs.lifecycle.intake import accept
from jobs.models import Job, Receipt, Trigger
from tests.jobs.conftest import a_rule, an_event

pytestmark = pytest.mark.django_db

FIELDS = [
    {"name": "mail", "label": "Mail", "kind": "email", "required": True},
    {"name": "size", "label": "Size", "kind": "select", "options": ["S", "L"]},
]
RULES: list[tuple[str, dict[str, Any]]] = [
    ("form", {}),
    ("form", {"fields": FIELDS}),
    ("standard", {}),
    ("standard", {"types": ["order.paid"]}),
    ("github", {"event": "issues.labeled", "label": "agent", "repository": "a/b"}),
    ("github", {"event": "pull_request.opened", "author_association": ["CONTRIBUTOR"]}),
    ("notion", {}),
    ("notion", {"event": "comment.created", "data_source": "10000000-0000-4000-8000-000000000001"}),
]


@pytest.fixture(autouse=True)
def notion(settings: Settings) -> None:
    """A Notion that can prove itself."""
    settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "notion": ["secret_token_of_notion"]}


@pytest.mark.parametrize(("source", "conditions"), RULES)
def test_a_test_event_takes_the_whole_way_in_and_opens_nothing(source: str, conditions: dict[str, Any]) -> None:
    rule = a_rule("tested", source=source, conditions=conditions)
    heard = trials.send(rule)
    receipt = Receipt.objects.get()
    assert (heard.status, heard.receipt_id, heard.answer["jobs"]) == (202, receipt.pk, [])
    assert receipt.outcome == "test"
    assert receipt.problems == {}
    assert not Job.objects.exists()
    assert rules.prospect(rule, receipt).reason == ""


def test_a_test_event_of_a_shared_address_is_proven_by_the_secrets_of_that(settings: Settings) -> None:
    a_rule("contact")
    assert trials.send(a_rule("second", address="contact")).status == 202
    assert Receipt.objects.get().address == "contact"


@pytest.mark.parametrize(
    ("source", "conditions", "named"),
    [
        ("form", {"fields": FIELDS}, {"mail", "size", "text"}),
        ("form", {}, {"name", "email", "subject", "message"}),
        ("github", {"event": "issues.labeled"}, {"repository", "title", "label", "text"}),
        ("mail", {}, {"subject", "from", "text"}),
        ("slack", {}, {"text", "user", "channel"}),
        ("notion", {}, {"page", "text"}),
    ],
)
def test_what_a_template_may_name_is_known_before_an_event_came(
    source: str, conditions: dict[str, Any], named: set[str]
) -> None:
    assert named <= set(trials.names(source, conditions))


@pytest.mark.parametrize(("source", "conditions"), [("pigeon", {}), ("github", {}), ("form", {"fields": 3})])
def test_of_an_event_that_cannot_be_made_up_no_name_is_known(source: str, conditions: dict[str, Any]) -> None:
    assert trials.names(source, conditions) == {}


def test_each_test_event_is_one_of_its_own() -> None:
    rule = a_rule("tested")
    assert [trials.send(rule).status for _ in range(2)] == [202, 202]
    assert Receipt.objects.count() == 2


def test_the_proof_is_really_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = a_rule("tested")
    monkeypatch.setattr(trials, "_secret", lambda *_: "whsec_" + "A" * 43 + "=")
    heard = trials.send(rule)
    assert (heard.status, heard.answer["error"], heard.receipt_id) == (401, "bad_signature", None)
    assert not Receipt.objects.exists()


def test_a_rule_that_is_off_hears_that_nothing_is_at_its_address() -> None:
    heard = trials.send(a_rule("tested", enabled=False))
    assert (heard.status, heard.answer["error"]) == (404, "unknown_trigger")


def test_an_event_whose_mark_is_forged_is_an_event_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "mark", lambda body: "1")
    assert len(trials.send(a_rule("tested")).answer["jobs"]) == 1


def test_without_a_secret_no_test_event_is_sent(settings: Settings) -> None:
    settings.SOURCE_SECRETS = {"github": []}
    with pytest.raises(trials.NoTrial, match="No secret is set for github"):
        trials.send(a_rule("tested", source="github", conditions={"event": "issues.labeled"}))


def test_a_schedule_has_nothing_to_be_sent() -> None:
    with pytest.raises(LookupError, match="schedule"):
        trials.send(a_rule("tested", source="schedule", conditions={"cron": "0 6 * * *"}))


@pytest.mark.parametrize(
    ("source", "conditions", "pasted", "summary"),
    [
        ("form", {}, {"subject": "Ask", "text": "Hello"}, "Ask"),
        ("standard", {}, {"type": "paid", "data": {"title": "No 7"}}, "paid: No 7"),
        (
            "github",
            {"event": "issues.labeled"},
            {"action": "labeled", "repository": {"full_name": "a/b"}, "issue": {"number": 7, "title": "It breaks"}},
            "a/b#7: It breaks",
        ),
    ],
)
def test_a_pasted_event_is_read_as_its_source_reads_it(
    source: str, conditions: dict[str, Any], pasted: dict[str, Any], summary: str
) -> None:
    event = trials.read(a_rule("tried", source=source, conditions=conditions), json.dumps(pasted))
    assert event.summary == summary
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("pasted", ["{", "[]", '{"a": NaN}', '{"a": "\\u0000"}', '{"a":' * 60 + "1" + "}" * 60, ""])
def test_what_is_no_event_says_why(pasted: str) -> None:
    with pytest.raises(trials.NoTrial, match=r"\w{3,} \w+"):
        trials.read(a_rule("tried"), pasted)


@pytest.mark.parametrize(
    ("source", "kind", "data", "suggested"),
    [
        ("form", "submission", {}, {}),
        ("standard", "order.paid", {}, {"types": ["order.paid"]}),
        ("standard", "event", {}, {}),
        (
            "github",
            "issues.labeled",
            {"repository": "a/b", "label": "agent"},
            {"event": "issues.labeled", "repository": "a/b", "label": "agent"},
        ),
        ("gone", "x", {}, {}),
    ],
)
def test_conditions_are_suggested(source: str, kind: str, data: dict[str, Any], suggested: dict[str, Any]) -> None:
    receipt = accept(an_event(source=source, kind=kind, data=data), []).receipt
    assert trials.suggest(receipt) == suggested


def test_every_trial_of_the_settings_resolves() -> None:
    assert all(callable(import_string(path)) for path in settings.RULE_TRIALS.values())
    assert Trigger.objects.count() == 0
