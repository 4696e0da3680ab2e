"""One message a card, whatever is lost on the way: the contract of every target, and what is Slack's own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.contracts import DeliveryError, Landed, OutcomeUnknown, Outgoing, TargetClosed
from integrations.slack.target import SlackTarget
from tests.emulators.slack import TOKEN, Json, SlackEmulator
from tests.integrations.slack.posting import Posting
from tests.integrations.slack.test_job_card import JOB
from tests.integrations.slack.test_review_card import REVIEW, a_file
from tests.integrations.target_contract import CREATED, TargetContract


class TestSlack(Posting, TargetContract):
    kind = "notice"
    fields = {"text": "All quiet."}

    @pytest.fixture(autouse=True)
    def workspace(self, slack: SlackEmulator) -> None:
        """A workspace of its own for each test."""
        self.slack = slack
        self.slack.add_channel("COLD").archived = True
        self.slack.now = CREATED.timestamp

    def make(self) -> SlackTarget:
        return SlackTarget(TOKEN, "C1", self.slack.base_url)

    def effects(self) -> int:
        return len(self.slack.posts("C1"))

    def refused_for_good(self) -> tuple[SlackTarget, Outgoing]:
        return SlackTarget(TOKEN, "COLD", self.slack.base_url), self.outgoing()

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        # What a notice says is in its fields; without any it says nothing.
        if changes.get("files") == []:
            changes["fields"] = {}
        return super().outgoing(key, **changes)

    def test_only_messages_of_ours_are_listed_the_oldest_first(self) -> None:
        first = self.make().deliver(self.outgoing())
        self.slack.write("C1", "Good morning")
        second = self.make().deliver(self.outgoing(key="job-1:2:0:1"))
        found = self.make().listing(CREATED - timedelta(days=1))
        assert [one.external_id for one in found] == [first.external_id, second.external_id]

    def test_a_channel_that_is_too_long_is_not_half_listed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("integrations.slack.history._PAGES", 2)
        self.slack.page = 2
        for number in range(4):
            self.make().deliver(self.outgoing(key=f"job-1:{number}:0:1"))
        assert len(self.make().listing(CREATED - timedelta(days=1))) == 4
        self.slack.write("C1", "One more")
        with pytest.raises(DeliveryError, match="more messages"):
            self.make().listing(CREATED - timedelta(days=1))


def target(slack: SlackEmulator) -> SlackTarget:
    return SlackTarget(TOKEN, "C1", slack.base_url)


def job_notice(number: int = 1, previous: Landed | None = None, **job: Any) -> Outgoing:
    """How job 1 stands."""
    return Outgoing(
        key=f"slack:job:1:{number}",
        kind="notice",
        card="job:1",
        fields={"job": {**JOB, "source": "form", "data": {}, **job}},
        files=[],
        previous=previous,
        created_at=datetime.now(UTC),
    )


def review_notice(number: int = 1, previous: Landed | None = None, **review: Any) -> Outgoing:
    """How review 7 stands."""
    return Outgoing(
        key=f"slack:review:7:{number}",
        kind="notice",
        card="review:7",
        fields={
            "review": {**REVIEW, **review},
            "job": {**JOB, "source": "slack", "data": {"channel": "C2", "thread": "1.2"}},
        },
        files=[a_file()],
        previous=previous,
        created_at=datetime.now(UTC),
    )


def said(message: Json) -> str:
    return str(message["text"])


def test_a_card_is_one_message_that_is_brought_up_to_date(slack: SlackEmulator) -> None:
    first = target(slack).deliver(job_notice(1, state="pending"))
    second = target(slack).deliver(job_notice(2, previous=first, state="completed"))
    assert first == second
    assert first.url.startswith("https://lume.slack.com/archives/C1/p")
    (message,) = slack.posts("C1")
    assert said(message) == "Done: Autumn menu"
    assert message["metadata"] == {
        "event_type": "nightdesk",
        "event_payload": {"card": "job:1", "key": "slack:job:1:2"},
    }


def test_two_cards_are_two_messages(slack: SlackEmulator) -> None:
    target(slack).deliver(job_notice())
    target(slack).deliver(review_notice())
    assert len(slack.posts("C1")) == 2


def test_a_lost_answer_leaves_one_message_that_is_found(slack: SlackEmulator) -> None:
    slack.fault("chat.postMessage", "lost")
    with pytest.raises(OutcomeUnknown):
        target(slack).deliver(job_notice())
    found = target(slack).find(job_notice())
    assert found
    assert found.external_id == f"C1:{slack.posts('C1')[0]['ts']}"
    assert len(slack.posts("C1")) == 1


def test_a_card_whose_first_answer_nobody_heard_is_not_posted_again(slack: SlackEmulator) -> None:
    slack.fault("chat.postMessage", "lost")
    with pytest.raises(OutcomeUnknown):
        target(slack).deliver(job_notice(1, state="pending"))
    target(slack).deliver(job_notice(2, state="completed"))
    assert [said(one) for one in slack.posts("C1")] == ["Done: Autumn menu"]


def test_an_update_whose_answer_was_lost_is_found_and_one_that_was_not_made_is_not(slack: SlackEmulator) -> None:
    landed = target(slack).deliver(job_notice(1))
    for kind, is_made in (("drop", False), ("lost", True)):
        slack.fault("chat.update", kind)
        with pytest.raises(OutcomeUnknown):
            target(slack).deliver(job_notice(2, previous=landed))
        assert (target(slack).find(job_notice(2, previous=landed)) == landed) is is_made


def test_what_a_person_took_away_is_posted_once_more(slack: SlackEmulator) -> None:
    landed = target(slack).deliver(job_notice(1))
    slack.channels["C1"].messages.clear()
    again = target(slack).deliver(job_notice(2, previous=landed))
    assert again.external_id != landed.external_id
    assert len(slack.posts("C1")) == 1


def test_a_job_is_followed_in_the_thread_that_asked_for_it(slack: SlackEmulator) -> None:
    slack.add_channel("C2")
    asked = slack.write("C2", "Please look at the menu")
    place: dict[str, Any] = {"source": "slack", "data": {"channel": "C2", "thread": asked["ts"]}}
    slack.fault("chat.postMessage", "lost")
    with pytest.raises(OutcomeUnknown):
        target(slack).deliver(job_notice(1, **place))
    landed = target(slack).find(job_notice(1, **place))
    assert target(slack).deliver(job_notice(2, previous=landed, **place)) == landed
    (reply,) = slack.posts("C2")
    assert reply["thread_ts"] == asked["ts"]
    assert not slack.posts("C1")


def test_what_others_write_into_an_event_leads_no_message_elsewhere(slack: SlackEmulator) -> None:
    slack.add_channel("C2")
    asked = slack.write("C2", "Private")
    target(slack).deliver(job_notice(source="form", data={"channel": "C2", "thread": asked["ts"]}))
    assert (len(slack.posts("C1")), len(slack.posts("C2"))) == (1, 0)


def test_decisions_are_asked_for_in_the_chosen_channel_alone(slack: SlackEmulator) -> None:
    target(slack).deliver(review_notice())
    assert said(slack.posts("C1")[0]) == "Needs you: Your autumn menu"


def test_a_card_is_found_behind_pages_of_others(slack: SlackEmulator) -> None:
    target(slack).deliver(job_notice(1))
    slack.page = 3
    for number in range(10):
        slack.write("C1", str(number))
    target(slack).deliver(job_notice(2))
    assert len(slack.posts("C1")) == 1


def test_a_refused_login_closes_the_target_and_a_pause_is_kept(slack: SlackEmulator) -> None:
    with pytest.raises(TargetClosed, match="SLACK_BOT_TOKEN"):
        SlackTarget("xoxb-other", "C1", slack.base_url).deliver(job_notice())
    busy: dict[str, Any] = {
        "status": 429,
        "body": {"ok": False, "error": "ratelimited"},
        "headers": {"Retry-After": "9"},
    }
    for method in ("conversations.history", "chat.postMessage"):
        slack.fault(method, "status", **busy)
        with pytest.raises(DeliveryError) as caught:
            target(slack).deliver(job_notice())
        assert (caught.value.permanent, caught.value.retry_after) == (False, 9.0)
    assert not slack.posts("C1")


def test_a_slack_that_cannot_be_asked_leaves_it_open(slack: SlackEmulator) -> None:
    slack.fault("conversations.history", "drop")
    with pytest.raises(OutcomeUnknown):
        target(slack).find(job_notice())


def test_the_night_is_told_once(slack: SlackEmulator) -> None:
    digest = {"subject": "Night to 27 November: 3 done", "text": "3 done", "url": "https://desk.example.com/"}
    fields, now = {"digest": digest}, datetime.now(UTC)
    night = Outgoing(key="digest:slack:2026-11-27", kind="notice", fields=fields, files=[], created_at=now)
    assert target(slack).deliver(night) == target(slack).deliver(night)
    assert [said(one) for one in slack.posts("C1")] == ["Night to 27 November: 3 done"]


def test_that_it_cannot_be_linked_keeps_no_message_from_landing(slack: SlackEmulator) -> None:
    slack.fault("chat.getPermalink", "status", status=503, raw=b"", ctype="text/html")
    assert target(slack).deliver(job_notice()).url == ""
