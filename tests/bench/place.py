"""Where a benchmark runs: a folder and a migrated database of its own, both gone afterwards unless they are kept.

BENCH_POSTGRESQL and BENCH_REDIS name other servers than the usual ones of this machine.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

ROOT = Path(__file__).parent.parent.parent
DATABASES = ("sqlite", "postgresql")
_SERVER = os.environ.get("BENCH_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432").rstrip("/")
_REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/9")


def missing(database: str) -> str:
    """Why nothing can run on this database here; empty if it can."""
    if database == "sqlite":
        return ""
    try:
        psycopg.connect(f"{_SERVER}/postgres", connect_timeout=2).close()
        redis.Redis.from_url(_REDIS, socket_connect_timeout=2).ping()
    except (psycopg.Error, redis.RedisError) as error:
        return f"needs PostgreSQL and Redis: {str(error).splitlines()[0]}"
    return ""


@contextmanager
def opened(database: str, *, keep: str | None = None) -> Iterator[dict[str, str]]:
    """The environment of a house with its tables, to run processes in: a fresh one, or the one that is kept."""
    folder = _kept(Path(keep)) if keep else Path(tempfile.mkdtemp(prefix="nightdesk-bench-"))
    name = folder.name.replace("-", "_").lower()
    url = f"{_SERVER}/{name}" if database == "postgresql" else ""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NIGHTDESK_")}
    environment |= {
        "NIGHTDESK_VAR": str(folder),
        "SECRET_KEY": "a key for benchmarks only, long enough to be accepted by the checks of Django",
        "DATABASE_URL": url,
        "REDIS_URL": _REDIS if url else "",
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_BASE_URL": "",
        "EMAIL_URL": "",
        "DEBUG": "",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    try:
        if url:
            _create(name)
            redis.Redis.from_url(_REDIS).flushdb()
        _manage(environment, "migrate", "--verbosity=0", "--skip-checks")
        yield environment
    finally:
        if not keep:
            if url:
                _drop(name)
            shutil.rmtree(folder, ignore_errors=True)


def _kept(within: Path) -> Path:
    """The same folder each time, with a name that no other place has: the database on a server is called by it."""
    place = hashlib.sha256(str(within.resolve()).encode()).hexdigest()[:8]
    folder = within / f"nightdesk-kept-{place}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def copy(name: str, ending: str) -> str:
    """Copy the database `name` (nobody may be connected), with the ending joined to its name; return that."""
    other = f"{name}_{ending}"
    if name.startswith("/"):
        shutil.copyfile(name, other)
    else:
        _administer(f"CREATE DATABASE {other} TEMPLATE {name}")
    return other


def folder() -> Path:
    """Where this run may write; gone afterwards."""
    return Path(os.environ["NIGHTDESK_VAR"])


def quick() -> bool:
    """Whether small numbers will do: it is only tried whether everything works."""
    return bool(os.environ.get("BENCH_QUICK"))


def server_url() -> str:
    """The address that a database of this run has without its name."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path="").geturl()


def _drop(name: str) -> None:
    """The database and its copies, with whoever is still connected."""
    with psycopg.connect(f"{_SERVER}/postgres", autocommit=True) as connection:
        pattern = name.replace("_", r"\_") + "%"
        for (found,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]):
            connection.execute(f'DROP DATABASE IF EXISTS "{found}" WITH (FORCE)')


def _create(name: str) -> None:
    """The database, unless it is there."""
    with psycopg.connect(f"{_SERVER}/postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f"CREATE DATABASE {name}")


def _administer(statement: str) -> None:
    with psycopg.connect(f"{_SERVER}/postgres", autocommit=True) as connection:
        connection.execute(statement)


def _manage(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )
