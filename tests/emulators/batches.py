"""Message Batches of the emulated service: they end after some polls, and give their results in reversed order.

https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.emulators import messages_rules
from tests.emulators.kit import Reply, Req

if TYPE_CHECKING:
    from tests.emulators.anthropic import AnthropicEmulator

MOST_REQUESTS = 100_000
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")

# What becomes of a row besides being answered: (custom_id, params) -> "", "expired", "errored" or "canceled".
Fate = Callable[[str, dict[str, Any]], str]


@dataclass
class Batch:
    """One batch, and how often it was looked at."""

    name: str
    rows: dict[str, dict[str, Any]]
    created: datetime
    polls: int = 0
    cancelled: bool = False
    ended: datetime | None = None
    results: list[dict[str, Any]] = field(default_factory=list)


class Batches:
    """The batch part of the service. `polls`: how often it is looked at before it has ended."""

    def __init__(self, service: "AnthropicEmulator") -> None:
        self.polls = 2
        self.fate: Fate = lambda custom_id, params: ""
        self.kept: dict[str, Batch] = {}
        self._service = service
        service.route("POST", "/v1/messages/batches", self._create)
        service.route("GET", "/v1/messages/batches/{name}", self._retrieve)
        service.route("GET", "/v1/messages/batches/{name}/results", self._results)
        service.route("POST", "/v1/messages/batches/{name}/cancel", self._cancel)

    def _create(self, req: Req) -> dict[str, Any]:
        body = self._service.body_of(req)
        rows = body.get("requests") if isinstance(body, dict) and set(body) == {"requests"} else None
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_REQUESTS:
            raise self._service.error(400, "invalid_request_error", "requests: 1 to 100,000")
        kept: dict[str, dict[str, Any]] = {}
        for row in rows:
            if not isinstance(row, dict) or set(row) != {"custom_id", "params"}:
                raise self._service.error(400, "invalid_request_error", "requests: custom_id and params")
            name = row["custom_id"]
            if not isinstance(name, str) or not _CUSTOM_ID.fullmatch(name) or name in kept:
                raise self._service.error(400, "invalid_request_error", f"custom_id: {name!r}")
            if "stream" in row["params"]:
                raise self._service.error(400, "invalid_request_error", "stream: not in a batch")
            kept[name] = row["params"]
        batch = Batch(self._service.next_id("msgbatch"), kept, datetime.now(UTC))
        self.kept[batch.name] = batch
        return self._shown(batch)

    def _retrieve(self, req: Req, name: str) -> dict[str, Any]:
        batch = self._batch(name)
        batch.polls += 1
        if batch.ended is None and batch.polls >= self.polls:
            self._end(batch)
        return self._shown(batch)

    def _results(self, req: Req, name: str) -> Reply:
        batch = self._batch(name)
        if batch.ended is None:
            raise self._service.error(400, "invalid_request_error", "the batch has not ended")
        lines = "".join(json.dumps(row) + "\n" for row in reversed(batch.results))
        return Reply(200, raw=lines.encode(), ctype="application/x-jsonl")

    def _cancel(self, req: Req, name: str) -> dict[str, Any]:
        batch = self._batch(name)
        batch.cancelled = True
        return self._shown(batch)

    def _batch(self, name: str) -> Batch:
        if name not in self.kept:
            raise self._service.error(404, "not_found_error", f"no batch {name}")
        return self.kept[name]

    def _end(self, batch: Batch) -> None:
        """Judge each row only now, as the service does."""
        batch.ended = datetime.now(UTC)
        batch.results = [{"custom_id": name, "result": self._result(batch, name)} for name in batch.rows]

    def _result(self, batch: Batch, name: str) -> dict[str, Any]:
        params = batch.rows[name]
        fate = "canceled" if batch.cancelled else self.fate(name, params)
        if fate in {"expired", "canceled"}:
            return {"type": fate}
        try:
            if fate:
                raise messages_rules.Refused("this row was made to fail")
            self._service.check(params)
        except messages_rules.Refused as refused:
            error = self._service.error(400, "invalid_request_error", str(refused))
            return {"type": "errored", "error": error.body}
        return {"type": "succeeded", "message": self._service.message(params, tier="batch")}

    def _shown(self, batch: Batch) -> dict[str, Any]:
        ended = batch.ended is not None
        kinds = [row["result"]["type"] for row in batch.results]
        names = ("succeeded", "errored", "canceled", "expired")
        going = "canceling" if batch.cancelled else "in_progress"
        return {
            "id": batch.name,
            "type": "message_batch",
            "processing_status": "ended" if ended else going,
            "request_counts": {
                "processing": 0 if ended else len(batch.rows),
                **{name: kinds.count(name) for name in names},
            },
            "created_at": batch.created.isoformat(),
            "expires_at": (batch.created + timedelta(days=1)).isoformat(),
            "ended_at": batch.ended.isoformat() if batch.ended else None,
            "cancel_initiated_at": batch.created.isoformat() if batch.cancelled else None,
            "archived_at": None,
            "results_url": f"{self._service.url}/v1/messages/batches/{batch.name}/results" if ended else None,
        }
