"""Each refusal and each silence of Slack's is told apart: made for certain, certainly not, or nobody knows."""

import time
from typing import Any

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown, TargetClosed
from integrations.slack import client
from integrations.slack.client import Refused, SlackApi
from tests.emulators.slack import TOKEN, SlackEmulator
from tests.house import free_port

POST: dict[str, Any] = {"channel": "C1", "text": "x", "unfurl_links": False, "unfurl_media": False}


def api(slack: SlackEmulator, token: str = TOKEN, seconds: int = 20) -> SlackApi:
    return SlackApi(token, slack.base_url, seconds=seconds)


def no(error: str, status: int = 200, **more: Any) -> dict[str, Any]:
    """An answer that says no."""
    return {"status": status, "body": {"ok": False, "error": error, **more}}


HTML = {"raw": b"<html>503</html>", "ctype": "text/html"}


@pytest.mark.parametrize(
    ("fault", "options", "kind", "said"),
    [
        ("status", no("invalid_auth"), TargetClosed, "check SLACK_BOT_TOKEN"),
        ("status", no("token_revoked"), TargetClosed, "install the app again"),
        ("status", no("missing_scope", needed="chat:write"), TargetClosed, "chat:write"),
        ("status", no("account_inactive"), TargetClosed, "install the app again"),
        ("status", no("token_expired"), TargetClosed, "install the app again"),
        ("status", no("not_authed"), TargetClosed, "set SLACK_BOT_TOKEN"),
        ("status", no("not_allowed_token_type"), TargetClosed, "xoxb"),
        ("status", no("restricted_action"), TargetClosed, "post in this channel"),
        ("status", no("is_archived"), Refused, "out of the archive"),
        ("status", no("channel_not_found"), Refused, "channel's id"),
        ("status", no("msg_too_long"), Refused, "msg_too_long"),
        ("status", no("not_in_channel"), Refused, "invite the app"),
        ("status", no("invalid_blocks"), Refused, "invalid_blocks"),
        ("status", no("ratelimited", 429), DeliveryError, "pause"),
        ("status", no("service_unavailable"), DeliveryError, "pause"),
        ("status", no("internal_error"), OutcomeUnknown, "answers 200"),
        ("status", no("fatal_error"), OutcomeUnknown, "answers 200"),
        ("status", {"status": 503, **HTML}, OutcomeUnknown, "answers 503"),
        ("status", {"status": 200, **HTML}, OutcomeUnknown, "answers 200"),
        ("truncate_json", {}, OutcomeUnknown, "answers 200"),
        ("truncate", {}, OutcomeUnknown, "No answer came"),
        ("drop", {}, OutcomeUnknown, "No answer came"),
        ("reset", {}, OutcomeUnknown, "No answer came"),
        ("lost", {}, OutcomeUnknown, "No answer came"),
    ],
)
def test_what_a_change_can_come_to(
    slack: SlackEmulator, fault: str, options: dict[str, Any], kind: type[Exception], said: str
) -> None:
    slack.fault("POST /api/chat.postMessage", fault, **options)
    with pytest.raises(kind, match=said) as caught:
        api(slack).act("chat.postMessage", **POST)
    assert type(caught.value) is kind
    assert TOKEN not in str(caught.value)
    # Nothing is tried a second time.
    assert len(slack.journal) == 1


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("status", no("internal_error")),
        ("status", {"status": 503, **HTML}),
        ("truncate_json", {}),
        ("truncate", {}),
        ("drop", {}),
        ("reset", {}),
    ],
)
def test_a_question_that_is_not_answered_has_changed_nothing(
    slack: SlackEmulator, fault: str, options: dict[str, Any]
) -> None:
    slack.fault("/api/conversations.history", fault, **options)
    with pytest.raises(DeliveryError) as caught:
        api(slack).read("conversations.history", channel="C1")
    assert not caught.value.permanent


OTHERS = ("no_text", "invalid_blocks", "msg_too_long", "thread_not_found", "cant_update_message")
ALL_CODES: list[tuple[str, type[Exception]]] = [
    *((code, TargetClosed) for code in sorted(client._CLOSED)),
    *((code, DeliveryError) for code in sorted(client._PASSES)),
    *((code, OutcomeUnknown) for code in sorted(client._HALF_DONE)),
    *((code, Refused) for code in sorted({*client._OF_CHANNEL, *OTHERS})),
]


@pytest.mark.parametrize(("code", "kind"), ALL_CODES)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_every_no_with_a_code_is_what_its_list_says(
    slack: SlackEmulator, method: str, code: str, kind: type[Exception]
) -> None:
    slack.fault(f"POST /api/{method}", "status", **no(code))
    with pytest.raises(kind) as caught:
        api(slack).act(method, **POST)
    assert type(caught.value) is kind
    assert code in str(caught.value) or kind is OutcomeUnknown
    assert len(slack.journal) == 1


def test_slack_says_how_long_to_wait(slack: SlackEmulator) -> None:
    slack.fault("chat.postMessage", "status", **no("ratelimited", 429), headers={"Retry-After": "17"})
    slack.fault("chat.postMessage", "status", **no("ratelimited", 429))
    waits = []
    for _ in range(2):
        with pytest.raises(DeliveryError) as caught:
            api(slack).act("chat.postMessage", **POST)
        waits.append((caught.value.retry_after, caught.value.permanent))
    assert waits == [(17.0, False), (30.0, False)]


def test_a_slack_that_is_silent_is_not_waited_for(slack: SlackEmulator) -> None:
    slack.fault("chat.postMessage", "stall", seconds=60)
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        api(slack, seconds=1).act("chat.postMessage", **POST)
    assert time.monotonic() - begun < 30


def test_where_nobody_listens_nothing_was_sent() -> None:
    gone = SlackApi(TOKEN, f"http://127.0.0.1:{free_port()}/api")
    with pytest.raises(DeliveryError, match="refuses the connection") as caught:
        gone.act("chat.postMessage", **POST)
    assert not caught.value.permanent
    with pytest.raises(DeliveryError, match="cannot be asked"):
        gone.read("auth.test")
