"""A client's message in the channel that is shared with them: once, as approved, and calling nobody."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown, Outgoing, TargetClosed
from integrations.slack.connect import EVENT_TYPE, SlackConnectTarget
from integrations.slack.target import SlackTarget
from tests.emulators.slack import TOKEN, SlackEmulator
from tests.integrations.slack.posting import Posting
from tests.integrations.target_contract import CREATED, TargetContract, out_file

CHANNEL = "C0CLIENT1"


class TestSlackConnect(Posting, TargetContract):
    kind = "client_message"
    fields = {"to": [CHANNEL], "subject": "Your autumn menu"}

    @pytest.fixture(autouse=True)
    def workspace(self, slack: SlackEmulator) -> None:
        """A workspace of its own for each test."""
        self.slack = slack
        self.slack.add_channel(CHANNEL)
        self.slack.now = CREATED.timestamp

    def make(self) -> SlackConnectTarget:
        return SlackConnectTarget(TOKEN, "C1", self.slack.base_url)

    def effects(self) -> int:
        return len(self.slack.posts(CHANNEL))

    def refused_for_good(self) -> tuple[SlackConnectTarget, Outgoing]:
        return self.make(), self.outgoing(fields={"to": ["C0NOWHERE"], "subject": "Menu"})


@pytest.fixture
def shared(slack: SlackEmulator) -> SlackEmulator:
    """A workspace with a client's channel."""
    slack.add_channel(CHANNEL).shared = True
    slack.now = CREATED.timestamp
    return slack


def target(slack: SlackEmulator, token: str = TOKEN) -> SlackConnectTarget:
    return SlackConnectTarget(token, "C1", slack.base_url)


def message(text: str = "Dear Marta", key: str = "k1", **fields: Any) -> Outgoing:
    return Outgoing(
        key=key,
        kind="client_message",
        fields={"to": [CHANNEL], "subject": "Your menu", **fields},
        files=[out_file(text.encode(), "message.md")],
        created_at=CREATED,
    )


def test_the_message_names_its_key_unfurls_nothing_and_calls_nobody(shared: SlackEmulator) -> None:
    hostile = "Hi <!channel>, <@U1> and @here: <https://evil.example|your bank> & ![x](https://evil.example/p.png)"
    landed = target(shared).deliver(message(hostile, subject="<!everyone> & co"))
    (post,) = shared.posts(CHANNEL)
    assert post["text"] == "&lt;!everyone&gt; &amp; co"
    assert post["metadata"] == {"event_type": EVENT_TYPE, "event_payload": {"key": "k1"}}
    assert landed.external_id == f"{CHANNEL}:{post['ts']}"
    assert landed.url.startswith(f"https://lume.slack.com/archives/{CHANNEL}/p")
    kinds = {element["type"] for part in post["blocks"][0]["elements"] for element in part["elements"]}
    assert kinds == {"text", "link"}
    sent = shared.journal[1].req.json()
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"to": []}, "no channel"),
        ({"to": ["#lume"]}, "no channel"),
        ({"to": [CHANNEL, "C0OTHER01"]}, "no channel"),
        ({"to": "C0CLIENT1"}, "no channel"),
        ({"to": ["C0123INBOX"]}, "the channel of the inbox"),
    ],
)
def test_it_goes_to_the_one_channel_of_the_client_or_nowhere(
    shared: SlackEmulator, changes: dict[str, Any], says: str
) -> None:
    there = SlackConnectTarget(TOKEN, "C0123INBOX", shared.base_url)
    with pytest.raises(DeliveryError, match=says) as caught:
        there.deliver(message(**changes))
    assert caught.value.permanent
    assert not shared.journal


def test_what_a_message_there_cannot_hold_is_refused_before_anything_is_asked(shared: SlackEmulator) -> None:
    with_a_file = message().model_copy(update={"files": [out_file(b"a"), out_file(b"b", "menu.pdf")]})
    unread = message().model_copy(update={"files": [out_file(b"\xff\xfe")]})
    for outgoing, says in ((with_a_file, "attachments"), (unread, "UTF-8"), (message("x" * 12_000), "12,000")):
        with pytest.raises(DeliveryError, match=says) as caught:
            target(shared).deliver(outgoing)
        assert caught.value.permanent
    assert not shared.journal


@pytest.mark.parametrize(("kind", "is_there"), [("lost", True), ("drop", False)])
def test_a_lost_answer_is_looked_up_by_the_key(shared: SlackEmulator, kind: str, is_there: bool) -> None:
    shared.fault("chat.postMessage", kind)
    with pytest.raises(OutcomeUnknown):
        target(shared).deliver(message())
    assert (target(shared).find(message()) is not None) is is_there
    target(shared).deliver(message())
    assert len(shared.posts(CHANNEL)) == 1


def test_where_slack_cannot_be_asked_it_stays_unknown(shared: SlackEmulator) -> None:
    shared.fault("conversations.history", "drop")
    with pytest.raises(OutcomeUnknown):
        target(shared).find(message())


def test_a_refused_login_closes_it_and_a_channel_that_is_gone_refuses_one(shared: SlackEmulator) -> None:
    with pytest.raises(TargetClosed, match="SLACK_BOT_TOKEN"):
        target(shared, "xoxb-other").deliver(message())
    shared.channels[CHANNEL].member = False
    with pytest.raises(DeliveryError, match="invite the app") as caught:
        target(shared).deliver(message())
    assert caught.value.permanent
    shared.channels[CHANNEL].member, shared.channels[CHANNEL].archived = True, True
    with pytest.raises(DeliveryError, match="archive"):
        target(shared).deliver(message())


def test_messages_in_every_channel_are_listed_apart_from_cards(shared: SlackEmulator) -> None:
    shared.add_channel("C0CLIENT2")
    shared.add_channel("C0CLIENT3", member=False)
    shared.page = 1
    notice = Outgoing(key="n", kind="notice", fields={"text": "Quiet."}, files=[], created_at=CREATED)
    SlackTarget(TOKEN, "C1", shared.base_url).deliver(notice)
    second = target(shared).deliver(message(key="k2", to=["C0CLIENT2"]))
    first = target(shared).deliver(message())
    found = target(shared).listing(CREATED - timedelta(days=1))
    assert [(one.key, one.external_id) for one in found] == [("k2", second.external_id), ("k1", first.external_id)]
    listed = SlackTarget(TOKEN, "C1", shared.base_url).listing(CREATED - timedelta(days=1))
    assert [one.key for one in listed] == ["n"]


def test_more_channels_than_can_be_listed_are_not_half_listed(
    shared: SlackEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.slack.connect._PAGES", 1)
    shared.page = 1
    with pytest.raises(DeliveryError, match="more channels"):
        target(shared).listing(CREATED)
