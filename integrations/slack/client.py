"""Calls to Slack's Web API, each refusal and each silence told apart: https://docs.slack.dev/apis/web-api/

Nothing is tried a second time here: a message that was posted although its answer was lost would stand there twice.
"""

from http.client import HTTPException
from typing import Any, NoReturn
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from integrations.bodies import one_line
from integrations.contracts import DeliveryError, OutcomeUnknown, TargetClosed
from integrations.words import _, gettext_noop

BASE_URL = "https://slack.com/api"
SECONDS = 20
_PAUSE_SECONDS = 30.0

# Nothing goes there until a person has mended it: error -> what to do.
_CLOSED = {
    "account_inactive": gettext_noop("install the app again, and set SLACK_BOT_TOKEN"),
    "invalid_auth": gettext_noop("check SLACK_BOT_TOKEN"),
    "not_allowed_token_type": gettext_noop("SLACK_BOT_TOKEN has to be a bot's (xoxb-…)"),
    "not_authed": gettext_noop("set SLACK_BOT_TOKEN"),
    "token_expired": gettext_noop("install the app again, and set SLACK_BOT_TOKEN"),
    "token_revoked": gettext_noop("install the app again, and set SLACK_BOT_TOKEN"),
    "org_login_required": gettext_noop("the workspace is being moved: wait, or set SLACK_BOT_TOKEN anew"),
    "missing_scope": gettext_noop("give the app the right that it lacks, and install it again"),
    "restricted_action": gettext_noop("let the app post in this channel"),
}
# The channel's own: it says so, whichever channel it is.
_OF_CHANNEL = {
    "channel_not_found": gettext_noop("check the channel's id, and invite the app there"),
    "not_in_channel": gettext_noop("invite the app to the channel"),
    "is_archived": gettext_noop("take the channel out of the archive, or name another one"),
}
_PASSES = {"ratelimited", "rate_limited", "service_unavailable", "accesslimited", "message_limit_exceeded"}
# Slack's own words: "it's possible some aspect of the operation succeeded before the error was raised".
_HALF_DONE = {"internal_error", "fatal_error", "request_timeout"}


class Refused(DeliveryError):
    """Slack said no, with one of its codes; nothing was made."""

    def __init__(self, code: str, method: str, fix: str = "") -> None:
        super().__init__(f"Slack refuses {method}: {code}{f' ({fix})' if fix else ''}.", permanent=True)
        self.code = code


class SlackApi:
    """One app's access to one workspace."""

    def __init__(self, token: str, base_url: str = BASE_URL, *, seconds: int = SECONDS) -> None:
        self._web = WebClient(token=token, base_url=base_url, timeout=seconds, retry_handlers=[])

    def read(self, method: str, **arguments: Any) -> SlackResponse:
        """Ask for something. Raises DeliveryError: whatever goes wrong, nothing was changed."""
        try:
            return self._web.api_call(method, http_verb="GET", params=arguments)
        except SlackApiError as error:
            _refuse(method, error, acting=False)
        except (SlackClientError, URLError, HTTPException, OSError, ValueError) as error:
            raise DeliveryError(
                _("Slack cannot be asked: {error}").format(error=one_line(str(error))), permanent=False
            ) from error

    def act(self, method: str, **arguments: Any) -> SlackResponse:
        """Change something. Raises DeliveryError where certainly nothing was changed, else OutcomeUnknown."""
        try:
            return self._web.api_call(method, json=arguments)
        except SlackApiError as error:
            _refuse(method, error, acting=True)
        except URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise DeliveryError(_("Slack refuses the connection."), permanent=False) from error
            raise OutcomeUnknown(
                _("No answer came to {method}: {reason}").format(method=method, reason=one_line(str(error.reason)))
            ) from error
        except (SlackClientError, HTTPException, OSError, ValueError) as error:
            raise OutcomeUnknown(
                _("No answer came to {method}: {error}").format(method=method, error=one_line(str(error)))
            ) from error


def _refuse(method: str, error: SlackApiError, *, acting: bool) -> NoReturn:
    response = error.response
    code = one_line(response.get("error")) or "no reason"
    if response.status_code == 429 or code in _PASSES:
        raise DeliveryError(
            _("Slack asks for a pause: {code}.").format(code=code), permanent=False, retry_after=_pause(response)
        )
    if response.status_code >= 500 or code in _HALF_DONE or response.get("ok") is not False or " " in code:
        said = _("Slack answers {status_code} to {method}.").format(status_code=response.status_code, method=method)
        raise OutcomeUnknown(said) if acting else DeliveryError(said, permanent=False) from error
    if code in _CLOSED:
        needed = one_line(response.get("needed"))
        more = f" ({needed})" if needed else ""
        raise TargetClosed(
            _("Slack refuses {method}: {code}{more}; {closed}.").format(
                method=method, code=code, more=more, closed=_(_CLOSED[code])
            )
        ) from error
    raise Refused(code, method, _OF_CHANNEL.get(code, "")) from error


def _pause(response: SlackResponse) -> float:
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        return max(1.0, float(headers.get("retry-after", "")))
    except ValueError:
        return _PAUSE_SECONDS
