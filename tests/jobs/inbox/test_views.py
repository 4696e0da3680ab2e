"""The inbox over HTTP: what a person reads, and each verb behind its form."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.models import Client, Delivery, Job, Review
from tests.jobs.conftest import a_rule, claimed, document_result, done, sending
from tests.jobs.inbox.conftest import several

pytestmark = pytest.mark.django_db

VERBS = ["approve", "edit", "revise", "decline", "answer", "retry", "resolve", "snooze", "undo"]
VERBS += ["acknowledge", "run_now"]


def page(desk: Browser, review: Review, query: str = "") -> str:
    return desk.get(reverse("inbox:item", args=[review.pk]) + query).content.decode()


def post(desk: Browser, verb: str, review: Review, **fields: Any) -> Any:
    data = {"version": review.version, **fields}
    return desk.post(reverse(f"inbox:{verb}", args=[review.pk]), data)


def test_the_inbox_opens_its_first_item(desk: Browser, message: Review) -> None:
    response = desk.get("/", follow=True)
    text = response.content.decode()
    assert response.redirect_chain == [("/inbox/", 302)]
    assert "<title>(1) Inbox" in text
    assert "Sends to marta@example.com" in text
    assert "Hello Marta" in text


def test_an_empty_inbox_is_all_clear(desk: Browser) -> None:
    assert "All clear" in desk.get("/inbox/").content.decode()


def test_a_message_shows_recipient_subject_and_exactly_its_text(desk: Browser, message: Review) -> None:
    text = page(desk, message)
    assert '<span class="address">marta@example.com</span>' in text
    assert "<strong>Status</strong>" in text
    assert "<p>Hello Marta</p>" in text
    assert message.digest[:12] in text


def test_hostile_output_of_an_agent_is_text(desk: Browser, message: Review, owner: User) -> None:
    evil = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) ![b](https://x.example/p)"
    )
    changed = reviews.edit(message, by=owner, version=1, text=evil, subject="<b>bold</b>")
    Job.objects.update(title="<i>job</i>", brief="<script>alert(2)</script>")
    text = page(desk, changed)
    inner = text.split('<article class="pane"')[1]
    for tag in ("<script>alert", "<img src=x", 'javascript:alert(1)"', "<b>bold", "<i>job", '<img src="http'):
        assert tag not in inner
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in inner


def test_an_approval_is_bound_to_what_was_shown_and_can_be_undone(desk: Browser, message: Review) -> None:
    response = post(desk, "approve", message, digest=message.digest)
    assert response.status_code == 302
    delivery = Delivery.objects.get()
    assert delivery.state == "pending"
    assert delivery.approved_digest == message.digest
    after = desk.get("/inbox/").content.decode()
    assert "Approved: <b>Status</b>" in after
    assert reverse("inbox:undo", args=[message.pk]) in after

    assert desk.post(reverse("inbox:undo", args=[message.pk])).status_code == 302
    message.refresh_from_db()
    assert message.state == "open"
    assert Delivery.objects.get().state == "held"


def test_an_approval_goes_on_to_the_next_item_of_the_list(desk: Browser, trattoria: Client) -> None:
    first, second, third = several(trattoria, 3)
    response = post(desk, "approve", second, digest=second.digest)
    assert response.headers["Location"] == reverse("inbox:item", args=[third.pk])
    third.refresh_from_db()
    response = post(desk, "decline", third)
    assert response.headers["Location"] == reverse("inbox:item", args=[first.pk])


@pytest.mark.parametrize(("changed", "said"), [("digest", "The bytes changed"), ("version", "was changed since")])
def test_a_stale_approval_does_nothing_and_shows_the_new_state(
    desk: Browser, message: Review, changed: str, said: str
) -> None:
    fields = {"digest": message.digest, changed: "0" * 64 if changed == "digest" else 7}
    response = post(desk, "approve", message, **fields)
    assert response.status_code == 409
    assert said in response.content.decode()
    assert Delivery.objects.get().state == "held"


def test_a_second_tab_hears_who_decided(desk: Browser, message: Review) -> None:
    post(desk, "approve", message, digest=message.digest)
    response = post(desk, "approve", message, digest=message.digest)
    assert response.status_code == 409
    assert "Already approved by you" in response.content.decode()


def test_an_undo_that_comes_too_late_says_so(desk: Browser, message: Review) -> None:
    post(desk, "approve", message, digest=message.digest)
    Delivery.objects.update(ready_at=timezone.now() - datetime.timedelta(seconds=1))
    response = desk.post(reverse("inbox:undo", args=[message.pk]))
    assert response.status_code == 409
    assert "too late to undo" in response.content.decode()
    assert "data-until" not in response.content.decode(), "a dead undo is worse than none"


def test_an_edit_is_shown_before_it_can_be_approved(desk: Browser, message: Review) -> None:
    assert 'name="text"' in page(desk, message, "?show=edit")
    response = post(desk, "edit", message, subject="Better", text="Dear **Marta**\r\n")
    assert response.headers["Location"] == reverse("inbox:item", args=[message.pk])
    changed = Review.objects.get()
    assert changed.digest != message.digest
    text = page(desk, changed)
    assert "Dear <strong>Marta</strong>" in text
    assert "<strong>Better</strong>" in text
    post(desk, "approve", changed, digest=changed.digest)
    assert Delivery.objects.get().fields["subject"] == "Better"


def test_a_stale_edit_loses_no_word(desk: Browser, message: Review, owner: User) -> None:
    reviews.edit(message, by=owner, version=1, text="From the other tab", subject="Other")
    response = post(desk, "edit", message, subject="Mine", text="My long text")
    text = response.content.decode()
    assert response.status_code == 409
    assert "was changed since you looked" in text
    assert "My long text" in text
    assert 'value="Mine"' in text
    assert "From the other tab" in text
    assert 'name="version" value="2"' in text


def test_words_for_an_item_that_was_decided_are_given_back(desk: Browser, message: Review, owner: User) -> None:
    reviews.decline(message, by=owner, version=1)
    response = post(desk, "revise", message, note="Please <shorter>")
    assert response.status_code == 409
    assert "Already declined by you" in response.content.decode()
    assert "Please &lt;shorter&gt;" in response.content.decode()


def test_a_revision_needs_a_note(desk: Browser, message: Review) -> None:
    response = post(desk, "revise", message, note=" ")
    assert response.status_code == 409
    assert "Say in the note" in response.content.decode()
    assert post(desk, "revise", message, note="Shorter.").status_code == 302
    message.refresh_from_db()
    assert (message.state, message.note) == ("revising", "Shorter.")


def test_a_declined_message_never_leaves(desk: Browser, message: Review) -> None:
    assert post(desk, "decline", message, reason="Not needed.").status_code == 302
    assert Delivery.objects.get().state == "cancelled"
    assert "Not needed." in page(desk, message)


def test_a_snoozed_item_is_out_of_sight(desk: Browser, message: Review) -> None:
    assert post(desk, "snooze", message, until="tomorrow").status_code == 302
    text = desk.get("/inbox/").content.decode()
    assert "All clear" in text
    assert "Put off" in text


def test_a_question_takes_a_suggestion(desk: Browser, question: Review) -> None:
    text = page(desk, question)
    assert "Which one?" in text
    assert 'value="The calendar"' in text
    assert "its own advice" in text
    assert post(desk, "answer", question, text="The calendar").status_code == 302
    assert question.own_job.reviews.get().note == "The calendar"


def test_an_empty_answer_is_refused(desk: Browser, question: Review) -> None:
    response = post(desk, "answer", question, text="  ")
    assert response.status_code == 409
    assert "Choose an answer" in response.content.decode()


def test_a_failure_says_why_and_whether_a_retry_is_safe(desk: Browser, failure: Review) -> None:
    text = page(desk, failure)
    for words in (
        "The source answered 403.",
        "Renew the access.",
        "Nothing was written or sent.",
        "Safe: only what",
    ):
        assert words in text
    assert post(desk, "retry", failure, budget="3.50").status_code == 302
    job = Job.objects.get()
    assert job.state == "in_progress"
    assert job.budget_microusd == 3_500_000


def test_a_budget_that_is_no_money_does_nothing(desk: Browser, failure: Review) -> None:
    response = post(desk, "retry", failure, budget="a lot")
    assert response.status_code == 409
    assert Job.objects.get().state == "failed"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "silent",
            ["the slot was missed", "Not begun: it waits for your word.", "Noted: leave it out", "Run it now"],
        ),
        ("empty", ["the run made nothing", "neither a file nor a delivery", "Run it again", "completed"]),
        ("hanging", ["the run hangs", "without an end", "End it and run it again", "pending"]),
    ],
)
def test_an_alarm_names_rule_and_slot_and_what_can_be_done(
    desk: Browser, kind: str, words: list[str], request: pytest.FixtureRequest
) -> None:
    review: Review = request.getfixturevalue(kind)
    text = page(desk, review)
    for said in ("Alarm", "Look around", review.payload["label"], *words):
        assert said in text
    assert reverse("inbox:decline", args=[review.pk]) not in text
    assert reverse("inbox:trigger", args=[review.payload["rule"]]) in text
    assert post(desk, "acknowledge", review).status_code == 302
    text = page(desk, review)
    assert "Answered by owner" in text
    assert reverse("inbox:run_now", args=[review.pk]) not in text


def test_the_slot_of_an_alarm_is_run(desk: Browser, silent: Review) -> None:
    assert post(desk, "run_now", silent).status_code == 302
    assert Job.objects.get().state == "pending"
    response = post(desk, "acknowledge", silent)
    assert response.status_code == 409
    assert "Already answered by you" in response.content.decode()


@pytest.mark.parametrize(("arrived", "state"), [("yes", "delivered"), ("no", "pending")])
def test_a_message_of_unknown_fate_is_settled_by_a_person(
    desk: Browser, unknown: Review, arrived: str, state: str
) -> None:
    text = page(desk, unknown)
    assert "It arrived" in text
    assert "Hello Marta" in text
    assert post(desk, "retry", unknown).status_code == 409, "nobody may send it blindly again"
    assert post(desk, "resolve", unknown, arrived=arrived).status_code == 302
    assert Delivery.objects.get().state == state


def test_a_branch_shows_its_diff_and_tests_and_is_accepted(desk: Browser, merge: Review) -> None:
    text = page(desk, merge)
    for words in ("agent/a-branch", "shop/vat.py", "return ceil(net)", "1 passed in 0.1s", '<b class="plus">+1'):
        assert words in text
    assert post(desk, "approve", merge, digest=merge.digest).status_code == 302
    assert Job.objects.get().state == "completed"
    assert "Approved by owner" in page(desk, merge)


def test_a_diff_is_shown_as_it_was_asked_for_until_the_person_logs_out(desk: Browser, merge: Review) -> None:
    assert 'class="split"' not in page(desk, merge)
    assert post(desk, "view", merge, view="sides").headers["Location"].endswith(f"/inbox/{merge.pk}/#files")
    assert 'class="split"' in page(desk, merge)
    post(desk, "view", merge, view="unified")
    assert 'class="split"' not in page(desk, merge)


def test_a_verb_that_a_kind_does_not_have_is_refused(desk: Browser, question: Review) -> None:
    response = post(desk, "approve", question, digest="")
    assert response.status_code == 409
    assert "there is no such decision" in response.content.decode()


def test_bytes_that_changed_on_the_disk_cannot_be_approved(
    desk: Browser, message: Review, tmp_path: Any, settings: pytest.FixtureRequest
) -> None:
    sha256 = Delivery.objects.get().files[0]["sha256"]
    (tmp_path / "artifacts" / sha256[:2] / sha256).write_text("something else")
    text = page(desk, message)
    assert "cannot be read, so it cannot be approved" in text
    assert reverse("inbox:approve", args=[message.pk]) not in text


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_never_called_by_get(desk: Browser, message: Review, verb: str) -> None:
    assert desk.get(reverse(f"inbox:{verb}", args=[message.pk])).status_code == 405
    message.refresh_from_db()
    assert message.state == "open"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_needs_a_login_and_leads_back_to_the_item(message: Review, verb: str) -> None:
    response = post(Browser(), verb, message, digest=message.digest, text="x", note="x", until="2h", arrived="yes")
    assert response.status_code == 302
    assert response.headers["Location"] == f"/login/?next=/inbox/{message.pk}/"
    message.refresh_from_db()
    assert (message.state, message.snoozed_until) == ("open", None)


@pytest.mark.parametrize("path", ["/inbox/", "/inbox/1/", "/inbox/999/", "/inbox/pulse/"])
def test_pages_tell_a_stranger_nothing(message: Review, path: str, stranger: User) -> None:
    browser = Browser()
    assert browser.get(path).status_code == 302
    browser.force_login(stranger)
    assert browser.get(path).status_code == 302, "somebody who is not active is nobody"


def test_a_decision_without_the_csrf_token_is_refused(owner: User, message: Review) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(owner)
    assert post(browser, "approve", message, digest=message.digest).status_code == 403
    assert Delivery.objects.get().state == "held"


@pytest.mark.parametrize("path", ["/inbox/424242/", "/inbox/99999999999999999999/"])
def test_an_item_that_is_not_there_is_not_found(desk: Browser, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_every_page_carries_the_strict_policy(desk: Browser, message: Review) -> None:
    response = desk.get("/inbox/")
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    text = response.content.decode()
    assert " style=" not in text
    assert " onclick=" not in text
    assert "<script>" not in text


def test_the_inbox_needs_as_many_queries_for_thirty_items_as_for_three(desk: Browser, trattoria: Client) -> None:
    several(trattoria, 3)
    with CaptureQueriesContext(connection) as few:
        desk.get("/inbox/")
    several(trattoria, 27)
    with CaptureQueriesContext(connection) as many:
        desk.get("/inbox/")
    assert len(many) == len(few)
    assert len(many) <= 14


def test_the_pulse_is_silent_while_nothing_happens(desk: Browser, message: Review) -> None:
    first = desk.get("/inbox/pulse/")
    assert first.json()["waiting"] == 1
    again = desk.get("/inbox/pulse/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    post(desk, "snooze", message, until="2h")
    later = desk.get("/inbox/pulse/", headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200
    assert later.json()["waiting"] == 0


def test_a_lasting_answer_says_so_beforehand(desk: Browser, question: Review) -> None:
    assert "is remembered for" not in desk.get(f"/inbox/{question.pk}/").content.decode()
    Review.objects.filter(pk=question.pk).update(payload={**question.payload, "lasting": True})
    assert "is remembered for Trattoria Lume" in desk.get(f"/inbox/{question.pk}/").content.decode()


def test_a_question_of_one_step_can_be_left_out(desk: Browser, planned: Callable[..., Job]) -> None:
    planned()
    asked = tasks.ask(claimed(), question="Which?", suggestions=["a", "b"], recommended=0, by="agent:code")
    text = desk.get(f"/inbox/{asked.pk}/").content.decode()
    assert "Leave this step out" in text
    assert "End the job" not in text


def test_what_an_edit_changed_is_said_in_words_too(desk: Browser, message: Review, owner: User) -> None:
    reviews.edit(message, by=owner, version=1, text="Hello <b>Mario</b>")
    text = desk.get(reverse("inbox:item", args=[message.pk])).content.decode()
    assert '<ins><span class="hidden-label">added: </span>' in text
    assert "<b>Mario</b>" not in text


def test_all_clear_says_what_comes_next_and_takes_more_work(desk: Browser) -> None:
    a_rule("briefing", source="schedule", conditions={"when": "every day at 4:40", "timezone": "UTC"})
    text = desk.get("/inbox/").content.decode()
    assert "Nothing was finished overnight." in text
    assert "Lately done" not in text
    assert "Next run" in text
    assert "Briefing." in text
    assert 'href="/jobs/new/"' in text


def test_all_clear_leads_to_what_was_done(desk: Browser, planned: Callable[..., Job]) -> None:
    job = planned()
    done(document_result())
    deliveries.land(sending(), external_id="1", url="", detail="", by="deliveries")
    job.refresh_from_db()
    assert job.state == "completed"
    text = desk.get("/inbox/").content.decode()
    assert "All clear" in text
    assert f'<a href="/jobs/{job.uid}/">{job.title}</a>' in text.partition("Lately done")[2]
