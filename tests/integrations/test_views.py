"""The webhook route: what is kept, what is opened, what the sender hears."""

import datetime
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from django.test import Client as Browser

from integrations import signatures
from jobs import spool
from jobs.lifecycle.intake import secrets_of
from jobs.models import Client, Event, Job, Receipt, Trigger
from tests.integrations.github.test_source import ISSUE
from tests.jobs.conftest import together

pytestmark = pytest.mark.django_db

EVENT = {"type": "contact.created", "data": {"name": "Marta Lume", "message": "Please call."}}


@pytest.fixture
def rule(trattoria: Client) -> Trigger:
    """An address of its own for one sender."""
    return Trigger.objects.create(
        name="Contacts", slug="contacts", source="standard", client=trattoria, priority=1, brief_template="{text}"
    )


@pytest.fixture
def form(trattoria: Client) -> Trigger:
    """The address of the form on the client's site."""
    return Trigger.objects.create(name="Site", slug="site", source="form", client=trattoria)


@pytest.fixture
def issues() -> Trigger:
    """A rule for labelled issues."""
    conditions = {"event": "issues.labeled", "label": "nightdesk"}
    return Trigger.objects.create(name="Issues", slug="issues", source="github", conditions=conditions)


def post(rule: Trigger, body: Any = EVENT, *, event: str = "evt-1", secret: str | None = None, **more: str) -> Any:
    """What the sender of a signed event hears."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(time.time()))
    key = signatures.key_of(secret or secrets_of(rule)[0])
    headers = {
        "webhook-id": event,
        "webhook-timestamp": stamp,
        "webhook-signature": signatures.sign(key, event, stamp, content),
        **more,
    }
    return send(f"/hooks/{rule.source}/{rule.slug}/", content, headers)


def send(path: str, body: bytes, headers: dict[str, str]) -> Any:
    """The answer to a POST of these bytes."""
    return Browser().post(path, body, content_type="application/json", headers=headers)


def github(body: bytes, *, delivery: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958") -> Any:
    """What GitHub hears."""
    secret = django_settings.SOURCE_SECRETS["github"][0].encode()
    headers = {
        "x-github-event": "issues",
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}",
    }
    return send("/hooks/github/", body, headers)


def refused(response: Any, status: int, code: str) -> str:
    """The detail of a refusal, of which nothing was kept."""
    assert response.status_code == status, response.content
    said: dict[str, str] = response.json()
    assert set(said) == {"error", "detail"}
    assert said["error"] == code
    assert not Receipt.objects.exists()
    assert not Job.objects.exists()
    return said["detail"]


def test_an_event_becomes_a_receipt_and_its_job(rule: Trigger) -> None:
    response = post(rule)
    receipt, job = Receipt.objects.get(), Job.objects.get()
    assert response.status_code == 202
    assert response.json() == {"receipt": receipt.pk, "jobs": [job.pk]}
    assert bytes(receipt.body) == json.dumps(EVENT).encode()
    assert receipt.sha256 == hashlib.sha256(receipt.body).hexdigest()
    assert (receipt.source, receipt.external_id, receipt.kind) == ("standard", "contacts:evt-1", "contact.created")
    assert (job.brief, job.client, job.priority, job.receipt) == ("Please call.", rule.client, 1, receipt)


def test_proofs_are_not_among_the_headers_that_are_kept(form: Trigger) -> None:
    token = secrets_of(form)[1]
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "k1", "user-agent": "site/1"}
    assert send("/hooks/form/site/", b'{"text": "Hello"}', headers).status_code == 202
    kept = Receipt.objects.get().headers
    assert kept["user-agent"] == "site/1"
    assert token not in json.dumps(kept)


def test_a_repeat_hears_the_same_and_opens_nothing(rule: Trigger) -> None:
    first = post(rule)
    events = Event.objects.count()
    again = post(rule)
    assert again.status_code == 200
    assert again.json() == first.json()
    assert (Receipt.objects.count(), Job.objects.count(), Event.objects.count()) == (1, 1, events)


def test_the_same_id_at_another_address_is_another_event(rule: Trigger, form: Trigger) -> None:
    other = Trigger.objects.create(name="Others", slug="others", source="standard")
    assert [post(address).status_code for address in (rule, other)] == [202, 202]
    assert Receipt.objects.count() == 2


@pytest.mark.parametrize("size", [200, 255])
def test_a_long_id_is_kept_apart_from_one_that_begins_alike(rule: Trigger, size: int) -> None:
    ids = ["x" * (size - 1) + end for end in "ab"]
    assert [post(rule, event=event).status_code for event in ids] == [202, 202]
    assert [post(rule, event=event).status_code for event in ids] == [200, 200]


def test_an_event_that_no_rule_wants_is_kept_all_the_same(issues: Trigger) -> None:
    unlabelled = json.dumps({**ISSUE, "label": {"id": 1, "name": "later"}}).encode()
    response = github(unlabelled)
    assert response.status_code == 202
    assert response.json() == {"receipt": Receipt.objects.get().pk, "jobs": []}


def test_one_event_may_meet_several_rules(issues: Trigger) -> None:
    issues.pk, issues.slug = None, "issues-too"
    issues._state.adding = True
    issues.save()
    response = github(json.dumps(ISSUE).encode())
    assert len(response.json()["jobs"]) == Job.objects.count() == 2


def test_a_rule_that_cannot_be_read_keeps_no_other_from_its_event(issues: Trigger) -> None:
    Trigger.objects.create(name="Broken", slug="broken", source="github", conditions={"event": "issues.eaten"})
    response = github(json.dumps(ISSUE).encode())
    assert response.status_code == 202
    assert len(response.json()["jobs"]) == 1
    problems = Receipt.objects.get().problems
    assert set(problems) == {"broken"}
    assert "event" in problems["broken"]


def test_a_rule_that_names_what_is_not_there_says_so_on_the_receipt(rule: Trigger) -> None:
    Trigger.objects.update(brief_template="{telephone}")
    assert post(rule).json()["jobs"] == []
    assert "{telephone}" in Receipt.objects.get().problems["contacts"]


def test_a_large_event_of_github_is_taken(issues: Trigger) -> None:
    issue = {**ISSUE["issue"], "body": "x" * 3_000_000}
    assert github(json.dumps({**ISSUE, "issue": issue}).encode()).status_code == 202
    assert len(Receipt.objects.get().body) > 3_000_000


@pytest.mark.parametrize("path", ["standard/nobody/", "form/contacts/", "standard/asleep/"])
def test_an_address_without_an_enabled_rule_is_not_found(rule: Trigger, path: str) -> None:
    Trigger.objects.create(name="Asleep", slug="asleep", source="standard", enabled=False)
    detail = refused(send(f"/hooks/{path}", b"{}", {}), 404, "unknown_trigger")
    assert "no enabled" in detail


def test_an_unknown_source_is_not_found() -> None:
    assert send("/hooks/fax/anything/", b"{}", {}).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
@pytest.mark.parametrize("path", ["github/", "standard/contacts/"])
def test_another_method_than_post_is_not_allowed(rule: Trigger, method: str, path: str) -> None:
    response = getattr(Browser(), method)(f"/hooks/{path}")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


def test_another_key_is_no_proof(rule: Trigger, form: Trigger) -> None:
    refused(post(rule, secret=secrets_of(form)[0]), 401, "bad_signature")


def test_a_changed_body_is_no_proof(rule: Trigger) -> None:
    other = signatures.sign(signatures.key_of(secrets_of(rule)[0]), "evt-1", str(int(time.time())), b"{}")
    refused(post(rule, **{"webhook-signature": other}), 401, "bad_signature")


def test_an_old_event_is_no_proof(rule: Trigger) -> None:
    stamp = str(int(time.time()) - 301)
    body = json.dumps(EVENT).encode()
    signature = signatures.sign(signatures.key_of(secrets_of(rule)[0]), "evt-1", stamp, body)
    detail = refused(
        post(rule, **{"webhook-timestamp": stamp, "webhook-signature": signature}), 401, "bad_signature"
    )
    assert "5 minutes" in detail


def test_a_new_secret_ends_the_old_one(rule: Trigger) -> None:
    old = secrets_of(rule)[0]
    Trigger.objects.update(secret_version=2)
    refused(post(rule, secret=old), 401, "bad_signature")
    rule.refresh_from_db()
    assert post(rule).status_code == 202


def test_without_a_secret_nothing_of_github_is_believed(issues: Trigger, settings: Any) -> None:
    body = json.dumps(ISSUE).encode()
    signed = {"x-hub-signature-256": f"sha256={hmac.new(b'', body, hashlib.sha256).hexdigest()}"}
    settings.SOURCE_SECRETS = {"github": []}
    assert "No secret is set" in refused(send("/hooks/github/", body, signed), 401, "bad_signature")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"type": "contact.created", "data": {"mess', "not valid JSON"),
        (b" ", "empty"),
        (b"[1, 2]", "a list"),
        (b'{"type": "a\x00b"}', "NUL"),
        (b'{"type": "a\\u0000b"}', "NUL"),
        (b'{"type": "\xff"}', "UTF-8"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested"),
    ],
    ids=["half", "empty", "a list", "NUL byte", "NUL character", "not UTF-8", "deep"],
)
def test_a_body_that_is_not_what_it_says_is_malformed(rule: Trigger, body: bytes, said: str) -> None:
    assert said in refused(post(rule, body), 400, "malformed")


@pytest.mark.parametrize("address", ["github/", "standard/contacts/", "form/site/"])
def test_thirty_megabytes_are_too_many(rule: Trigger, form: Trigger, address: str) -> None:
    refused(send(f"/hooks/{address}", b" " * 30_000_000, {}), 413, "too_large")


def test_a_body_at_the_limit_is_taken(form: Trigger) -> None:
    body = json.dumps({"text": "x"}).encode().ljust(256_000)
    headers = {"authorization": f"Bearer {secrets_of(form)[1]}"}
    assert send("/hooks/form/site/", body, headers).status_code == 202
    refused_one = send("/hooks/form/site/", body + b" ", headers)
    assert refused_one.status_code == 413


def test_a_sender_needs_neither_cookie_nor_token_of_ours(rule: Trigger) -> None:
    content = json.dumps(EVENT).encode()
    browser = Browser(enforce_csrf_checks=True)
    response = browser.post("/hooks/standard/contacts/", content, content_type="application/json")
    refused(response, 401, "bad_signature")


@pytest.mark.django_db(transaction=True)
def test_the_receipt_is_committed_before_the_sender_hears_of_it(rule: Trigger) -> None:
    response = post(rule)
    (seen,) = together(1, lambda: list(Receipt.objects.values_list("pk", flat=True)))
    assert seen == [response.json()["receipt"]]


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_are_one_event(rule: Trigger) -> None:
    answers = together(10, lambda: post(rule))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [202]
    assert len({answer.content for answer in answers}) == 1
    assert (Receipt.objects.count(), Job.objects.count()) == (1, 1)


@contextmanager
def occupied() -> Iterator[None]:
    """The table of receipts is held by someone else, and this connection's patience is short."""
    patience = "SET lock_timeout = '50ms'" if connection.vendor == "postgresql" else "PRAGMA busy_timeout = 50"
    with connection.cursor() as cursor:
        cursor.execute(patience)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            if other.vendor == "postgresql":
                other.set_autocommit(False)
                cursor.execute("LOCK TABLE jobs_receipt IN ACCESS EXCLUSIVE MODE")
            else:
                cursor.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_not_to_be_had_asks_the_sender_to_come_again(
    rule: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MOST_FILES", 0)
    with occupied():
        response = post(rule)
    assert response.status_code == 503
    assert response.json()["error"] == "unavailable"
    assert post(rule).status_code == 202
    # The next test has its patience again.
    connection.close()


def test_an_event_keeps_the_time_at_which_it_came(rule: Trigger) -> None:
    before = datetime.datetime.now(datetime.UTC)
    post(rule)
    assert before <= Receipt.objects.get().received_at <= datetime.datetime.now(datetime.UTC)
