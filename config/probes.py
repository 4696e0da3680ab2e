"""What this installation itself is looked at for: each probe says what it found, and what mends it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from django.utils import timezone
from redis import Redis, RedisError

from agents import sandbox
from integrations.contracts import DeliveryError
from jobs import queue
from jobs.models import Process

_ENOUGH_BYTES = 1_000_000_000
_FRESH = timedelta(seconds=30)


class Level(StrEnum):
    """How a probe came out."""

    OK = "ok"
    WARN = "warn"  # works, with less than all or with more than it needs
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor. `fix` is empty unless something is to be done."""

    level: Level
    name: str
    says: str
    fix: str = ""


def named(name: str) -> Callable[[], Finding]:
    """The probe of this name. Raises KeyError."""
    return {probe.__name__.strip("_"): probe for probe in PROBES}[name]


def names() -> list[str]:
    """What the probes are called, in the order in which they build on each other."""
    return [probe.__name__.strip("_") for probe in PROBES]


def _python() -> Finding:
    return Finding(Level.OK, "python", sys.version.split()[0])


def _folder() -> Finding:
    """The folder that everything local lies in."""
    try:
        with tempfile.NamedTemporaryFile(dir=settings.VAR) as file:
            file.write(b"written")
            os.fsync(file.fileno())
        free = shutil.disk_usage(settings.VAR).free
    except OSError as error:
        fix = "Let this user write there, or name another folder with NIGHTDESK_VAR."
        return Finding(Level.FAIL, "folder", f"{settings.VAR}: {error.strerror}", fix)
    if free < _ENOUGH_BYTES:
        return Finding(Level.FAIL, "folder", f"{settings.VAR}: {free >> 20} MiB free", "Make room on that disk.")
    return Finding(Level.OK, "folder", f"{settings.VAR}: {free >> 30} GiB free")


def database_fault() -> str:
    """Why the database cannot be used as it is; empty if it can."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"The database does not answer: {str(error).strip()}"
    return f"{len(waiting)} migrations wait: run manage.py migrate." if waiting else ""


def _database() -> Finding:
    if fault := database_fault():
        return Finding(Level.FAIL, "database", fault, "Check DATABASE_URL, then run manage.py migrate.")
    return Finding(Level.OK, "database", connection.vendor)


def _doorbell() -> Finding:
    if not settings.REDIS_URL:
        return Finding(Level.OK, "doorbell", "in the database")
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as server:
            server.ping()
    except (RedisError, ValueError) as error:
        return Finding(Level.FAIL, "doorbell", f"Redis does not answer: {error}", "Check REDIS_URL.")
    return Finding(Level.OK, "doorbell", "Redis")


def _artifacts() -> Finding:
    storage = storages["artifacts"]
    name = storage.save(f"doctor-{os.getpid()}", ContentFile(b"written"))
    storage.delete(name)
    return Finding(Level.OK, "artifacts", type(storage).__name__)


def _model() -> Finding:
    if settings.REHEARSAL:
        says = "rehearsal: deterministic texts, no model is asked, nothing is spent"
        return Finding(Level.WARN, "model", says, "Set ANTHROPIC_API_KEY for the real thing.")
    return Finding(Level.OK, "model", ", ".join(f"{name} {model}" for name, model in settings.MODELS.items()))


def _mail() -> Finding:
    if not settings.EMAIL_URL:
        says = "messages become files, nothing leaves this machine"
        return Finding(Level.WARN, "mail", says, "Set EMAIL_URL to send them.")
    try:
        with get_connection():  # connects and logs in
            return Finding(Level.OK, "mail", f"SMTP, from {settings.MAIL_FROM}")
    except DeliveryError as error:
        return Finding(Level.FAIL, "mail", str(error), "Check EMAIL_URL, and that the server can be reached.")


def _repositories() -> Finding:
    local = {name: Path(place) for name, place in settings.REPOSITORIES.items() if place.startswith("/")}
    gone = [f"{name} ({place})" for name, place in local.items() if not place.is_dir()]
    if gone:
        return Finding(Level.FAIL, "repositories", f"not there: {', '.join(gone)}", "Mend NIGHTDESK_REPOSITORIES.")
    if not settings.REPOSITORIES:
        fix = "Set NIGHTDESK_REPOSITORIES=name=address for code work."
        return Finding(Level.WARN, "repositories", "none", fix)
    return Finding(Level.OK, "repositories", ", ".join(settings.REPOSITORIES))


def _cell() -> Finding:
    if missing := sandbox.probe(str(settings.AGENT_OPTIONS["cell_user"])):
        return Finding(Level.WARN, "cell", "; ".join(missing), "Until then code tasks are refused.")
    return Finding(Level.OK, "cell", "bubblewrap")


def _workers() -> Finding:
    """Whether anything works: an idle cluster has no row, so only due work that nobody takes is a fault."""
    if database_fault():
        return Finding(Level.WARN, "workers", "not looked at while the database is not ready")
    idle = [cluster for cluster in settings.WORKERS if queue.due(cluster) and not _is_at_work(cluster)]
    if idle:
        says = f"work is due and nobody takes it: {', '.join(idle)}"
        return Finding(Level.FAIL, "workers", says, "Start manage.py up, or manage.py worker on another host.")
    fresh = Process.objects.filter(heartbeat_at__gte=timezone.now() - _FRESH)
    return Finding(Level.OK, "workers", f"{fresh.count()} at work")


def _is_at_work(cluster: str) -> bool:
    """Whether one of its processes claimed or finished something lately, or lives and has no slot left."""
    fresh = timezone.now() - _FRESH
    full = Q(heartbeat_at__gte=fresh, in_flight__gte=settings.CONCURRENCY - 1)
    return Process.objects.filter(Q(progress_at__gte=fresh) | full, cluster=cluster).exists()


PROBES: list[Callable[[], Finding]] = [
    _python,
    _folder,
    _database,
    _doorbell,
    _artifacts,
    _model,
    _mail,
    _repositories,
    _cell,
    _workers,
]
