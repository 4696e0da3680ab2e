"""An evaluation that may be interrupted: its turns are kept as they come, and its money has an envelope.

Whoever goes on with it asks nothing again that was answered: at most the calls that were under way are repeated.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

from agents.contracts import Ask, BudgetExhausted, Json, Reply, TurnRecord
from agents.management.alone import MICRO_USD, MemoryOnly

# What a call counts as where the model has no known price, so that the envelope still ends.
_UNKNOWN_MICROUSD = 250_000


class Sitting:
    """The turns of one evaluation in the file at `path`, one line each below a line of `facts`.

    A file of other facts (another prompt, model or set) is begun anew. Safe to use from many threads.
    """

    def __init__(self, path: Path, facts: dict[str, str], *, most_microusd: int) -> None:
        self._path, self._facts, self._most = path, facts, most_microusd
        self._free = threading.Condition()
        self._reserved = 0
        self._kept: dict[str, list[Json]] = {}
        for line in _lines(path, facts):
            self._kept.setdefault(line["brief"], []).append(line)
        self._spent = sum(_counted(line["cost"]) for lines in self._kept.values() for line in lines)

    def is_known(self, brief: str) -> bool:
        """Whether something of this request was asked and paid before."""
        return brief in self._kept

    @property
    def spent_microusd(self) -> int:
        """What it has cost so far, before an interruption too."""
        return self._spent

    def journal(self, brief: str) -> "KeptJournal":
        """The journal of one request, with what was answered before."""
        return KeptJournal(self, brief, self._kept.get(brief, []))

    def reserve(self, ceiling: int | None) -> int:
        """Room for one call; waits while others hold it. Raises BudgetExhausted where there is none any more."""
        wanted = _counted(ceiling)
        with self._free:
            while self._spent + self._reserved + wanted > self._most:
                if not self._reserved:
                    raise BudgetExhausted(
                        "evaluation", f"the next call may cost {_usd(wanted)}, and {_usd(self._spent)} is spent"
                    )
                self._free.wait()
            self._reserved += wanted
        return wanted

    def settle(self, reserved: int, cost: int) -> None:
        """Give the room back, and take what the call cost."""
        with self._free:
            self._reserved -= reserved
            self._spent += cost
            self._free.notify_all()

    def keep(self, brief: str, turn: TurnRecord, cost: int | None) -> None:
        """Write a turn down before anything else is asked."""
        line = {"brief": brief, "cost": cost, "turn": turn.model_dump(mode="json")}
        with self._free:
            if not self._kept:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text(json.dumps(self._facts), encoding="utf-8")
            self._kept.setdefault(brief, []).append(line)
            with self._path.open("a", encoding="utf-8") as file:
                # The line before may have been torn.
                file.write("\n" + json.dumps(line, ensure_ascii=False))

    def is_over(self) -> None:
        """Nothing of it is needed any more."""
        self._path.unlink(missing_ok=True)


class KeptJournal(MemoryOnly):
    """Of one request; `costs` are those of the calls that this process made."""

    def __init__(self, sitting: Sitting, brief: str, kept: list[Json]) -> None:
        super().__init__()
        self._sitting, self._brief, self._reserved = sitting, brief, 0
        self._turns = [TurnRecord.model_validate(line["turn"]) for line in kept]

    def before_call(self, ask: Ask, ceiling: int | None) -> None:
        """Reserve the call; raises BudgetExhausted."""
        self._reserved = self._sitting.reserve(ceiling)

    def call_failed(self, ask: Ask, *, billed_unknown: bool) -> None:
        """Release what was reserved, or count it as spent where it may have been billed."""
        super().call_failed(ask, billed_unknown=billed_unknown)
        self._sitting.settle(self._reserved, self._reserved if billed_unknown else 0)

    def record(self, ask: Ask, reply: Reply, *, cost: int | None, duration_ms: int) -> TurnRecord:
        """Keep the turn, on disk too."""
        turn = super().record(ask, reply, cost=cost, duration_ms=duration_ms)
        self._sitting.keep(self._brief, turn, cost)
        self._sitting.settle(self._reserved, _counted(cost))
        return turn


def _lines(path: Path, facts: dict[str, str]) -> Iterator[Json]:
    """The turns in the file; a line that was torn by the end of its process is none."""
    try:
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        if json.loads(head) != facts:
            return
    except (OSError, ValueError):
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _counted(cost: int | None) -> int:
    return _UNKNOWN_MICROUSD if cost is None else cost


def _usd(amount: int) -> str:
    return f"${amount / MICRO_USD:.2f}"
