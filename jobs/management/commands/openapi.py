"""manage.py openapi: write the description of the API from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from jobs.api import schema


class Command(BaseCommand):
    """Writes the document that /api/v1/openapi.json serves."""

    help = "Write jobs/api/openapi.json from the code. A test fails while the two differ."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        schema.PATH.write_text(schema.written(), encoding="utf-8")
        self.stdout.write(f"Written: {schema.PATH}")
