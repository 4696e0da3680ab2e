"""Socket Mode: what comes from Slack where there is no public address, by a connection that is opened from here.

https://docs.slack.dev/apis/events-api/using-socket-mode
There is no signature: who holds the app's token is told.
"""

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from integrations import bodies, slack_door
from integrations.contracts import Json, RawRequest, Refusal
from integrations.slack.source import SlackSource
from jobs.lifecycle import intake

_SECONDS = 10
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
# Errors of the token and the app: no pause mends them.
_FOR_GOOD = {
    "invalid_auth",
    "not_authed",
    "not_allowed_token_type",
    "token_revoked",
    "account_inactive",
    "forbidden",
}

log = logging.getLogger(__name__)


class NotConnected(Exception):
    """Slack refuses the connection for good; the message says what to mend."""


def listen(*, app_token: str, base_url: str, until: threading.Event) -> None:
    """Take in what comes until told to stop; a connection that breaks is made anew. Raises NotConnected."""
    web = WebClient(base_url=base_url, timeout=_SECONDS, retry_handlers=[])
    client = SocketModeClient(app_token=app_token, web_client=web)
    client.socket_mode_request_listeners.append(_heard)
    try:
        _connect(client.connect, until)
        until.wait()
    finally:
        client.close()


def _connect(connect: Callable[[], Any], until: threading.Event) -> None:
    """Connect for the first time, with growing pauses while Slack is not to be had; later the SDK sees to it."""
    pause = _FIRST_PAUSE
    while not until.is_set():
        try:
            connect()
        except SlackApiError as error:
            code = str(error.response.get("error", "")) if error.response else ""
            if code in _FOR_GOOD:
                raise NotConnected(f"Slack refuses SLACK_APP_TOKEN: {code}.") from error
            log.warning("Slack does not open a connection: %s", code)
        except (SlackClientError, OSError) as error:
            log.warning("Slack cannot be reached: %s", error)
        else:
            return
        until.wait(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)


def _heard(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
    """Keep one envelope, then acknowledge it; one that could not be kept is not, so that it comes again."""
    try:
        said = slack_door.hear(_raw(request.payload), intake.candidates(SlackSource.slug))
    except Refusal as refusal:
        log.warning("an envelope of the type %s is not understood: %s", request.type, refusal)
        said = None
    except (OperationalError, InterfaceError, intake.NotStored):
        log.exception("an envelope from Slack could not be kept")
        return
    finally:
        # The SDK's threads are its own: none of them may keep a connection when it goes.
        connections.close_all()
    payload = said if request.accepts_response_payload else None
    client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))


def _raw(payload: Json) -> RawRequest:
    """The envelope's content as a request would bring it."""
    body = json.dumps(payload).encode()
    return RawRequest(method="POST", path="", headers={"content-type": bodies.JSON_TYPE}, body=body)
