"""Measure one figure in this process: `python -m tests.bench.figure NAME`, in the environment of a place."""

import os
import sys
from importlib import import_module

import django


def main(name: str) -> None:
    """Set Django up, then call `measure()` of the module."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    import_module(f"tests.bench.{name}").measure()


if __name__ == "__main__":
    main(sys.argv[1])
