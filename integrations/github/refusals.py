"""What an answer of GitHub's, or none, means: refused for good, later, or nobody knows.

Decided by status and headers; the class that PyGithub raises hangs on words.
https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from github import GithubException
from requests import ConnectTimeout, RequestException

from integrations.bodies import one_line
from integrations.branches.work import LoginRefused, RightMissing
from integrations.contracts import DeliveryError, OutcomeUnknown
from integrations.words import _, gettext_noop

# Where a secondary limit names no time: "wait for at least one minute".
_MINUTE = 60.0
_RIGHTS = "Give the token or the App the rights that `manage.py doctor` names."
_FIXES = {
    404: gettext_noop("The token or the App does not reach it, or it is gone."),
    410: gettext_noop("It is switched off there."),
    451: gettext_noop("It is blocked there."),
}


@contextmanager
def asking(what: str, *, writes: bool) -> Iterator[None]:
    """Around one call that is `what`; turns whatever PyGithub raises into DeliveryError or OutcomeUnknown."""
    try:
        yield
    except GithubException as error:
        raise _judged(what, error, writes=writes) from error
    except ConnectTimeout as error:
        raise DeliveryError(_("GitHub cannot be reached for {what}.").format(what=what), permanent=False) from error
    except (RequestException, ValueError, AssertionError) as error:
        # An answer that broke off, is no JSON, or leads to another host.
        text = _("GitHub gave no answer that can be read to {what}: {kind}.").format(
            what=what, kind=one_line(type(error).__name__)
        )
        raise OutcomeUnknown(text) if writes else DeliveryError(text, permanent=False) from error


def words_of(error: GithubException) -> str:
    """What GitHub says, its list of errors too."""
    data = error.data if isinstance(error.data, dict) else {}
    errors = data.get("errors")
    details = [_detail(one) for one in errors] if isinstance(errors, list) else []
    return one_line(": ".join(part for part in (str(data.get("message", "")), "; ".join(details)) if part), 300)


def _judged(what: str, error: GithubException, *, writes: bool) -> Exception:
    headers = {str(name).lower(): str(value) for name, value in (error.headers or {}).items()}
    said = _("GitHub answers {status} to {what}: {error}.").format(
        status=error.status, what=what, error=words_of(error) or _("no reason is given")
    )
    if error.status >= 500:
        return OutcomeUnknown(said) if writes else DeliveryError(said, permanent=False)
    if error.status == 401:
        return LoginRefused(_("{said} Check GITHUB_TOKEN, or the App's key.").format(said=said))
    if _is_limit(error, headers):
        return DeliveryError(said, permanent=False, retry_after=_seconds(headers))
    if error.status == 403:
        return RightMissing(f"{said} {_RIGHTS}")
    return DeliveryError(
        f"{said} {_(_FIXES[error.status]) if error.status in _FIXES else ''}".strip(), permanent=True
    )


def _is_limit(error: GithubException, headers: Mapping[str, str]) -> bool:
    """Whether it is too much at once, not a right that is missing: both may come as 403."""
    if error.status == 429:
        return True
    is_marked = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return error.status == 403 and (is_marked or "rate limit" in words_of(error).lower())


def _seconds(headers: Mapping[str, str]) -> float:
    """How long GitHub wants to be left alone."""
    if (told := headers.get("retry-after", "")).isdigit():
        return float(told)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, float(reset) - time.time() + 1.0)
    return _MINUTE


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or f"{error.get('field', '')} {error.get('code', '')}".strip())
