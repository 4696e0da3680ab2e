#!/usr/bin/env python
"""Command line door."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    from config.env import BadSetting

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(f"Settings: {error}")
    except (OperationalError, ProgrammingError) as error:
        # A house that was never set up is no fault of the code; anything else keeps its traceback.
        if not any(words in str(error) for words in ("no such table", "does not exist")):
            raise
        sys.exit("The database has no tables yet: run manage.py init, or manage.py up. manage.py doctor says more.")


if __name__ == "__main__":
    main()
