"""manage.py enter: a link that lets a person in once, when a password is lost or was guessed at too often."""

from argparse import ArgumentParser
from typing import Any

from axes.utils import reset
from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError

from jobs import membership
from jobs.inbox.entry import enter_link


class Command(BaseCommand):
    """Whoever may run this on the machine may do anything anyway."""

    help = "Print a link that lets somebody in once, within 15 minutes, and forget wrong passwords for their name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom."""
        parser.add_argument("name", nargs="?", default="", help="default: the owner, if there is one alone")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        """Print it."""
        people = User.objects.filter(is_active=True, **({"username": name} if name else {})).order_by("pk")
        found = [user for user in people if name or membership.is_owner(user)]
        if len(found) != 1:
            known = ", ".join(user.username for user in User.objects.filter(is_active=True).order_by("pk")[:10])
            raise CommandError(f"Say whom: {known}." if known else "There is nobody yet: run manage.py init.")
        reset(username=found[0].username)
        self.stdout.write(enter_link(found[0]))
