"""manage.py doctor: what is in order, what is not, and what to do about it."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand
from django.utils.translation import gettext, ngettext

from config import checkups
from config.management.commands.up import prepare
from config.probes import Finding, Level


class Command(BaseCommand):
    """Prints a line for each finding; exits with 1 if one failed."""

    help = "Look at everything Nightdesk needs, in a few seconds, and say what to mend."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to look at, and for whom."""
        parser.add_argument("--only", choices=checkups.names(), default="", help="this alone")
        parser.add_argument("--json", action="store_true", help="a JSON list, for programs")
        parser.add_argument("--fix", action="store_true", help="first make tables, schedules and static files anew")

    def handle(self, *args: Any, only: str, **options: Any) -> None:
        """Look; with --fix, first do what `up` does at every start, which is safe to repeat."""
        if options["fix"]:
            prepare()
        findings = checkups.look(only=only)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=1))
        else:
            for finding in findings:
                self._say(finding)
            self._sum_up(findings)
        if any(finding.level == Level.FAIL for finding in findings):
            sys.exit(1)

    def _sum_up(self, findings: list[Finding]) -> None:
        """How many problems there are, in the last line."""
        fails, warns = (sum(one.level == level for one in findings) for level in (Level.FAIL, Level.WARN))
        problems = ngettext("%(number)d problem", "%(number)d problems", fails) % {"number": fails}
        warnings = ngettext("%(number)d warning", "%(number)d warnings", warns) % {"number": warns}
        self.stdout.write(f"\n{problems}, {warnings}." if fails or warns else "\n" + gettext("All is in order."))

    def _say(self, finding: Finding) -> None:
        """In colour on a terminal, plain elsewhere: Django sees to it."""
        paint = {Level.OK: self.style.SUCCESS, Level.WARN: self.style.WARNING, Level.FAIL: self.style.ERROR}
        self.stdout.write(f"{paint[finding.level](f'{finding.level:<5}')} {finding.name:<13} {finding.says}")
        if finding.fix:
            self.stdout.write(f"{'':<19} → {finding.fix}")
