"""manage.py doctor: what is in order, what is not, and what to do about it."""

import sys
from typing import Any

from django.core.management import BaseCommand

from config import probes


class Command(BaseCommand):
    """Prints a line for each probe; exits with 1 if one is bad."""

    help = "Look at everything Nightdesk needs, and say what to mend."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run all probes."""
        findings = list(probes.run_all())
        for finding in findings:
            self.stdout.write(f"{finding.level:<5} {finding.name:<13} {finding.says}")
            if finding.fix:
                self.stdout.write(f"{'':<19} → {finding.fix}")
        if any(finding.level == probes.Level.BAD for finding in findings):
            sys.exit(1)
