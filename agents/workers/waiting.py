"""Waiting on a model: without a database connection, and by turns between the clients."""

import time
from typing import ClassVar

from agents.contracts import Ask, Reply
from agents.llm.anthropic import AnthropicLLM
from agents.workers.pauses import Shared
from jobs import pool


def pause(seconds: float) -> None:
    """Wait as for a model that takes so long."""
    with pool.away():
        time.sleep(seconds)


class Waiting:
    """Implements agents.contracts.LLM: the real model for one Run, whose client is `key`.

    `shared` is how this process hears what the others know of the models.
    """

    name: ClassVar[str] = AnthropicLLM.name

    def __init__(self, inner: AnthropicLLM, *, key: str, shared: Shared | None = None) -> None:
        self._inner = inner
        self._key = key
        self._shared = shared or Shared(inner.pacing)

    def complete(self, ask: Ask) -> Reply:
        """Let go of this thread's connection, then wait: hundreds wait, and a database has a hundred places."""
        self._shared.look()
        try:
            with pool.away():
                return self._inner.complete(ask, key=self._key)
        finally:
            self._shared.tell(ask.model)

    def ceiling(self, ask: Ask) -> int | None:
        """As the model says."""
        return self._inner.ceiling(ask)

    def cost(self, reply: Reply) -> int | None:
        """As the model says."""
        return self._inner.cost(reply)
