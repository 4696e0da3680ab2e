from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from agents.contracts import ModelRejected, ModelUnavailable
from agents.llm import failures


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Yesterday, at noon"}, None),
        ({"retry-after": "1000000"}, failures.LONGEST_WAIT),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "4"}, 4.0),
    ],
)
def test_the_wait_that_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert failures.wait_of(headers) == seconds


def test_the_wait_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    assert failures.wait_of({"retry-after": later}) == pytest.approx(600, abs=5)
    assert failures.wait_of({"retry-after": "Mon, 01 Jan 2024 00:00:00 GMT"}) is None


def test_spent_money_is_not_waited_for_on_any_status() -> None:
    for code in failures.SPENT:
        for status in (400, 402, 429, 503):
            assert isinstance(failures.of_status(status, code=code), ModelRejected)


def test_a_status_below_400_is_nothing_to_wait_for() -> None:
    assert isinstance(failures.of_status(302), ModelRejected)
    assert isinstance(failures.of_status(200, kind="overloaded_error"), ModelUnavailable)


def test_what_the_server_said_is_kept_short_and_on_one_line() -> None:
    reason = str(failures.of_status(400, kind="invalid_request_error", said="too\nlong " * 500))
    assert "\n" not in reason
    assert len(reason) < 500
    assert "invalid_request_error" in reason


def test_without_a_wait_the_limit_that_is_used_up_says_when_it_is_renewed() -> None:
    moment = datetime.now(UTC) + timedelta(minutes=5)
    headers = {
        "anthropic-ratelimit-requests-remaining": "12",
        "anthropic-ratelimit-requests-reset": (moment + timedelta(hours=2)).isoformat(),
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": moment.isoformat(),
    }
    assert failures.wait_of(headers) == pytest.approx(300, abs=5)
    assert failures.wait_of({**headers, "retry-after": "7"}) == 7.0
    assert failures.wait_of({**headers, "anthropic-ratelimit-input-tokens-reset": "soon"}) is None
    assert failures.wait_of({"anthropic-ratelimit-requests-remaining": "0"}) is None
