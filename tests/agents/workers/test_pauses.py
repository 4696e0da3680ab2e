"""Processes that share a model: each with a pacing of its own, and one table between them."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from agents.contracts import Ask, ModelUnavailable
from agents.llm.anthropic import AnthropicLLM
from agents.llm.pacing import DOWN_AFTER, PATIENCE, Pacing
from agents.workers.pauses import Shared
from agents.workers.waiting import Waiting
from jobs.holder import this_process
from jobs.lifecycle import model_pause
from jobs.models import ModelPause, Process
from tests.emulators.anthropic import TOKEN, AnthropicEmulator, error_body

pytestmark = pytest.mark.django_db

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def a_process(service: AnthropicEmulator) -> Iterator[Callable[[], Waiting]]:
    """Make the real adapter as one more process would have it, which looks at the table at every call."""
    with contextlib.ExitStack() as made:

        def make() -> Waiting:
            llm = made.enter_context(contextlib.closing(an_adapter(service)))
            shared = Shared(llm.pacing)
            shared._is_due = lambda: True  # type: ignore[method-assign]
            return Waiting(llm, key="", shared=shared)

        yield make


def an_adapter(service: AnthropicEmulator) -> AnthropicLLM:
    return AnthropicLLM(api_key=TOKEN, base_url=service.url, pacing=Pacing(most=10))


def ask() -> Ask:
    return Ask(agent="a", model=MODEL, system="s", messages=[{"role": "user", "content": "x"}], max_tokens=100)


def calls(service: AnthropicEmulator) -> int:
    return len(service.journal)


def over() -> None:
    """The pause is over, on the database's clock."""
    ModelPause.objects.update(until=Now() - timedelta(seconds=1))


def test_a_pause_that_one_was_asked_for_is_kept_by_all(
    service: AnthropicEmulator, a_process: Callable[[], Waiting]
) -> None:
    first, second = a_process(), a_process()
    service.fault(
        "POST /v1/messages",
        "status",
        status=429,
        body=error_body("rate_limit_error"),
        headers={"retry-after": "90"},
    )
    with pytest.raises(ModelUnavailable):
        first.complete(ask())
    for one in (first, second, a_process()):
        with pytest.raises(ModelUnavailable) as refused:
            one.complete(ask())
        assert refused.value.retry_after
        assert 80 < refused.value.retry_after <= 90
        assert not refused.value.billed_unknown
    assert calls(service) == 1
    over()
    later = a_process()
    later.complete(ask())
    assert not ModelPause.objects.exists()
    assert calls(service) == 2


def test_a_model_that_is_down_is_tried_by_one_process_at_a_time(
    service: AnthropicEmulator, a_process: Callable[[], Waiting]
) -> None:
    first, second = a_process(), a_process()
    service.fault("POST /v1/messages", "status", times=DOWN_AFTER, status=529, body=error_body("overloaded_error"))
    for _ in range(DOWN_AFTER):
        with pytest.raises(ModelUnavailable):
            first.complete(ask())
    assert ModelPause.objects.get().failures == DOWN_AFTER
    with pytest.raises(ModelUnavailable):
        second.complete(ask())
    assert calls(service) == DOWN_AFTER

    over()
    # Whoever looks first has the probe; while it is out, the others are told to wait.
    second._shared.look()
    with pytest.raises(ModelUnavailable) as refused:
        a_process().complete(ask())
    assert refused.value.retry_after
    assert PATIENCE < refused.value.retry_after <= model_pause.PROBE_SECONDS
    assert calls(service) == DOWN_AFTER


def test_when_it_is_back_all_go_on_at_once(service: AnthropicEmulator, a_process: Callable[[], Waiting]) -> None:
    first, second = a_process(), a_process()
    model_pause.leave_in_peace(MODEL, failures=DOWN_AFTER, seconds=60)
    with pytest.raises(ModelUnavailable):
        second.complete(ask())
    over()
    first._inner.pacing.learn(MODEL, None)
    first.complete(ask())
    assert not ModelPause.objects.exists()
    second.complete(ask())
    assert calls(service) == 2


def test_what_the_server_has_left_is_divided_between_the_processes(
    service: AnthropicEmulator, a_process: Callable[[], Waiting]
) -> None:
    me = this_process()
    for number, age in ((1, 0), (2, 0), (3, 0), (4, 3_600)):
        Process.objects.create(
            cluster="agents",
            host=me.host,
            pid=number,
            pid_started="1",
            heartbeat_at=Now() - timedelta(seconds=age),
            progress_at=Now(),
        )
    service.limits = {"anthropic-ratelimit-requests-remaining": "9"}
    process = a_process()
    process.complete(ask())
    assert process._inner.pacing._of(MODEL).limit == 1 + 9 // 3


def test_while_all_is_well_nothing_is_written_and_little_is_read(service: AnthropicEmulator) -> None:
    with contextlib.closing(an_adapter(service)) as llm, CaptureQueriesContext(connection) as captured:
        process = Waiting(llm, key="", shared=Shared(llm.pacing))
        for _ in range(20):
            process.complete(ask())
    asked = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert all(sql.startswith("SELECT") for sql in asked)
    assert len(asked) <= 4


def test_a_call_is_made_although_nobody_can_say_how_the_model_stands(
    a_process: Callable[[], Waiting], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(model_pause, "standing", broken)
    assert a_process().complete(ask()).stop_reason == "end_turn"


def test_an_answer_is_not_lost_because_the_others_could_not_be_told(
    a_process: Callable[[], Waiting], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any, **more: Any) -> None:
        raise DatabaseError("gone")

    model_pause.leave_in_peace(MODEL, failures=1, seconds=-1)
    monkeypatch.setattr(model_pause, "works", broken)
    assert a_process().complete(ask()).stop_reason == "end_turn"
