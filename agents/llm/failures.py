"""What an error of the Messages API means: not now, or not before a person has mended something.

https://platform.claude.com/docs/en/api/errors
"""

import email.utils
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from agents.contracts import ModelRejected, ModelUnavailable
from agents.words import _, gettext_noop

# Money is used up: on whatever status it comes, waiting a minute does not help.
SPENT = {
    "billing_error",
    "contract_spend_limit_reached",
    "enforced_spend_limit_reached",
    "linked_organization_billing_unavailable",
    "linked_organization_spend_limit_reached",
    "ramp_limit_exceeded",
}
# Worth another try although they are below 500. 499: the connection to the caller was lost on the server's side.
PASSING = {408, 409, 429, 499}
# The server had begun, or a gateway in front of it cannot know: the call may be billed.
MAYBE_BILLED = {499, 502, 504}
LONGEST_WAIT = 86_400.0
_LIMIT = re.compile(r"anthropic-ratelimit-([a-z-]+)-remaining")
_SAID_CHARS = 300

_MEND = {
    400: gettext_noop("Shorten or change the request, or choose another model."),
    401: gettext_noop("Check ANTHROPIC_API_KEY and restart."),
    402: gettext_noop("Check the billing of the model account, then retry."),
    403: gettext_noop("Give the key access to this model, or use another key."),
    404: gettext_noop("Check the model's name (NIGHTDESK_MODEL) and ANTHROPIC_BASE_URL."),
    413: gettext_noop("The request is too large: shorten the brief or give fewer files."),
    422: gettext_noop("Change the request, or choose another model."),
}
_BEHIND = gettext_noop("Check ANTHROPIC_BASE_URL and the server behind it.")
_MEND_SPENT = gettext_noop(
    "The spending limit of the model account is reached: raise it or wait until it is renewed, then retry."
)


def of_status(
    status: int, *, kind: str = "", code: str = "", said: str = "", headers: Mapping[str, str] | None = None
) -> ModelUnavailable | ModelRejected:
    """The outcome for an error answer; `kind` and `code` are error.type and error.details.error_code."""
    name = code or kind
    spent = bool({kind, code} & SPENT)
    what = _("The model's server answered {status}").format(status=status)
    what = one_line(what + (f" ({name})" if name else "") + (f": {said}" if said else ""))
    # An error inside an answer of 200 is known by its type alone.
    passing = status in PASSING or status >= 500 or (status == 200 and kind in {"overloaded_error", "api_error"})
    if passing and not spent:
        return ModelUnavailable(
            _("{what} It is tried again by itself.").format(what=what),
            retry_after=wait_of(headers or {}),
            billed_unknown=status in MAYBE_BILLED,
        )
    mend = _MEND_SPENT if spent else _MEND.get(status, _BEHIND)
    return ModelRejected(f"{what} {_(mend)}")


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks, at most a day; None where it says nothing usable.

    Zero counts as nothing, so that a server's mistake does not use up all tries at once.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    asked = milliseconds / 1000 if milliseconds is not None else _seconds(headers.get("retry-after", ""))
    if asked is None:
        asked = until_reset(headers)
    if asked is None or asked <= 0:
        return None
    return min(asked, LONGEST_WAIT)


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until every limit that is used up is renewed; None where none is, or none says when.

    https://platform.claude.com/docs/en/api/rate-limits#response-headers
    """
    waits = []
    for name, left in headers.items():
        kind = _LIMIT.fullmatch(name.lower())
        if kind and _number(left) == 0:
            moment = headers.get(f"anthropic-ratelimit-{kind[1]}-reset", "")
            waits.append(_until(moment))
    return max((wait for wait in waits if wait is not None), default=None)


def one_line(text: str) -> str:
    """What a server said, short and on one line, ending like a sentence."""
    line = " ".join(text.split())
    line = line if len(line) <= _SAID_CHARS else line[: _SAID_CHARS - 1] + "…"
    return line if line.endswith((".", "!", "?", "…")) else line + "."


def _seconds(header: str) -> float | None:
    number = _number(header)
    if number is not None or not header:
        return number
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()


def _until(moment: str) -> float | None:
    try:
        return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _number(header: str) -> float | None:
    try:
        number = float(header)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
