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
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis import Redis, RedisError

from agents import sandbox
from agents.tools import place_access
from integrations.contracts import DeliveryError
from jobs import queue, spool
from jobs.backups import archive
from jobs.models import Process

_ENOUGH_BYTES = 1_000_000_000
_FRESH = timedelta(seconds=30)
_OLD = timedelta(days=2)


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


def _disk() -> Finding:
    """The folder that everything local lies in."""
    try:
        with tempfile.NamedTemporaryFile(dir=settings.VAR) as file:
            file.write(b"written")
            os.fsync(file.fileno())
        free = shutil.disk_usage(settings.VAR).free
    except OSError as error:
        fix = _("Let this user write there, or name another folder with NIGHTDESK_VAR.")
        return Finding(Level.FAIL, "disk", f"{settings.VAR}: {error.strerror}", fix)
    if free < _ENOUGH_BYTES:
        return Finding(
            Level.FAIL,
            "disk",
            _("{folder}: {free} MiB free").format(folder=settings.VAR, free=free >> 20),
            _("Make room on that disk."),
        )
    return Finding(Level.OK, "disk", _("{folder}: {free} GiB free").format(folder=settings.VAR, free=free >> 30))


def database_fault() -> str:
    """Why the database cannot be used as it is; empty if it can."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return _("The database does not answer: {error}").format(error=str(error).strip())
    return _("{number} migrations wait: run manage.py migrate.").format(number=len(waiting)) if waiting else ""


def _database() -> Finding:
    if fault := database_fault():
        return Finding(Level.FAIL, "database", fault, _("Check DATABASE_URL, or run manage.py doctor --fix."))
    return Finding(Level.OK, "database", connection.vendor)


def _doorbell() -> Finding:
    if not settings.REDIS_URL:
        return Finding(Level.OK, "doorbell", _("in the database"))
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as server:
            server.ping()
    except (RedisError, ValueError) as error:
        return Finding(
            Level.FAIL, "doorbell", _("Redis does not answer: {error}").format(error=error), _("Check REDIS_URL.")
        )
    return Finding(Level.OK, "doorbell", "Redis")


def _artifacts() -> Finding:
    storage = storages["artifacts"]
    name = storage.save(f"doctor-{os.getpid()}", ContentFile(b"written"))
    storage.delete(name)
    return Finding(Level.OK, "artifacts", type(storage).__name__)


def _backup() -> Finding:
    """When the last backup was made, and where it lies."""
    latest = next(iter(archive.listing(settings.BACKUPS)), None)
    fix = _("Run manage.py backup; with NIGHTDESK_BACKUP=folder there is one every night.")
    if latest is None:
        return Finding(Level.WARN, "backup", _("none in {folder}").format(folder=settings.BACKUPS), fix)
    age = timezone.now() - archive.made_at(latest)
    says = f"{latest.name}, {latest.stat().st_size / 1_000_000:.1f} MB, {_ago(age)}"
    return Finding(Level.WARN, "backup", says, fix) if age > _OLD else Finding(Level.OK, "backup", says)


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    if hours < 1:
        return _("less than an hour ago")
    if hours < 48:
        return ngettext("%(number)d hour ago", "%(number)d hours ago", hours) % {"number": hours}
    return _("%(number)d days ago") % {"number": hours // 24}


def _spool() -> Finding:
    """Whether events that were accepted still wait to be taken in, and whether some cannot be."""
    found = spool.standing()
    if found.broken:
        names = ", ".join(str(path) for path in found.broken[:3])
        fix = _("Look at these files, have their events sent again, then remove them.")
        return Finding(
            Level.FAIL,
            "spool",
            _("{broken} accepted events cannot be read: {names}").format(broken=len(found.broken), names=names),
            fix,
        )
    if found.oldest is None:
        return Finding(Level.OK, "spool", _("no accepted event waits to be taken in"))
    says = _("{waiting} accepted events wait until the database can be written").format(waiting=found.waiting)
    if timezone.now() - found.oldest < _FRESH:
        return Finding(Level.OK, "spool", says)
    fix = _("See what holds the database, and that manage.py up runs: it takes them in.")
    return Finding(
        Level.WARN,
        "spool",
        _("{says}, the oldest since {oldest:%H:%M}").format(says=says, oldest=timezone.localtime(found.oldest)),
        fix,
    )


def _model() -> Finding:
    if settings.REHEARSAL:
        says = _("rehearsal: deterministic texts, no model is asked, nothing is spent")
        return Finding(Level.WARN, "model", says, _("Set ANTHROPIC_API_KEY for the real thing."))
    return Finding(Level.OK, "model", ", ".join(f"{name} {model}" for name, model in settings.MODELS.items()))


def _mail() -> Finding:
    if not settings.EMAIL_URL:
        says = _("messages become files, nothing leaves this machine")
        return Finding(Level.WARN, "mail", says, _("Set EMAIL_URL to send them."))
    try:
        with get_connection():  # connects and logs in
            return Finding(Level.OK, "mail", _("SMTP, from {sender}").format(sender=settings.MAIL_FROM))
    except DeliveryError as error:
        return Finding(Level.FAIL, "mail", str(error), _("Check EMAIL_URL, and that the server can be reached."))


def _repositories() -> Finding:
    local = {name: Path(place) for name, place in settings.REPOSITORIES.items() if place.startswith("/")}
    gone = [f"{name} ({place})" for name, place in local.items() if not place.is_dir()]
    if gone:
        return Finding(
            Level.FAIL,
            "repositories",
            _("not there: {names}").format(names=", ".join(gone)),
            _("Mend NIGHTDESK_REPOSITORIES."),
        )
    if not settings.REPOSITORIES:
        fix = _("Set NIGHTDESK_REPOSITORIES=name=address for code work.")
        return Finding(Level.WARN, "repositories", _("none"), fix)
    return Finding(Level.OK, "repositories", ", ".join(settings.REPOSITORIES))


def _reading() -> Finding:
    """The tokens that agents read the owner's own places with: whether they can, and whether they can do more."""
    options: dict[str, Any] = settings.AGENT_OPTIONS
    seen = place_access.look(options["places"])
    if not seen:
        return Finding(Level.OK, "reading", _("agents read no places of your own"))
    fix = next((one.fix for one in sorted(seen, key=lambda one: one.ok) if one.fix), "")
    level = Level.FAIL if not all(one.ok for one in seen) else Level.WARN if fix else Level.OK
    return Finding(level, "reading", " ".join(one.says for one in seen), fix)


def _cell() -> Finding:
    if missing := sandbox.probe(str(settings.AGENT_OPTIONS["cell_user"])):
        return Finding(Level.WARN, "cell", "; ".join(missing), _("Until then code tasks are refused."))
    return Finding(Level.OK, "cell", "bubblewrap")


def _workers() -> Finding:
    """Whether anything works: an idle cluster has no row, so only due work that nobody takes is a fault."""
    if database_fault():
        return Finding(Level.WARN, "workers", _("not looked at while the database is not ready"))
    idle = [cluster for cluster in settings.WORKERS if queue.due(cluster) and not _is_at_work(cluster)]
    if idle:
        says = _("work is due and nobody takes it: {names}").format(names=", ".join(idle))
        return Finding(Level.FAIL, "workers", says, _("Start manage.py up, or manage.py worker on another host."))
    fresh = Process.objects.filter(heartbeat_at__gte=timezone.now() - _FRESH)
    return Finding(Level.OK, "workers", _("{number} at work").format(number=fresh.count()))


def _is_at_work(cluster: str) -> bool:
    """Whether one of its processes claimed or finished something lately, or lives and has no slot left."""
    fresh = timezone.now() - _FRESH
    full = Q(heartbeat_at__gte=fresh, in_flight__gte=settings.CONCURRENCY - 1)
    return Process.objects.filter(Q(progress_at__gte=fresh) | full, cluster=cluster).exists()


PROBES: list[Callable[[], Finding]] = [
    _python,
    _disk,
    _database,
    _doorbell,
    _artifacts,
    _backup,
    _spool,
    _model,
    _mail,
    _repositories,
    _reading,
    _cell,
    _workers,
]
