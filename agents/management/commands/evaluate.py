"""`manage.py evaluate`: what the orchestrator makes of the golden set, with the configured model."""

import hashlib
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agents import catalogue, golden, orchestrator, prompts, workers
from agents.contracts import Interrupted
from agents.golden import Golden, Score, scores
from agents.management.alone import MemoryOnly, desk, spent

_NAME = 30


class Command(BaseCommand):
    """For an owner who edits a prompt or changes the model: what did it do?"""

    requires_system_checks: list[str] = []
    help = (
        "Plan the golden set of requests with the configured model and score the plans. Exits 1 when a request "
        "misses its outcome or the score is worse than that of the prompt before."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which briefs, which prompt, and how to tell of it."""
        parser.add_argument(
            "--briefs", type=Path, default=golden.BRIEFS, metavar="FILE", help="another set, as JSON"
        )
        parser.add_argument("--only", default="", metavar="WORD", help="the briefs with this in their names")
        parser.add_argument("--prompt", default=orchestrator.PROMPT_VERSION, metavar="vN", help="another version")
        parser.add_argument("--at-once", type=int, default=4, metavar="N", help="so many requests at the same time")
        parser.add_argument("--scores", type=Path, default=settings.VAR / "evaluations.json", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, judge, compare, keep; CommandError where there is nothing to plan with."""
        briefs = _briefs(options["briefs"], options["only"])
        journals = [MemoryOnly() for _ in briefs]
        with ThreadPoolExecutor(max(1, options["at_once"])) as pool:
            found = list(pool.map(_scored, briefs, journals, [options["prompt"]] * len(briefs)))
        costs = [cost for journal in journals for cost in journal.costs]
        row = scores.Row.made_of(
            found,
            version=options["prompt"],
            prompt=_sum_of_prompt(options["prompt"]),
            model=workers.model_for(orchestrator.NAME),
            briefs=golden.sum_of(briefs),
            on=timezone.now().isoformat(timespec="seconds"),
            cost_microusd=None if None in costs else sum(cost or 0 for cost in costs),
        )
        old = scores.before(scores.kept(options["scores"]), row)
        scores.keep(options["scores"], row)
        worse = scores.worse(row, old) if old else ""
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found, row, worse), ensure_ascii=False))
        else:
            self._show(found, row, worse, spent(costs))
        if row.missed or worse:
            raise SystemExit(1)

    def _show(self, found: list[Score], row: scores.Row, worse: str, cost: str) -> None:
        for score in found:
            mark = "ok" if score.is_reached else "MISSED"
            line = f"{mark:<7}{score.name:<{_NAME}} {score.outcome:<9} {score.points:>2} of {score.of}"
            self.stdout.write(line + (f"  {'; '.join(score.faults)}" if score.faults else ""))
        self.stdout.write(
            f"\n{len(row.reached)} of {len(found)} reached their outcome, {row.points} of {row.of} points: "
            f"prompt {row.version} ({row.prompt[:12]}), model {row.model}; {cost}"
        )
        if worse:
            self.stdout.write(self.style.ERROR(worse))


def _briefs(path: Path, only: str) -> list[Golden]:
    try:
        briefs = [brief for brief in golden.load(path) if only in brief.name]
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is not a set of briefs: {error}") from error
    if not briefs:
        raise CommandError(f"No brief has {only!r} in its name.")
    return briefs


def _scored(brief: Golden, journal: MemoryOnly, version: str) -> Score:
    """A brief that the model could not plan at all scores nothing; the reason is its fault."""
    repositories = dict.fromkeys(brief.repositories, "")
    try:
        with tempfile.TemporaryDirectory(prefix="nightdesk-") as workdir:
            own = desk(orchestrator.NAME, journal, Path(workdir), repositories=repositories)
            decision = orchestrator.plan(brief.as_brief(), own, brief.agents, version=version)
    except Interrupted as error:
        return golden.unplanned(brief, f"{type(error).__name__}: {error}")
    except prompts.PromptError as error:
        raise CommandError(str(error)) from error
    return golden.judge(brief, decision)


def _sum_of_prompt(version: str) -> str:
    try:
        text = orchestrator.system(version, catalogue.allowed(()))
    except prompts.PromptError as error:
        raise CommandError(str(error)) from error
    return hashlib.sha256(text.encode()).hexdigest()


def _as_json(found: list[Score], row: scores.Row, worse: str) -> dict[str, Any]:
    each = [{**score.model_dump(mode="json"), "reached": score.is_reached} for score in found]
    return {**row.model_dump(mode="json"), "worse": worse, "briefs_scored": each}
