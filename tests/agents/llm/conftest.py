"""A Messages service, and the adapter pointed at it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents.contracts import Ask
from agents.llm.anthropic import AnthropicLLM
from tests.emulators.anthropic import TOKEN, AnthropicEmulator


@pytest.fixture
def service() -> Iterator[AnthropicEmulator]:
    """A fresh emulator; at the end no fault is left over, nothing was violated, and it had no bug."""
    emulator = AnthropicEmulator().start()
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


@pytest.fixture
def connect(service: AnthropicEmulator) -> Iterator[Callable[..., AnthropicLLM]]:
    """Make adapters of the real SDK, by default pointed at the emulator; they are closed at the end."""
    made: list[AnthropicLLM] = []

    def make(**options: Any) -> AnthropicLLM:
        made.append(AnthropicLLM(**{"api_key": TOKEN, "base_url": service.url, "silence": 5.0, **options}))
        return made[-1]

    yield make
    for adapter in made:
        adapter.close()


@pytest.fixture
def llm(connect: Callable[..., AnthropicLLM]) -> AnthropicLLM:
    """The real SDK against the emulator."""
    return connect()


@pytest.fixture
def ask() -> Callable[..., Ask]:
    """An Ask with defaults."""

    def make(text: str = "Hello", **changes: Any) -> Ask:
        fields: dict[str, Any] = {
            "agent": "drafting",
            "model": "claude-opus-5-5",
            "system": "You write.",
            "messages": [{"role": "user", "content": text}],
            "max_tokens": 1_000,
        }
        return Ask(**{**fields, **changes})

    return make
