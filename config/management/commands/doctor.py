"""manage.py doctor: what is in order, what is not, and what to do about it."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand

from config import checkups
from config.probes import Finding, Level


class Command(BaseCommand):
    """Prints a line for each finding; exits with 1 if one failed."""

    help = "Look at everything Nightdesk needs, in a few seconds, and say what to mend."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to look at, and for whom."""
        parser.add_argument("--only", choices=checkups.names(), default="", help="this alone")
        parser.add_argument("--json", action="store_true", help="a JSON list, for programs")

    def handle(self, *args: Any, only: str, **options: Any) -> None:
        """Look."""
        findings = checkups.look(only=only)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=1))
        else:
            for finding in findings:
                self._say(finding)
        if any(finding.level == Level.FAIL for finding in findings):
            sys.exit(1)

    def _say(self, finding: Finding) -> None:
        """In colour on a terminal, plain elsewhere: Django sees to it."""
        paint = {Level.OK: self.style.SUCCESS, Level.WARN: self.style.WARNING, Level.FAIL: self.style.ERROR}
        self.stdout.write(f"{paint[finding.level](f'{finding.level:<5}')} {finding.name:<13} {finding.says}")
        if finding.fix:
            self.stdout.write(f"{'':<19} → {finding.fix}")
