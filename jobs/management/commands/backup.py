"""manage.py backup: the database and the artifacts in one dated archive, read again before it counts."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from jobs.backups import archive
from jobs.backups.databases import Unusable


class Command(BaseCommand):
    """Exits with 0 when the archive is whole, 2 when artifacts were gone already, 1 when there is none."""

    help = "Write the database and the artifacts into one dated archive, check it, and keep the latest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and how many are kept."""
        parser.add_argument("folder", nargs="?", type=Path, help=f"default: {settings.BACKUPS}")
        parser.add_argument("--keep", type=int, default=archive.KEEP, help=f"how many; default: {archive.KEEP}")
        parser.add_argument(
            "--verify", type=Path, metavar="ARCHIVE", help="only read this one and say what is in it"
        )

    def handle(self, *args: Any, folder: Path | None, keep: int, verify: Path | None, **options: Any) -> None:
        """Write, or read."""
        try:
            if verify:
                path, manifest = verify, archive.verify(verify)
            else:
                path, manifest = archive.write((folder or settings.BACKUPS).resolve(), keep=keep)
        except (Unusable, OSError) as error:
            raise CommandError(f"There is no backup: {error}") from error
        size = path.stat().st_size / 1_000_000
        rows, files = sum(manifest.rows.values()), len(manifest.artifacts)
        self.stdout.write(f"{path}  {size:.1f} MB: {rows} rows, {files} artifacts, all read again.")
        self.stdout.write(f"Put it back with: manage.py restore {path}")
        if "secret_key" in manifest.members:
            self.stdout.write("It holds the secret key of this house: keep it as you keep a password.")
        if manifest.missing:
            names = ", ".join(sha256[:12] for sha256 in manifest.missing[:5])
            self.stderr.write(f"{len(manifest.missing)} artifacts were gone or damaged already: {names}.")
            sys.exit(2)
