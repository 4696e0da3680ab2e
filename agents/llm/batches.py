"""Message Batches: many calls at half the price, answered within a day, mostly within an hour.

https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from collections.abc import Mapping
from typing import Any, Literal

from agents.contracts import Ask, ModelRejected, ModelUnavailable, Reply
from agents.llm.anthropic import AnthropicLLM, parameters_of, reply_of

# The rows of a batch are worked on over an hour: what they share has to stay in the cache for as long.
_KEPT: Literal["5m", "1h"] = "1h"
Results = dict[str, Reply | str]


class AnthropicBatches:
    """Sends and fetches through the same client as the single calls; one attempt each, no sleeping."""

    def __init__(self, llm: AnthropicLLM) -> None:
        self._llm = llm

    def send(self, asks: Mapping[str, Ask]) -> str:
        """Send one batch, each call under its own id; return the batch's name.

        Raises ModelUnavailable (`billed_unknown`: the batch may have been made) or ModelRejected.
        """
        requests: Any = [
            {"custom_id": name, "params": parameters_of(ask, kept=_KEPT)} for name, ask in asks.items()
        ]
        with self._llm.failures():
            return str(self._llm.client().messages.batches.create(requests=requests).id)

    def look(self, batch: str) -> Results | None:
        """Id -> its reply, or why there is none; None while the batch goes on.

        Raises ModelUnavailable or ModelRejected.
        """
        with self._llm.failures():
            api = self._llm.client().messages.batches
            if api.retrieve(batch).processing_status != "ended":
                return None
            return {row.custom_id: _outcome(row.to_dict(mode="json")) for row in api.results(batch)}


def _outcome(row: Any) -> Reply | str:
    result = row.get("result") or {}
    if result.get("type") != "succeeded":
        error = (result.get("error") or {}).get("error") or {}
        return f"{result.get('type')} {error.get('type') or ''}".strip()
    try:
        return reply_of(result.get("message"), request_id=str((result.get("message") or {}).get("id") or ""))
    except (ModelUnavailable, ModelRejected) as error:
        return str(error)
