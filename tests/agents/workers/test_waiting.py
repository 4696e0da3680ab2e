from typing import Any

import pytest
from django.db import connection

from agents import workers
from agents.contracts import Ask, Reply, Usage
from agents.llm.anthropic import AnthropicLLM
from agents.workers.waiting import Waiting
from jobs import pool
from jobs.models import Run
from tests.agents.workers.conftest import TEXT, read
from tests.emulators.anthropic import AnthropicEmulator


class Looking(AnthropicLLM):
    """Looks around while it would wait."""

    def complete(self, ask: Ask, *, key: str = "") -> Reply:
        self.key = key
        self.was_connected = connection.connection is not None
        return Reply(content=[], stop_reason="end_turn", usage=Usage(), model=ask.model)


@pytest.mark.django_db(transaction=True)
def test_who_waits_holds_no_connection() -> None:
    inner = Looking(api_key="k")
    connection.ensure_connection()
    Waiting(inner, key="7").complete(Ask(agent="a", model="m", system="", messages=[]))
    assert (inner.was_connected, inner.key) == (False, "7")


@pytest.mark.django_db
def test_what_is_in_a_transaction_keeps_it() -> None:
    inner = Looking(api_key="k")
    Waiting(inner, key="").complete(Ask(agent="a", model="m", system="", messages=[]))
    assert inner.was_connected


@pytest.mark.django_db(transaction=True)
def test_a_whole_task_goes_on_after_each_wait(
    service: AnthropicEmulator, thinks_for_real: Any, planned: Any, pulse: pool.Pulse
) -> None:
    run: Run = planned()
    service.rule(lambda body, turn, results: {"json": TEXT} if turn else {"tools": [["nothing", {}]]})
    workers.carry_out(run, pulse)
    assert read(run.task).state == "completed"
