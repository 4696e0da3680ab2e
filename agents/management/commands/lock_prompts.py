"""`manage.py lock_prompts`: write the sums of all prompts into agents/prompts/LOCK."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agents import prompts


class Command(BaseCommand):
    """Shows what changed, so that an edit that was not meant is seen."""

    help = "Write the sha-256 of every prompt into agents/prompts/LOCK and show what changed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """No arguments besides --check."""
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if LOCK is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, then write unless --check."""
        before = prompts.locked() if prompts.LOCK.exists() else {}
        after = prompts.sums()
        changed = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
        for name in changed:
            self.stdout.write(
                f"{'removed' if name not in after else 'changed' if name in before else 'new'}: {name}"
            )
        if options["check"]:
            if changed:
                raise SystemExit(1)
        else:
            prompts.lock()
        self.stdout.write(f"{len(after)} prompts, {len(changed)} changed.")
