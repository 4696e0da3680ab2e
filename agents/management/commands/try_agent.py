"""`manage.py try_agent NAME --input FILE`: one agent by itself, with the configured model and nothing stored."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError

from agents import registry
from agents.contracts import Brief, Draft, Interrupted
from agents.management.alone import MemoryOnly, desk, spent


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
                made = desk(agent.name, journal, Path(workdir))
                access = registry.access_for(agent, brief.input, made.options)
                draft = agent.run(brief, replace(made, access=access))
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
