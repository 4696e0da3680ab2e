"""`manage.py evaluate`: what the orchestrator makes of the golden set, with the configured model."""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agents import catalogue, golden, orchestrator, prompts, workers
from agents.contracts import BudgetExhausted, Interrupted, ModelUnavailable, Usage
from agents.golden import Golden, Score, scores
from agents.llm import pricing
from agents.management.alone import MICRO_USD, desk, spent
from agents.management.sitting import KeptJournal, Sitting

_NAME = 30
# What one decision usually takes: so many characters are a token, so many tokens are the answer.
_CHARS_PER_TOKEN = 3.5
_ANSWER_TOKENS = 1_500
_UNAVAILABLE = ModelUnavailable.__name__


class Command(BaseCommand):
    """For an owner who edits a prompt or changes the model: what did it do?"""

    requires_system_checks: list[str] = []
    help = (
        "Plan the golden set of requests with the configured model and score the plans. It says first what that "
        "will cost, and goes on where it was interrupted. Exits 1 when a request misses its outcome or the score "
        "is worse than that of the prompt before."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which briefs, which prompt, for how much, and how to tell of it."""
        parser.add_argument(
            "--briefs", type=Path, default=golden.BRIEFS, metavar="FILE", help="another set, as JSON"
        )
        parser.add_argument("--only", default="", metavar="WORD", help="the briefs with this in their names")
        parser.add_argument("--prompt", default=orchestrator.PROMPT_VERSION, metavar="vN", help="another version")
        parser.add_argument("--at-once", type=int, default=4, metavar="N", help="so many requests at the same time")
        parser.add_argument("--most", type=_microusd, default="5", metavar="USD", help="all that it may cost: 5")
        parser.add_argument("--price", action="store_true", help="only say what it would cost")
        parser.add_argument("--scores", type=Path, default=settings.VAR / "evaluations.json", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, judge, compare, keep; CommandError where there is nothing to plan with, or no money."""
        briefs, version, most = _briefs(options["briefs"], options["only"]), options["prompt"], options["most"]
        facts = {
            "prompt": _sum_of_prompt(version),
            "model": workers.model_for(orchestrator.NAME),
            "briefs": golden.sum_of(briefs),
        }
        sitting = Sitting(_begun(options["scores"]), facts, most_microusd=most)
        self._announce(briefs, sitting, version, most)
        if options["price"]:
            return
        journals = [sitting.journal(brief.name) for brief in briefs]
        with ThreadPoolExecutor(max(1, options["at_once"])) as pool:
            found = list(pool.map(_scored, briefs, journals, [version] * len(briefs)))
        _check_whole(found, sitting, most)
        costs = [cost for journal in journals for cost in journal.costs]
        row = scores.Row.made_of(
            [score for score in found if score],
            **facts,
            version=version,
            on=timezone.now().isoformat(timespec="seconds"),
            cost_microusd=None if None in costs else sitting.spent_microusd,
        )
        self._conclude([score for score in found if score], row, sitting, spent(costs), options)

    def _announce(self, briefs: Sequence[Golden], sitting: Sitting, version: str, most: int) -> None:
        """What is to come, before anything of it is spent; raises CommandError where it does not fit."""
        left = [brief for brief in briefs if not sitting.is_known(brief.name)]
        price = _price(left, version)
        known = f"; {len(briefs) - len(left)} were asked before the interruption" if len(left) < len(briefs) else ""
        about = "of no known price" if price is None else f"about ${price / MICRO_USD:.2f}"
        model = workers.model_for(orchestrator.NAME)
        self.stderr.write(
            f"{len(left)} requests for {model}: {about}, ${most / MICRO_USD:.2f} at most (--most){known}."
        )
        if price is not None and price + sitting.spent_microusd > most:
            needed = (price + sitting.spent_microusd) / MICRO_USD
            raise CommandError(f"That is more than it may cost. To let it: --most {needed:.2f}")

    def _conclude(
        self, found: list[Score], row: scores.Row, sitting: Sitting, cost: str, options: dict[str, Any]
    ) -> None:
        old = scores.before(scores.kept(options["scores"]), row)
        scores.keep(options["scores"], row)
        sitting.is_over()
        worse = scores.worse(row, old) if old else ""
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found, row, worse), ensure_ascii=False))
        else:
            self._show(found, row, worse, cost)
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


def _microusd(text: str) -> int:
    """Raises CommandError for what is no amount."""
    try:
        amount = int(Decimal(text) * MICRO_USD)
    except (InvalidOperation, ValueError):
        amount = -1
    if amount < 0:
        raise CommandError(f"--most {text} is no amount of USD: write it as 2.50")
    return amount


def _begun(path: Path) -> Path:
    """Where the turns of an evaluation lie that is not over yet."""
    return path.with_name(f"{path.stem}.begun.jsonl")


def _briefs(path: Path, only: str) -> list[Golden]:
    try:
        briefs = [brief for brief in golden.load(path) if only in brief.name]
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is not a set of briefs: {error}") from error
    if not briefs:
        raise CommandError(f"No brief has {only!r} in its name.")
    return briefs


def _price(briefs: Sequence[Golden], version: str) -> int | None:
    """About what these requests cost in micro-USD: the first writes the prompt to the cache, the others read it."""
    if settings.REHEARSAL or not briefs:
        return 0
    form = json.dumps(orchestrator.Answer.model_json_schema())
    prompt = _tokens(orchestrator.system(version, catalogue.allowed(())) + form)
    usage = Usage(
        cache_write_5m_tokens=prompt,
        cache_read_tokens=prompt * (len(briefs) - 1),
        input_tokens=sum(_tokens(orchestrator.opening(brief.as_brief(), brief.repositories)) for brief in briefs),
        output_tokens=_ANSWER_TOKENS * len(briefs),
    )
    return pricing.cost(workers.model_for(orchestrator.NAME), usage, timezone.now())


def _tokens(text: str) -> int:
    return round(len(text) / _CHARS_PER_TOKEN)


def _scored(brief: Golden, journal: KeptJournal, version: str) -> Score | None:
    """What became of one request; None where there was no money for it.

    One that the model could not plan at all scores nothing; the reason is its fault.
    """
    repositories = dict.fromkeys(brief.repositories, "")
    try:
        with tempfile.TemporaryDirectory(prefix="nightdesk-") as workdir:
            own = desk(orchestrator.NAME, journal, Path(workdir), repositories=repositories)
            decision = orchestrator.plan(brief.as_brief(), own, brief.agents, version=version)
    except BudgetExhausted:
        return None
    except ModelUnavailable as error:
        return golden.unplanned(brief, f"{_UNAVAILABLE}: {error}")
    except Interrupted as error:
        return golden.unplanned(brief, f"{type(error).__name__}: {error}")
    except prompts.PromptError as error:
        raise CommandError(str(error)) from error
    return golden.judge(brief, decision)


def _check_whole(found: Sequence[Score | None], sitting: Sitting, most: int) -> None:
    """Only a whole evaluation says something of a prompt; what was paid is kept for the next try."""
    again = "What was answered is kept: run the same again, and only the rest is asked."
    missing = found.count(None)
    if missing:
        raise CommandError(
            f"{missing} of {len(found)} requests were not asked: of ${most / MICRO_USD:.2f} (--most) "
            f"${sitting.spent_microusd / MICRO_USD:.2f} are spent, and one call more may not fit. {again}"
        )
    away = [score for score in found if score and any(fault.startswith(_UNAVAILABLE) for fault in score.faults)]
    if away:
        raise CommandError(f"{away[0].name}: {away[0].faults[0]} ({len(away)} of {len(found)} requests). {again}")


def _sum_of_prompt(version: str) -> str:
    try:
        text = orchestrator.system(version, catalogue.allowed(()))
    except prompts.PromptError as error:
        raise CommandError(str(error)) from error
    return hashlib.sha256(text.encode()).hexdigest()


def _as_json(found: list[Score], row: scores.Row, worse: str) -> dict[str, Any]:
    each = [{**score.model_dump(mode="json"), "reached": score.is_reached} for score in found]
    return {**row.model_dump(mode="json"), "worse": worse, "briefs_scored": each}
