"""A database of SQLite with every table, made once for a run of the tests: to migrate takes seconds each time."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.sqlite3.creation import DatabaseCreation

_ROOT = Path(__file__).parent.parent
# Where the processes of a run find each other's.
_RUN = "TEST_RUN_FOLDER"


def begin() -> str | None:
    """Make the folder of this run; None in a process that another one started for its tests."""
    if _RUN in os.environ:
        return None
    os.environ[_RUN] = tempfile.mkdtemp(prefix="nightdesk-run-")
    return os.environ[_RUN]


def end(folder: str) -> None:
    """Forget it."""
    shutil.rmtree(folder, ignore_errors=True)
    os.environ.pop(_RUN, None)


def copy_to(path: Path) -> None:
    """Make the file such a database."""
    shutil.copyfile(_made(Path(os.environ[_RUN])), path)


def _made(folder: Path) -> Path:
    """The one of this run; whoever needs it first makes it, the others wait for that."""
    made = folder / "migrated.sqlite3"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _migrate(folder / "house")
            (folder / "house" / "nightdesk.sqlite3").rename(made)
    return made


def _migrate(folder: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "HOME", "LANG"))}
    own = {"NIGHTDESK_ROLE": "test", "NIGHTDESK_VAR": str(folder), "SECRET_KEY": settings.SECRET_KEY}
    command = [sys.executable, str(_ROOT / "manage.py"), "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, env=kept | own, check=True)


class Copied(DatabaseCreation):
    """Makes a test's database by copying the one of this run."""

    def create_test_db(self, *args: Any, **options: Any) -> str:
        """The name of its file, which the connection now has too."""
        name: str = self.connection.settings_dict["TEST"]["NAME"]
        copy_to(Path(name))
        self.connection.close()
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name
        return name
