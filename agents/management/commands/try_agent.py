"""`manage.py try_agent NAME --input FILE`: one agent by itself, with the configured model and nothing stored."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from pydantic import ValidationError

from agents import registry, workers
from agents.contracts import Ask, Brief, Desk, Draft, Interrupted, Json, Limits, Reply, TurnRecord

MICRO_USD = 1_000_000


class MemoryOnly:
    """A journal that is forgotten at the end; nothing is reserved, the cost is only added up."""

    def __init__(self) -> None:
        self.costs: list[int | None] = []
        self._turns: list[TurnRecord] = []

    def turns(self) -> Sequence[TurnRecord]:
        """The turns of this one Run."""
        return list(self._turns)

    def before_call(self, ask: Ask, ceiling: int | None) -> None:
        """Always allowed: the person at the keyboard is the budget."""

    def call_failed(self, ask: Ask, *, billed_unknown: bool) -> None:
        """Remember a call that may have been billed as one of unknown cost."""
        if billed_unknown:
            self.costs.append(None)

    def record(self, ask: Ask, reply: Reply, *, cost: int | None, duration_ms: int) -> TurnRecord:
        """Keep the turn and its cost."""
        self.costs.append(cost)
        self._turns.append(TurnRecord(number=len(self._turns) + 1, ask_digest=ask.digest(), reply=reply))
        return self._turns[-1]

    def record_tools(self, number: int, results: list[Json]) -> None:
        """Keep what the tools answered."""
        self._turns[number - 1] = self._turns[number - 1].model_copy(update={"tool_results": results})


class Command(BaseCommand):
    """For whoever writes an agent or a prompt: a Task's brief in, what it would make out."""

    requires_system_checks: list[str] = []
    help = "Run one agent by itself with the configured model; print what it would make and what it cost."

    def add_arguments(self, parser: CommandParser) -> None:
        """The agent, and its Task as JSON."""
        parser.add_argument("name", help=f"one of {', '.join(registry.AGENTS)}")
        parser.add_argument(
            "--input",
            type=Path,
            required=True,
            metavar="FILE",
            help='JSON: the bare input of the agent, or a whole brief: {"input": {...}, "job_brief": ..., ...}',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the agent; CommandError says what was wrong and what was spent until then."""
        brief = read_brief(options["input"])
        try:
            agent = registry.load(options["name"])
        except (registry.UnknownAgent, registry.BrokenAgent) as error:
            raise CommandError(str(error)) from error
        journal = MemoryOnly()
        try:
            with tempfile.TemporaryDirectory(prefix="nightdesk-") as workdir:
                draft = agent.run(brief, _desk(agent.name, journal, Path(workdir)))
        except Interrupted as error:
            raise CommandError(f"{type(error).__name__}: {error} ({spent(journal.costs)})") from error
        self._show(draft)
        self.stdout.write(spent(journal.costs))

    def _show(self, draft: Draft) -> None:
        self.stdout.write(draft.summary)
        for made in draft.made:
            self.stdout.write(f"\n=== {made.kind}: {made.name} ({len(made.content)} bytes)\n")
            self.stdout.write(made.content.decode("utf-8", errors="replace"))
        for effect in draft.effects:
            self.stdout.write(f"would ask for: {effect.kind} {json.dumps(effect.fields)} {', '.join(effect.files)}")
        for follow_up in draft.follow_ups:
            self.stdout.write(f"would open: {follow_up.title}")


def read_brief(path: Path) -> Brief:
    """The Brief in a JSON file, or one made around the bare input in it; raise CommandError."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(given, dict):
        raise CommandError(f"{path} must hold a JSON object.")
    whole = given if isinstance(given.get("input"), dict) else {"input": given}
    start = {"job_uid": "try", "job_title": "Trial", "job_brief": "", "task_title": "Trial"}
    try:
        return Brief.model_validate({**start, **whole})
    except ValidationError as error:
        raise CommandError(f"{path} is not a brief: {error}") from error


def spent(costs: Sequence[int | None]) -> str:
    """ "3 calls, $0.0123"; an unknown price is said, never counted as nothing."""
    known = sum(cost for cost in costs if cost is not None)
    unknown = sum(cost is None for cost in costs)
    amount = f"${known / MICRO_USD:.4f}"
    calls = f"{len(costs)} call{'' if len(costs) == 1 else 's'}"
    return f"{calls}, {amount}" + (f" and {unknown} of unknown price" if unknown else "")


def _desk(agent: str, journal: MemoryOnly, workdir: Path) -> Desk:
    return Desk(
        llm=workers.llm(),
        model=workers.model_for(agent),
        journal=journal,
        now=timezone.now,
        workdir=workdir,
        limits=Limits(),
        options=settings.AGENT_OPTIONS,
    )
