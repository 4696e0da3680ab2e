"""System checks: settings that would lose work are found at the start, each with what to do."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@register("nightdesk")
def workers_resolve(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every dotted path that a queue message may name leads to a function."""
    paths = {**settings.WORKERS, **{name: entry["func"] for name, entry in settings.SCHEDULES.items()}}
    return [
        Error(
            f"{name}: {path} cannot be imported ({problem}).",
            hint="Mend the path in config/queue.py.",
            id="nightdesk.E001",
        )
        for name, path in paths.items()
        if (problem := _import_problem(path))
    ]


@register("nightdesk")
def vendor_addresses_are_private(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A base address without TLS would carry the key in the clear: only loopback may have one."""
    return [
        Error(f"{name} is no https address.", hint="Use https, or a loopback address.", id="nightdesk.E002")
        for name, url in settings.VENDOR_ADDRESSES.items()
        if url and not _is_private(url)
    ]


def _is_private(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _import_problem(path: str) -> str:
    try:
        import_string(path)
    except ImportError as error:
        return str(error)
    return ""
