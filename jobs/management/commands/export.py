"""manage.py export: the rows of one noun, a line each, for spreadsheets and other programs."""

import csv
import datetime
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BinaryField, Manager
from django.utils import timezone

from jobs.models import Client, Delivery, Event, Job, Receipt, Review, Run, Task, Trigger

# Each with the column that says when a row came; rules and clients are few, and always given whole.
_NOUNS: dict[str, tuple[Manager[Any], str]] = {
    "clients": (Client.objects, ""),
    "triggers": (Trigger.objects, ""),
    "receipts": (Receipt.objects, "received_at"),
    "jobs": (Job.objects, "created_at"),
    "tasks": (Task.objects, "job__created_at"),
    "runs": (Run.objects, "started_at"),
    "reviews": (Review.objects, "created_at"),
    "deliveries": (Delivery.objects, "created_at"),
    "events": (Event.objects, "at"),
}
_AT_ONCE = 500


class Command(BaseCommand):
    """Writes to standard output, oldest first, whatever the number of rows."""

    help = "Write the rows of one noun to standard output: JSON lines, or CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which rows, and how."""
        parser.add_argument("noun", choices=_NOUNS)
        parser.add_argument("--csv", action="store_true", help="CSV with a header line; else a JSON object a line")
        parser.add_argument("--since", default="", metavar="DATE", help="rows since this date, such as 2026-11-01")

    def handle(self, *args: Any, noun: str, since: str, **options: Any) -> None:
        """Stream them; what a program reads half of is no error."""
        manager, moment = _NOUNS[noun]
        rows = manager.order_by("pk")
        fields = rows.query.get_meta().concrete_fields
        names = [field.attname for field in fields if not isinstance(field, BinaryField)]
        if since and moment:
            rows = rows.filter(**{f"{moment}__gte": _begins(since)})
        lines = rows.values(*names).iterator(chunk_size=_AT_ONCE)
        self._csv(names, lines) if options["csv"] else self._json(lines)

    def _json(self, lines: Iterator[dict[str, Any]]) -> None:
        for line in lines:
            self.stdout.write(json.dumps(line, cls=DjangoJSONEncoder, ensure_ascii=False))

    def _csv(self, names: list[str], lines: Iterator[dict[str, Any]]) -> None:
        table = csv.DictWriter(self.stdout, names)
        table.writeheader()
        for line in lines:
            table.writerow({name: _cell(value) for name, value in line.items()})


def _begins(since: str) -> datetime.datetime:
    """Midnight of the date on the owner's clock."""
    try:
        date = datetime.date.fromisoformat(since)
    except ValueError as error:
        raise CommandError(f"--since takes a date such as 2026-11-01, not {since!r}.") from error
    return timezone.make_aware(datetime.datetime.combine(date, datetime.time()))


def _cell(value: Any) -> Any:
    """One value as a spreadsheet may have it: what begins like a formula is text, what is nested is JSON."""
    if isinstance(value, dict | list):
        value = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
