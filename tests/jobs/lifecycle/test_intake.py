"""What comes in is kept once, as it came, and opens what the rules say."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from jobs import queries
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import planning
from jobs.lifecycle.intake import EVERY_RULE, Inbound, MissingName, NotStored, accept, candidates, fill, secrets_of
from jobs.lifecycle.job import open_job
from jobs.models import Artifact, Client, Event, Job, Receipt, Trigger
from tests.jobs.conftest import a_received_file, claimed, together
from tests.jobs.lifecycle.test_artifact import fill_the_disk

pytestmark = pytest.mark.django_db


def inbound(**changes: Any) -> Inbound:
    """A form that somebody filled in."""
    values: dict[str, Any] = {
        "source": "form",
        "external_id": "msg_1",
        "kind": "form",
        "body": b'{"name": "Lea"}',
        "sender": "lea@example.com",
        "summary": "Lea asks",
        "data": {"name": "Lea", "text": "Do you deliver?", "order": {"number": 7, "items": ["a", "b"]}},
        "headers": {"content-type": "application/json", "webhook-id": "msg_1"},
    }
    return Inbound(**values | changes)


def rule(slug: str = "contact", **columns: Any) -> Trigger:
    """A rule for forms."""
    return Trigger.objects.create(**{"name": slug.title(), "slug": slug, "source": "form"} | columns)


# accept


@pytest.mark.parametrize(
    ("templates", "changes", "outcome"),
    [
        (["{text}"], {}, "opened"),
        (["{text}", "{nobody}"], {}, "fault"),
        ([], {}, "unmatched"),
        (["{text}"], {"is_test": True}, "test"),
        ([], {"is_test": True}, "test"),
    ],
)
def test_a_receipt_says_what_it_came_to(templates: list[str], changes: dict[str, Any], outcome: str) -> None:
    rules = [rule(f"rule-{place}", brief_template=text) for place, text in enumerate(templates)]
    assert accept(inbound(**changes), rules).receipt.outcome == outcome


def test_what_no_rule_may_have_is_neither_a_fault_nor_unmatched() -> None:
    accepted = accept(inbound(), [], problems={EVERY_RULE: "Our own echo."})
    assert accepted.receipt.outcome == "ignored"


def test_a_test_opens_nothing_and_its_faults_are_kept() -> None:
    accepted = accept(inbound(is_test=True), [rule("good"), rule("bad", brief_template="{nobody}")])
    assert accepted.jobs == []
    assert not Job.objects.exists()
    assert list(Receipt.objects.get().problems) == ["bad"]


def test_a_job_may_use_the_agents_of_its_rule_alone() -> None:
    accepted = accept(inbound(), [rule("narrow", agents=["research"]), rule("wide")])
    assert [job.agents for job in accepted.jobs] == [["research"], []]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("marta@example.com", "Trattoria Lume"),
        (" Marta@Example.COM ", "Trattoria Lume"),
        ("both@example.com", "The usual"),
        ("nobody@example.com", "The usual"),
        ("", "The usual"),
        (["marta@example.com"], "The usual"),
        (None, "The usual"),
    ],
)
def test_the_client_is_found_by_the_address_that_the_rule_names(trattoria: Client, given: Any, found: str) -> None:
    trattoria.recipients = ["marta@example.com", "both@example.com"]
    trattoria.save()
    Client.objects.create(name="Other", slug="other", recipients=["both@example.com"])
    usual = Client.objects.create(name="The usual", slug="usual")
    event = inbound(sender="marta@example.com", data={"email": given, "text": "Hello"})
    (job,) = accept(event, [rule(client=usual, client_from="email")]).jobs
    assert job.client is not None
    assert job.client.name == found


def test_a_rule_that_does_not_ask_for_it_finds_no_client_from_what_a_sender_claims(trattoria: Client) -> None:
    event = inbound(sender="marta@example.com", data={"email": "marta@example.com", "text": "Hello"})
    assert accept(event, [rule()]).jobs[0].client is None


def test_what_came_in_is_kept_as_it_came() -> None:
    accepted = accept(inbound(), [])
    receipt = Receipt.objects.get()
    assert (accepted.receipt, accepted.jobs, accepted.is_new) == (receipt, [], True)
    assert bytes(receipt.body) == b'{"name": "Lea"}'
    assert receipt.sha256 == hashlib.sha256(b'{"name": "Lea"}').hexdigest()
    assert (receipt.source, receipt.external_id, receipt.sender) == ("form", "msg_1", "lea@example.com")
    assert receipt.data["order"]["number"] == 7


def test_the_headers_that_it_is_given_are_kept() -> None:
    accept(inbound(), [])
    assert Receipt.objects.get().headers == {"content-type": "application/json", "webhook-id": "msg_1"}


def test_each_rule_opens_a_job_from_its_templates(trattoria: Client) -> None:
    client_rule = rule(
        title_template="Question of {name}",
        brief_template="Answer: {text} (order {order.number})",
        client=trattoria,
        priority=1,
        budget_microusd=5,
        due_hours=24,
    )
    accepted = accept(inbound(), [client_rule, rule("archive")])
    first, second = accepted.jobs
    assert (first.title, first.brief) == ("Question of Lea", "Answer: Do you deliver? (order 7)")
    assert (first.client, first.priority, first.budget_microusd) == (trattoria, 1, 5)
    assert (first.due_at, second.due_at) == (accepted.receipt.received_at + timedelta(days=1), None)
    assert (first.receipt, first.trigger, first.data) == (accepted.receipt, client_rule, accepted.receipt.data)
    assert (first.created_by, second.created_by) == ("trigger:contact", "trigger:archive")
    assert (second.title, second.brief, second.priority) == ("Lea asks", "Do you deliver?", 2)
    assert Event.objects.filter(name="job.opened").count() == 2


def test_a_repeat_changes_nothing_and_says_what_the_first_opened() -> None:
    first = accept(inbound(), [rule()])
    repeat = accept(inbound(body=b"other bytes"), [rule("another")])
    assert (repeat.receipt, repeat.jobs, repeat.is_new) == (first.receipt, first.jobs, False)
    assert Receipt.objects.count() == Job.objects.count() == 1


def test_the_same_id_of_another_source_is_another_event() -> None:
    accept(inbound(), [])
    assert accept(inbound(source="standard"), []).is_new


def test_a_rule_that_names_what_is_not_there_opens_nothing_and_says_why() -> None:
    accepted = accept(inbound(), [rule("broken", brief_template="{nobody.knows}"), rule("sound")])
    assert [job.created_by for job in accepted.jobs] == ["trigger:sound"]
    problem = Receipt.objects.get().problems["broken"]
    assert "{nobody.knows}" in problem
    assert "kind, name, order, sender, summary, text" in problem


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_brief_that_comes_out_empty_opens_nothing_and_says_why(text: str) -> None:
    accepted = accept(inbound(data={"text": text}), [rule()])
    assert accepted.jobs == []
    assert accepted.receipt.problems == {"contact": "The rule's brief came out empty."}


def test_problems_found_before_are_kept_beside_its_own() -> None:
    accept(inbound(), [rule("broken", brief_template="{gone}")], problems={"other": "unreadable"})
    assert set(Receipt.objects.get().problems) == {"broken", "other"}


def test_long_values_are_cut_to_their_columns() -> None:
    accept(inbound(kind="k" * 300, sender="s" * 300, summary="x" * 900, headers={"user-agent": "u" * 900}), [])
    receipt = Receipt.objects.get()
    assert (len(receipt.kind), len(receipt.sender), len(receipt.summary)) == (80, 255, 300)
    assert len(receipt.headers["user-agent"]) == 500


@pytest.mark.django_db(transaction=True)
def test_ten_deliveries_of_the_same_event_at_once_open_one_job() -> None:
    trigger = rule(priority=1)
    results = together(10, lambda: accept(inbound(), [trigger]))
    assert [result.is_new for result in results].count(True) == 1
    assert {result.receipt.pk for result in results} == {Receipt.objects.get().pk}
    assert {job.pk for result in results for job in result.jobs} == {Job.objects.get().pk}


# candidates and secrets


def test_only_enabled_rules_of_the_source_are_asked() -> None:
    contact, order = rule("contact"), rule("order")
    rule("off", enabled=False)
    rule("hub", source="github")
    assert set(candidates("form")) == {contact, order}
    assert candidates("form", slug="order") == [order]
    assert candidates("form", slug="off") == []
    assert candidates("form", slug="hub") == []


def test_a_rules_secrets_are_its_own_and_change_with_their_version() -> None:
    contact, order = rule("contact"), rule("order")
    whsec, bearer = secrets_of(contact)
    assert whsec.startswith("whsec_")
    assert bearer.startswith("nd_")
    assert secrets_of(contact) == [whsec, bearer]
    assert not set(secrets_of(order)) & {whsec, bearer}
    contact.secret_version = 2
    assert not set(secrets_of(contact)) & {whsec, bearer}


def test_secrets_of_an_older_key_are_accepted_after_the_present_ones(settings: Settings) -> None:
    contact = rule()
    old = secrets_of(contact)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key for tests only, long enough to be accepted by the checks"
    now = secrets_of(contact)
    assert now[2:] == old
    assert len(set(now)) == 4


# templates


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("plain", "plain"),
        ("{name}!", "Lea!"),
        ("{order.number}", "7"),
        ("{order.items}", "a, b"),
        ("{ name } {} {1} {name:>10} {{name}}", "{ name } {} {1} {name:>10} {Lea}"),
    ],
)
def test_a_template_is_filled(template: str, filled: str) -> None:
    assert fill(template, inbound().data) == filled


def test_what_somebody_wrote_is_not_a_template_itself() -> None:
    assert fill("{text}", {"text": "{secret} {text.__class__}", "secret": "s"}) == "{secret} {text.__class__}"


@pytest.mark.parametrize(
    "template", ["{nobody}", "{name.first}", "{order.nothing}", "{order.items.a}", "{__class__}"]
)
def test_a_missing_name_is_told_with_the_names_that_there_are(template: str) -> None:
    with pytest.raises(MissingName, match=r"this event has: name, order, text"):
        fill(template, inbound().data)


def test_a_stranger_who_sends_many_names_makes_no_long_story() -> None:
    with pytest.raises(MissingName) as caught:
        fill("{nobody}", {"x" * 900 + str(number): "" for number in range(5_000)})
    assert len(str(caught.value)) < 1_200


def test_an_event_without_data_has_nothing() -> None:
    with pytest.raises(MissingName, match="has: nothing"):
        fill("{name}", {})


# candidates of an address


def test_rules_that_share_an_address_come_after_the_rule_whose_address_it_is() -> None:
    shared, own = rule("aaa", address="site"), rule("site")
    rule("elsewhere"), rule("off", address="site", enabled=False)
    assert candidates("form", slug="site") == [own, shared]
    assert candidates("form", slug="aaa") == [shared]


def test_an_address_whose_own_rule_is_off_has_none() -> None:
    rule("site", enabled=False), rule("shared", address="site")
    assert candidates("form", slug="site") == []


# files


def test_a_file_that_came_along_is_an_artifact_of_its_receipt_and_of_no_job() -> None:
    accepted = accept(inbound(files=[a_received_file()]), [rule("one"), rule("two")])
    row = Artifact.objects.get()
    assert (row.receipt, row.job, row.task, row.kind) == (accepted.receipt, None, None, "received")
    assert (row.name, row.media_type, row.made_by, row.size) == ("menu.csv", "text/csv", "lea@example.com", 6)
    assert row.is_untrusted
    assert artifacts.load(row.sha256) == b"soup,7"
    for job in accepted.jobs:
        assert queries.received_with(job) == [row]


def test_a_repeat_brings_no_file_twice() -> None:
    for _ in range(2):
        accept(inbound(files=[a_received_file()]), [rule("contact")] if not Trigger.objects.exists() else [])
    assert Artifact.objects.count() == 1


def test_where_a_file_cannot_be_stored_nothing_is_kept(settings: Settings) -> None:
    fill_the_disk(settings)
    with pytest.raises(NotStored, match="No space left"):
        accept(inbound(files=[a_received_file()]), [rule()])
    assert not Receipt.objects.exists()
    assert not Job.objects.exists()


def test_a_job_without_an_event_came_with_nothing(job: Job) -> None:
    accept(inbound(files=[a_received_file()]), [])
    assert queries.received_with(job) == []


def test_both_halves_of_a_split_have_the_files_and_a_follow_up_has_not() -> None:
    (whole,) = accept(inbound(files=[a_received_file()]), [rule(priority=1)]).jobs
    parts = planning.split(claimed(), [("A", "Do A."), ("B", "Do B.")], reason="Two.", by="orchestrator")
    assert [len(queries.received_with(part)) for part in parts] == [1, 1]
    later = open_job(title="C", brief="Do C.", by="agent:research", parent=whole, depth=1)
    assert queries.received_with(later) == []
