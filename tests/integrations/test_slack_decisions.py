"""People decide in Slack what they could decide on the pages, once, and see there what came of it."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from integrations import slack_decisions, workers
from integrations.slack.target import SlackTarget
from jobs import pool, queue
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle import review as verbs
from jobs.lifecycle.item import open_review
from jobs.models import Client, Delivery, Event, Job, Receipt, Review
from jobs.states import ReviewKind
from tests.emulators.slack import TOKEN, Json, SlackEmulator
from tests.emulators.slack_people import Heard, People
from tests.jobs.conftest import STEP, a_rule, at_once, claimed, done, message_result
from tests.jobs.people import person

pytestmark = pytest.mark.django_db

WISH = {"events": ["job.*", "review.*", "delivery.delivered"], "cards": ["job", "review"]}


@pytest.fixture(autouse=True)
def desk(slack: SlackEmulator, people: People, owner: User, settings: Settings) -> None:
    """Slack is told of jobs and reviews; U1 is the owner, U2 somebody who has left, U3 nobody."""
    User.objects.create_user("left", is_active=False)
    settings.TARGETS = {**settings.TARGETS, "slack": {"token": TOKEN, "channel": "C1", "base_url": slack.base_url}}
    settings.NOTICES = {"slack": WISH}
    settings.DESKS["slack"]["approvers"] = {"U1": "owner", "U2": "left", "U4": person("read-only").username}
    workers._target.cache_clear()


@pytest.fixture
def message(trattoria: Client) -> Review:
    """A message to a client that waits for its owner."""
    return waiting("Hello Marta")


def waiting(text: str) -> Review:
    jobs.open_job(title="Winter page", brief="Write it.", by="test", client=Client.objects.get())
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result(text))
    return Review.objects.get(state="open")


def carried_out() -> None:
    """Everything that is due has been delivered."""
    Delivery.objects.filter(state="pending", kind="notice").update(ready_at=timezone.now())
    while found := queue.claim_delivery(1) or queue.claim_delivery(2):
        workers.carry_out(found, pool.Pulse("deliveries"))


def card(slack: SlackEmulator, name: str) -> Json:
    """The one message of a card."""
    carried_out()
    found = [one for one in slack.posts("C1") if one["metadata"]["event_payload"]["card"] == name]
    assert len(found) == 1
    return found[0]


def shown(slack: SlackEmulator, review: Review) -> Json:
    return card(slack, f"review:{review.pk}")


def told(slack: SlackEmulator) -> list[str]:
    """What was said to somebody alone."""
    answers = [post for one in slack.answers.values() for post in one.posts]
    assert all(one["response_type"] == "ephemeral" and one["replace_original"] is False for one in answers)
    return [one["text"] for one in answers]


def words(message: Json) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def names(message: Json) -> set[str]:
    return {one.get("action_id", "") for block in message["blocks"] for one in block.get("elements", [])}


def test_one_message_follows_a_job_to_its_end(slack: SlackEmulator, message: Review, people: People) -> None:
    job = f"job:{message.job_id}"
    assert "Needs you" in card(slack, job)["text"]
    people.click(shown(slack, message), "review.approve")
    Delivery.objects.filter(kind="client_message").update(ready_at=timezone.now())
    carried_out()
    assert card(slack, job)["text"] == "Done: Winter page"
    assert "message to the client by mail" in words(card(slack, job))
    assert Job.objects.get().state == "completed"


def test_an_approval_is_the_owner_s_and_bound_to_what_was_shown(
    slack: SlackEmulator, message: Review, people: People, owner: User
) -> None:
    assert people.click(shown(slack, message), "review.approve").status == 200
    message.refresh_from_db()
    assert (message.state, message.decided_by) == ("approved", owner)
    assert message.deliveries.get().approved_digest == message.digest
    assert Event.objects.get(name="review.approved").actor == "slack:U1"
    outcome = shown(slack, message)
    assert "Approved by owner" in words(outcome)
    assert names(outcome) & {"review.approve", "review.revise"} == set()
    assert Receipt.objects.get(kind="block_actions").outcome == "ignored"


def test_what_was_changed_since_is_not_approved(slack: SlackEmulator, message: Review, people: People) -> None:
    old = dict(shown(slack, message))
    verbs.edit(message, by=User.objects.get(username="owner"), version=1, text="Hello Marta and Tom")
    people.click(old, "review.approve")
    message.refresh_from_db()
    assert message.state == "open"
    assert "changed since you looked" in told(slack)[0]
    assert "Hello Marta and Tom" in words(shown(slack, message))
    people.click(shown(slack, message), "review.approve")
    message.refresh_from_db()
    assert message.state == "approved"


def test_a_second_press_hears_who_was_first(slack: SlackEmulator, message: Review, people: People) -> None:
    old = dict(shown(slack, message))
    for _ in range(2):
        people.click(old, "review.approve")
    assert [said for said in told(slack) if said.startswith("Already approved by you")]
    assert Event.objects.filter(name="review.approved").count() == 1


@pytest.mark.parametrize("user", ["U2", "U3", "U9"])
def test_who_is_not_named_decides_nothing(slack: SlackEmulator, message: Review, people: People, user: str) -> None:
    for press in ("review.approve", "review.revise"):
        people.click(shown(slack, message), press, user=user)
    assert told(slack) == ["You may read this here, not decide it: SLACK_APPROVERS does not name you."] * 2
    view = {"id": "V1", "callback_id": "review.revision", "private_metadata": f"{message.pk}:1:{message.digest}"}
    block = {"type": "input", "block_id": "words", "element": {"action_id": "words"}}
    heard = people.submit({**view, "blocks": [block]}, {"words": "Shorter"}, user=user)
    assert heard.json()["response_action"] == "errors"
    message.refresh_from_db()
    assert (message.state, slack.views) == ("open", [])


def test_who_is_named_and_may_only_read_decides_nothing(
    slack: SlackEmulator, message: Review, people: People
) -> None:
    for press in ("review.approve", "review.revise"):
        people.click(shown(slack, message), press, user="U4")
    assert told(slack) == ["You may read this here, not decide it: your account has not the right to decide."] * 2
    message.refresh_from_db()
    assert (message.state, slack.views) == ("open", [])


def test_a_revision_is_asked_for_in_a_window(slack: SlackEmulator, message: Review, people: People) -> None:
    people.click(shown(slack, message), "review.revise")
    (view,) = slack.views
    refused = people.submit(view, {"words": "  "})
    assert refused.json() == {
        "response_action": "errors",
        "errors": {"words": "Say in the note what should be different."},
    }
    heard = people.submit(view, {"words": "Shorter, <please>"})
    assert (heard.status, heard.body) == (200, b"")
    message.refresh_from_db()
    assert (message.state, message.note) == ("revising", "Shorter, <please>")
    assert "Sent back for a revision" in words(shown(slack, message))
    stale = people.submit(view, {"words": "Longer"})
    assert "Already revising" in stale.json()["errors"]["words"]


@pytest.fixture
def question(trattoria: Client) -> Review:
    """A job that stands still for an answer."""
    jobs.open_job(title="Menu", brief="Write it.", by="test", client=trattoria)
    planning.ask(claimed(), question="Which season?", suggestions=["Autumn", "Winter"], recommended=0, by="test")
    return Review.objects.get()


def test_a_question_is_answered_by_a_button(slack: SlackEmulator, question: Review, people: People) -> None:
    people.click(shown(slack, question), "review.answer.1")
    question.refresh_from_db()
    assert (question.state, question.note) == ("answered", "Winter")
    assert Job.objects.get().answers[0]["answer"] == "Winter"
    assert "Answered by owner" in words(shown(slack, question))
    people.click({**shown(slack, question), "blocks": old_blocks(question)}, "review.answer.0")
    assert told(slack)[0].startswith("Already answered by you")


def old_blocks(review: Review, action: str = "review.answer.0") -> list[Json]:
    """What stood there before."""
    button = {"type": "button", "action_id": action, "value": f"{review.pk}:1:{review.digest}"}
    return [{"type": "actions", "block_id": "b", "elements": [button]}]


def test_a_question_is_answered_in_own_words(slack: SlackEmulator, question: Review, people: People) -> None:
    people.click(shown(slack, question), "review.other")
    people.submit(slack.views[0], {"words": "Both, in two pages"})
    question.refresh_from_db()
    assert (question.state, question.note) == ("answered", "Both, in two pages")


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("review.answer.7", "{pk}:1:"),
        ("review.answer.-1", "{pk}:1:"),
        ("review.answer.x", "{pk}:1:"),
        ("review.approve", "{pk}:1:"),
        ("review.noted", "{pk}:1:"),
        ("review.answer.0", "999999:1:"),
        ("review.answer.0", "{pk}"),
        ("review.answer.0", ""),
        ("review.answer.0", "{pk}:2:"),
    ],
)
def test_what_no_button_of_ours_says_does_nothing(
    slack: SlackEmulator, question: Review, people: People, action: str, value: str
) -> None:
    blocks = old_blocks(question, action)
    blocks[0]["elements"][0]["value"] = value.format(pk=question.pk)
    assert people.click({"ts": "1.0", "blocks": blocks}, action).status == 200
    question.refresh_from_db()
    assert question.state == "open"
    assert len(told(slack)) == 1


def test_a_button_that_leads_to_a_page_does_nothing_here(
    slack: SlackEmulator, message: Review, people: People
) -> None:
    assert people.click(shown(slack, message), "open").status == 200
    assert people.interact({"type": "view_closed", "user": {"id": "U1"}, "view": {}}).status == 200
    assert told(slack) == []


def test_a_window_that_does_not_open_is_told(slack: SlackEmulator, message: Review, people: People) -> None:
    pressed = people.pressed(shown(slack, message), "review.revise")
    slack.age(4)
    assert people.interact(pressed).status == 200
    assert told(slack) == ["The window could not be opened. Press once more, or decide it on its page."]


def test_a_slack_that_hears_no_refusal_gets_its_answer_all_the_same(
    slack: SlackEmulator, message: Review, people: People
) -> None:
    pressed = people.pressed(shown(slack, message), "review.approve", user="U9")
    for url in (
        f"{slack.url}/response/gone",
        "http://169.254.169.254/response/x",
        "",
        "http://127.0.0.1:9/response/",
    ):
        again = {**pressed, "trigger_id": slack.new_trigger(), "response_url": url}
        assert people.interact(again).status == 200
    assert [seen.status for seen in slack.journal if seen.req.path.startswith("/response/")] == [404]


@pytest.mark.django_db(transaction=True)
def test_a_press_here_and_one_on_the_page_are_one_decision(
    slack: SlackEmulator, people: People, trattoria: Client, owner: User
) -> None:
    for number in range(4):
        review = waiting(f"Hello Marta, {number}")
        message = dict(shown(slack, review))

        def here(message: Json = message) -> Heard:
            return people.click(message, "review.approve")

        def there(review: Review = review) -> Any:
            return verbs.decline(review, by=owner, version=review.version)

        answers = at_once(here, there, here)
        assert [one.status for one in answers if isinstance(one, Heard)] == [200, 200]
        decided = Event.objects.filter(row=review.pk, name__in=["review.approved", "review.declined"])
        assert decided.count() == 1
        review.refresh_from_db()
        assert (review.state == "approved") is not (answers[1] is None)
        assert ("Approved" if review.state == "approved" else "Declined") in words(shown(slack, review))
        Delivery.objects.filter(state="pending").update(ready_at=timezone.now())


def test_a_job_asked_for_in_slack_is_followed_in_its_thread(slack: SlackEmulator, people: People) -> None:
    a_rule("slack", source="slack", priority=1)
    people.say("look at the menu")
    carried_out()
    (reply,) = slack.posts("C1")
    assert reply["thread_ts"] == slack.channels["C1"].messages[0]["ts"]
    assert reply["text"] == "Accepted: look at the menu"


def test_slack_down_delays_nothing_else(slack: SlackEmulator, message: Review, owner: User) -> None:
    slack.fault("/api/", "status", times=50, status=503, raw=b"", ctype="text/html")
    carried_out()
    verbs.approve(message, by=owner, version=1, digest=message.digest)
    Delivery.objects.filter(kind="client_message").update(ready_at=timezone.now())
    carried_out()
    assert Delivery.objects.get(kind="client_message").state == "delivered"
    assert Job.objects.get().state == "completed"
    assert not slack.posts("C1")
    slack.faults.clear()


def test_a_failure_and_an_alarm_are_told_too(slack: SlackEmulator, people: People, trattoria: Client) -> None:
    jobs.open_job(title="Menu", brief="Write it.", by="test", client=trattoria)
    planning.fail(claimed(), cause="The model <is> gone", fix="Set the key.", by="test")
    review = Review.objects.get()
    message = shown(slack, review)
    assert "The model &lt;is&gt; gone" in words(message)
    assert "Set the key." in words(message)
    assert names(message) == {"", "open"}
    alarm = open_review(review.job, ReviewKind.ALARM, title="Silent", consequence="Nothing came.", payload={})
    people.click(shown(slack, alarm), "review.noted")
    alarm.refresh_from_db()
    assert (alarm.state, alarm.note) == ("answered", "acknowledged")


def test_another_slack_s_answers_go_there_and_to_slack_alone(settings: Settings) -> None:
    settings.DESKS = {"slack": {"base_url": "https://slack.com/api"}}
    assert slack_decisions._own_responses() == "https://slack.com/response/"
    assert SlackTarget.kinds == {"notice"}
