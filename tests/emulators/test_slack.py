"""The emulated Slack is as strict as it says, and the real SDK can work with it."""

import time
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.webhook import WebhookClient

from tests.emulators.slack import APP_TOKEN, BOT_USER, TOKEN, SlackEmulator
from tests.emulators.slack_people import SECRET, People, signed

QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}


def button(action_id: str = "go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Go"}, **more}


MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Revise"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": {"type": "plain_text", "text": "What should be different?"},
            "element": {"type": "plain_text_input", "action_id": "note", "multiline": True},
        }
    ],
}


@pytest.fixture
def slack() -> Iterator[SlackEmulator]:
    emulator = SlackEmulator().start()
    emulator.add_channel("C1")
    yield emulator
    emulator.stop()


def client(slack: SlackEmulator, token: str = TOKEN, **options: Any) -> WebClient:
    return WebClient(token=token, base_url=slack.base_url, retry_handlers=[], **options)


def refusal(call: Any, **arguments: Any) -> str:
    """The code that the call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    assert caught.value.response.status_code == 200
    return str(caught.value.response["error"])


def test_a_message_is_posted_changed_found_and_deleted(slack: SlackEmulator) -> None:
    web = client(slack)
    metadata = {"event_type": "nightdesk", "event_payload": {"key": "k1"}}
    posted = web.chat_postMessage(channel="C1", text="one", metadata=metadata, **QUIET)
    web.chat_update(channel="C1", ts=posted["ts"], text="two", blocks=[SECTION])
    (found,) = web.conversations_history(channel="C1", include_all_metadata=True)["messages"]
    assert (found["text"], found["metadata"], found["blocks"]) == ("two", metadata, [SECTION])
    (plain,) = web.conversations_history(channel="C1")["messages"]
    assert "metadata" not in plain
    link = web.chat_getPermalink(channel="C1", message_ts=posted["ts"])["permalink"]
    assert link.startswith("https://lume.slack.com/archives/C1/p")
    web.chat_delete(channel="C1", ts=posted["ts"])
    assert not web.conversations_history(channel="C1")["messages"]
    assert not slack.bugs()


def test_a_thread_is_not_in_the_channel(slack: SlackEmulator) -> None:
    parent = slack.write("C1", "Please look at this")
    web = client(slack)
    web.chat_postMessage(channel="C1", text="On it", thread_ts=parent["ts"], **QUIET)
    assert [one["text"] for one in web.conversations_history(channel="C1")["messages"]] == ["Please look at this"]
    replies = web.conversations_replies(channel="C1", ts=parent["ts"])["messages"]
    assert {one["text"] for one in replies} == {"Please look at this", "On it"}
    wrong = {"channel": "C1", "text": "x", "thread_ts": "1.000001", **QUIET}
    assert refusal(web.chat_postMessage, **wrong) == "thread_not_found"


def test_history_comes_by_pages(slack: SlackEmulator) -> None:
    slack.page = 2
    for number in range(5):
        slack.write("C1", str(number))
    pages = [page["messages"] for page in client(slack).conversations_history(channel="C1")]
    assert [[one["text"] for one in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat_postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat_postMessage", {"channel": "COUT", "text": "x"}, "not_in_channel"),
        ("chat_postMessage", {"channel": "COLD", "text": "x"}, "is_archived"),
        ("chat_update", {"channel": "C1", "ts": "", "text": "x"}, "message_not_found"),
        ("chat_postMessage", {"channel": "C1", "text": "x" * 40_001}, "msg_too_long"),
        ("chat_postMessage", {"channel": "C1", "text": "x", "blocks": [{"type": "moon"}]}, "invalid_blocks"),
        ("chat_postMessage", {"channel": "C1", "text": "x", "blocks": [SECTION] * 51}, "invalid_blocks"),
        ("chat_update", {"channel": "C1", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("chat_delete", {"channel": "C1", "ts": "1.0"}, "message_not_found"),
        ("views_open", {"trigger_id": "1.2.3", "view": MODAL}, "invalid_trigger_id"),
        ("conversations_history", {"channel": "COUT"}, "not_in_channel"),
        ("reactions_add", {"channel": "C1", "name": "eyes", "timestamp": "1.0"}, "unknown_method"),
    ],
)
def test_what_slack_refuses_is_refused(
    slack: SlackEmulator, method: str, arguments: dict[str, Any], error: str
) -> None:
    slack.add_channel("COUT", member=False)
    slack.add_channel("COLD").archived = True
    assert refusal(getattr(client(slack), method), **arguments) == error
    assert refusal(client(slack).api_call, api_method="chat.postMessage", json={"channel": "C1"}) == "no_text"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}},
        {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        {"type": "markdown", "text": "x" * 12_001},
        {"type": "context", "elements": []},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11},
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [button(style="green")]},
        {"type": "actions", "elements": [button(value="x" * 2_001)]},
        {"type": "actions", "elements": [button("a"), button("a")]},
        {"type": "actions", "elements": [button(text={"type": "plain_text", "text": "x" * 76})]},
        {"type": "input", "label": {"type": "plain_text", "text": "x"}, "element": {"type": "plain_text_input"}},
        {**SECTION, "block_id": "x" * 256},
    ],
)
def test_blocks_have_their_limits(slack: SlackEmulator, block: dict[str, Any]) -> None:
    assert refusal(client(slack).chat_postMessage, channel="C1", text="x", blocks=[block]) == "invalid_blocks"


def test_tokens_and_scopes_are_judged(slack: SlackEmulator) -> None:
    assert refusal(client(slack, "xoxb-other").auth_test) == "invalid_auth"
    assert refusal(client(slack, "").auth_test) == "not_authed"
    assert refusal(client(slack, APP_TOKEN).auth_test) == "not_allowed_token_type"
    answer = client(slack).auth_test()
    assert answer["user_id"] == BOT_USER
    assert set(answer.headers["X-OAuth-Scopes"].split(",")) == slack.scopes
    slack.scopes -= {"chat:write"}
    assert refusal(client(slack).chat_postMessage, channel="C1", text="x") == "missing_scope"


def test_a_trigger_opens_one_modal_within_three_seconds(slack: SlackEmulator) -> None:
    web, trigger = client(slack), slack.new_trigger()
    assert web.views_open(trigger_id=trigger, view=MODAL)["view"]["id"]
    assert refusal(web.views_open, trigger_id=trigger, view=MODAL) == "exchanged_trigger_id"
    late = slack.new_trigger()
    slack.age(4)
    assert refusal(web.views_open, trigger_id=late, view=MODAL) == "expired_trigger_id"
    without = {name: value for name, value in MODAL.items() if name != "submit"}
    assert refusal(web.views_open, trigger_id=slack.new_trigger(), view=without) == "invalid_arguments"
    long = {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}
    assert refusal(web.views_open, trigger_id=slack.new_trigger(), view=long) == "invalid_arguments"


def test_a_response_url_takes_five_answers_in_half_an_hour(slack: SlackEmulator) -> None:
    url = slack.new_response_url()
    hook = WebhookClient(url, retry_handlers=[])
    assert [hook.send(text=str(number)).status_code for number in range(6)] == [200] * 5 + [404]
    assert [one["text"] for one in slack.answered(url)] == ["0", "1", "2", "3", "4"]
    late = slack.new_response_url()
    slack.age(1_801)
    assert WebhookClient(late, retry_handlers=[]).send(text="x").body == "used_url"


def test_what_must_never_be_sent_is_a_violation(slack: SlackEmulator) -> None:
    web = client(slack)
    web.chat_postMessage(channel="C1", text="see https://example.com")
    web.chat_postMessage(channel="C1", text="<!channel> done", **QUIET)
    web.chat_postMessage(channel="C1", text="x", username="boss", **QUIET)
    assert len(slack.bugs()) == 3


def test_an_answer_that_is_lost_leaves_its_effect(slack: SlackEmulator) -> None:
    slack.fault("POST /api/chat.postMessage", "lost")
    with pytest.raises((urllib.error.URLError, OSError)):
        client(slack).chat_postMessage(channel="C1", text="x", **QUIET)
    assert len(slack.posts("C1")) == 1
    slack.fault(
        "POST /api/chat.postMessage", "status", status=429, body={"ok": False}, headers={"Retry-After": "7"}
    )
    with pytest.raises(SlackApiError) as caught:
        client(slack).chat_postMessage(channel="C1", text="x", **QUIET)
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")


def test_people_sign_what_they_type_and_press(slack: SlackEmulator) -> None:
    seen: list[tuple[str, bytes, dict[str, str]]] = []

    def receive(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        seen.append((path, body, headers))
        return 200, b""

    people = People(slack, send=receive)
    people.slash("look at the menu")
    people.say(f"<@{BOT_USER}> look", retry=1)
    message = {"ts": "1.0", "blocks": [{"type": "actions", "block_id": "b", "elements": [button(value="7")]}]}
    people.click(message, "go")
    people.submit({**MODAL, "id": "V1"}, {"note": "Shorter"})
    paths = ["commands", "events", "events", "interactions", "interactions"]
    assert [path for path, _, _ in seen] == [f"/hooks/slack/{name}/" for name in paths]
    assert all(SignatureVerifier(SECRET).is_valid_request(body, headers) for _, body, headers in seen)
    assert seen[1][2]["x-slack-retry-num"] == "1"
    stale = signed(b"x", SECRET, time.time() - 301)
    assert not SignatureVerifier(SECRET).is_valid_request(b"x", stale)


def test_a_slow_receiver_has_failed(slack: SlackEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.emulators.slack_people.PATIENCE", -1.0)
    with pytest.raises(AssertionError, match="given up"):
        People(slack, send=lambda path, body, headers: (200, b"")).slash("x")


def test_socket_mode_brings_envelopes_and_takes_acknowledgements(slack: SlackEmulator) -> None:
    web = client(slack)
    socket = SocketModeClient(app_token=APP_TOKEN, web_client=web)
    socket.socket_mode_request_listeners.append(
        lambda one, request: one.send_socket_mode_response(
            SocketModeResponse(envelope_id=request.envelope_id, payload={"text": request.payload["text"]})
        )
    )
    try:
        socket.connect()
        slack.socket.wait_for_connection()
        acknowledged = slack.socket.send("slash_commands", {"text": "hello"})
        assert acknowledged.payload == {"text": "hello"}
        slack.socket.ask_to_reconnect()
        slack.socket.wait_for_connection(2)
        # The SDK reads the old connection to its end first.
        assert slack.socket.send("slash_commands", {"text": "again"}, seconds=10).payload == {"text": "again"}
    finally:
        socket.close()
    assert not slack.bugs()
