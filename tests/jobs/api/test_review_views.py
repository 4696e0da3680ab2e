"""Reviews over the API: what is shown is what is decided."""

import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import queries
from jobs.lifecycle import restoration
from jobs.lifecycle import review as reviews
from jobs.lifecycle import token as tokens
from jobs.models import Client, Delivery, Event, Job, Review
from jobs.models.token import DECIDE_REVIEWS
from tests.jobs.api.conftest import Caller, problem
from tests.jobs.inbox.conftest import several

pytestmark = pytest.mark.django_db


def decide(caller: Caller, verb: str, review: Review, **changes: Any) -> Any:
    body = {"version": review.version, "digest": review.digest, **changes}
    return caller.post(f"reviews/{review.pk}/{verb}/", body)


def test_a_message_is_shown_with_all_that_would_leave(caller: Caller, message: Review) -> None:
    shown = caller.get(f"reviews/{message.pk}/").json()
    assert (shown["kind"], shown["state"], shown["title"]) == ("message", "open", "Status")
    assert (shown["digest"], shown["version"]) == (message.digest, 1)
    (delivery,) = shown["deliveries"]
    assert delivery["facts"] == {"subject": "Status", "to": ["marta@example.com"]}
    sha256 = delivery["files"][0]["sha256"]
    assert caller.get(f"artifacts/{sha256}/").content == b"Hello Marta"


def test_the_list_shows_what_waits(caller: Caller, trattoria: Client, owner: User) -> None:
    first, second, _third = several(trattoria, 3)
    reviews.decline(second, by=owner, version=1)
    rows = caller.get("reviews/").json()["results"]
    assert [row["title"] for row in rows] == ["Status 0", "Status 2"]
    assert (rows[0]["id"], rows[0]["due_at"]) == (first.pk, None)
    (declined,) = caller.get("reviews/", state="declined").json()["results"]
    assert (declined["id"], declined["decided_by"]) == (second.pk, "owner")


def test_the_list_has_the_order_of_the_inbox_page_by_page(
    caller: Caller, trattoria: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    rows = several(trattoria, 5)
    due_at = timezone.now() + datetime.timedelta(hours=2)
    Review.objects.filter(pk=rows[3].pk).update(due_at=due_at)
    Review.objects.filter(pk=rows[4].pk).update(stake=1)
    found, page = [], caller.get("reviews/").json()
    assert datetime.datetime.fromisoformat(page["results"][0]["due_at"]) == due_at
    while True:
        found += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        cursor = parse_qs(urlsplit(page["next"]).query)["cursor"][0]
        page = caller.get("reviews/", cursor=cursor).json()
    assert found == [row.pk for row in queries.open_reviews(timezone.now())]
    assert found[:2] == [rows[3].pk, rows[4].pk]


def test_a_list_needs_as_many_queries_for_ten_items_as_for_one(caller: Caller, trattoria: Client) -> None:
    several(trattoria, 1)
    caller.get("reviews/")
    with CaptureQueriesContext(connection) as few:
        caller.get("reviews/")
    several(trattoria, 9)
    with CaptureQueriesContext(connection) as many:
        caller.get("reviews/")
    assert len(many) == len(few)


def test_an_approval_is_the_persons_and_the_history_names_the_token(
    decider: Caller, caller: Caller, message: Review, owner: User
) -> None:
    response = decide(decider, "approve", message)
    assert response.status_code == 200
    shown = response.json()
    assert (shown["state"], shown["decided_by"]) == ("approved", "owner")
    assert (shown["deliveries"][0]["state"], shown["deliveries"][0]["delivered_at"]) == ("pending", None)
    assert datetime.datetime.fromisoformat(shown["deliveries"][0]["ready_at"]) > timezone.now()
    message.refresh_from_db()
    assert message.decided_by == owner
    actors = set(Event.objects.filter(name__in=["review.approved", "delivery.released"]).values_list("actor"))
    assert actors == {("api:decider",)}
    names = [row["actor"] for row in caller.get(f"jobs/{message.own_job.uid}/events/").json()["results"]]
    assert "api:decider" in names


@pytest.mark.parametrize("verb", ["approve", "decline", "revise", "undo"])
@pytest.mark.parametrize("changes", [{"digest": "0" * 64}, {"digest": ""}, {"version": 2}])
def test_a_decision_on_something_else_than_was_shown_does_nothing(
    caller: Caller, message: Review, verb: str, changes: dict[str, Any], owner: User
) -> None:
    if verb == "undo":
        reviews.approve(message, by=owner, version=1, digest=message.digest)
    words = {"note": "Shorter."} if verb == "revise" else {}
    before = list(Delivery.objects.values())
    problem(decide(caller, verb, message, **words, **changes), "stale", 409)
    assert list(Delivery.objects.values()) == before


@pytest.mark.parametrize("verb", ["approve", "decline", "revise", "answer", "acknowledge", "run", "undo"])
def test_a_decision_without_what_was_shown_is_refused(caller: Caller, message: Review, verb: str) -> None:
    found = problem(caller.post(f"reviews/{message.pk}/{verb}/", {}), "invalid", 400)
    assert {"/version", "/digest"} <= {error["pointer"] for error in found["errors"]}


def test_an_item_that_was_edited_since_is_not_approved(caller: Caller, message: Review, owner: User) -> None:
    reviews.edit(message, by=owner, version=1, text="Other words")
    message.version, message.digest = 1, caller.get(f"reviews/{message.pk}/").json()["digest"]
    problem(decide(caller, "approve", message), "stale", 409)
    assert Delivery.objects.get().state == "held"


def test_what_was_decided_already_says_by_whom(caller: Caller, message: Review, owner: User) -> None:
    reviews.decline(message, by=owner, version=1)
    assert "declined by you" in problem(decide(caller, "approve", message), "stale", 409)["detail"]


def test_an_approval_is_taken_back(caller: Caller, message: Review) -> None:
    decide(caller, "approve", message)
    response = decide(caller, "undo", message)
    assert (response.status_code, response.json()["state"], response.json()["version"]) == (200, "open", 2)
    assert Delivery.objects.get().state == "held"
    assert Event.objects.get(name="review.undone").actor == "api:n8n"


def test_an_undo_that_comes_too_late_says_so(caller: Caller, message: Review) -> None:
    decide(caller, "approve", message)
    Delivery.objects.update(ready_at=timezone.now() - datetime.timedelta(seconds=1))
    assert "too late" in problem(decide(caller, "undo", message), "stale", 409)["detail"]


def test_a_message_is_declined_with_a_reason(caller: Caller, message: Review) -> None:
    response = decide(caller, "decline", message, reason="Not now.")
    assert (response.json()["state"], response.json()["note"]) == ("declined", "Not now.")
    assert Delivery.objects.get().state == "cancelled"
    assert set(Event.objects.filter(name="task.cancelled").values_list("actor", flat=True)) == {"api:n8n"}


def test_a_message_goes_back_with_a_note(caller: Caller, message: Review) -> None:
    problem(decide(caller, "revise", message), "invalid", 400)
    response = decide(caller, "revise", message, note="Shorter.")
    assert (response.json()["state"], response.json()["note"]) == ("revising", "Shorter.")
    assert Event.objects.get(name="review.revising").actor == "api:n8n"


def test_a_question_is_answered_in_the_persons_name(caller: Caller, question: Review) -> None:
    shown = caller.get(f"reviews/{question.pk}/").json()
    assert shown["payload"]["suggestions"] == ["The prints", "The calendar", "Both"]
    response = decide(caller, "answer", question, text="Both")
    assert response.json()["state"] == "answered"
    assert Job.objects.get().answers == [{"question": "Which one?", "answer": "Both", "by": "owner"}]
    assert Event.objects.get(name="job.answered").actor == "api:n8n"


def test_a_declined_failure_ends_its_job(caller: Caller, failure: Review) -> None:
    decide(caller, "decline", failure)
    assert Job.objects.get().state == "cancelled"
    assert Event.objects.get(name="job.cancelled").actor == "api:n8n"


def test_an_alarm_is_noted_in_the_persons_name(caller: Caller, silent: Review) -> None:
    assert caller.get(f"reviews/{silent.pk}/").json()["payload"]["alarm"] == "silent"
    assert decide(caller, "acknowledge", silent).json()["state"] == "answered"
    assert Job.objects.get().state == "cancelled"
    assert Event.objects.get(name="job.cancelled").actor == "api:n8n"


def test_the_slot_of_an_alarm_runs_after_all(caller: Caller, silent: Review) -> None:
    assert decide(caller, "run", silent).json()["state"] == "answered"
    assert Job.objects.get().state == "pending"
    assert Event.objects.get(name="job.resumed").actor == "api:n8n"
    assert Review.objects.get().decided_by == User.objects.get()


def test_a_merge_is_approved(caller: Caller, merge: Review) -> None:
    assert decide(caller, "approve", merge).json()["state"] == "approved"
    assert Job.objects.get().state == "completed"


def test_a_merge_by_a_token_that_may_only_decide_is_forbidden(owner: User, merge: Review) -> None:
    program = Caller(tokens.make(name="n8n", user=owner, scopes=[DECIDE_REVIEWS]).text)
    problem(decide(program, "approve", merge), "not-permitted", 403)
    merge.refresh_from_db()
    assert merge.state == "open"


def test_a_verb_that_a_kind_does_not_have_is_refused(caller: Caller, question: Review) -> None:
    problem(decide(caller, "approve", question), "refused", 409)


def test_a_message_to_nobody_is_not_approved(caller: Caller, message: Review) -> None:
    Delivery.objects.update(fields={"subject": "Status", "to": []})
    assert "no recipient" in problem(decide(caller, "approve", message), "refused", 409)["detail"]


@pytest.mark.parametrize("pk", [424242, 10**30])
def test_an_item_that_is_not_there_is_not_found(caller: Caller, pk: int) -> None:
    problem(caller.get(f"reviews/{pk}/"), "not-found", 404)
    problem(caller.post(f"reviews/{pk}/approve/", {"version": 1, "digest": ""}), "not-found", 404)


def test_what_may_have_gone_is_approved_only_with_that_said(caller: Caller, message: Review) -> None:
    assert caller.get(f"reviews/{message.pk}/").json()["in_doubt"] == ""
    restoration.settle(made_at=timezone.now(), archive="nightdesk-a")
    shown = caller.get(f"reviews/{message.pk}/").json()
    assert "It may already have gone" in shown["in_doubt"]
    said = {"version": shown["version"], "digest": shown["digest"]}
    refused = caller.post(f"reviews/{message.pk}/approve/", said)
    assert (refused.status_code, "It may already have gone" in refused.json()["detail"]) == (409, True)
    assert caller.post(f"reviews/{message.pk}/approve/", {**said, "again": True}).status_code == 200
