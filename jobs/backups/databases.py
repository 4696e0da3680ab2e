"""The tables as files and back, in one consistent moment, without any tool but Python.

SQLite by its own backup API; PostgreSQL by COPY within one REPEATABLE READ transaction, table by table, so that no
client tools of the server's version are needed.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.graph import MigrationGraph

FILE = "database.sqlite3"
_PIECE = 1 << 20


class Unusable(Exception):
    """The files do not make this database; the message says why."""


def dump(folder: Path) -> tuple[dict[str, int], list[str]]:
    """Write every table into the folder; return the rows of each, and the digests of all artifacts named there."""
    return _dump_sqlite(folder) if connection.vendor == "sqlite" else _dump_postgres(folder)


def load(folder: Path, migrations: list[tuple[str, str]]) -> None:
    """Put the tables in place of all that is here, then bring them up to this version of the code."""
    connection.close()
    if connection.vendor == "sqlite":
        _load_sqlite(folder)
    else:
        _load_postgres(folder, migrations)
    connection.close()
    call_command("migrate", verbosity=0, interactive=False)


def count(folder: Path) -> dict[str, int]:
    """The rows of each table as the files have them. Raises Unusable if the files are damaged."""
    if (folder / FILE).exists():
        with contextlib.closing(sqlite3.connect(folder / FILE)) as database:
            try:
                (said,) = database.execute("PRAGMA integrity_check").fetchone()
                if said != "ok":
                    raise Unusable(f"The database in it is damaged: {said}")
                return {table: _rows_of(database, table) for table in _tables_of(database)}
            except sqlite3.DatabaseError as error:
                raise Unusable(f"The database in it is damaged: {error}") from error
    return {path.stem: _lines(path) for path in sorted(folder.glob("*.copy"))}


def applied() -> list[tuple[str, str]]:
    """The migrations that this database has."""
    return sorted(MigrationExecutor(connection).loader.applied_migrations)


def unknown(migrations: list[tuple[str, str]]) -> list[str]:
    """Those of the migrations that this version of the code does not know."""
    known = MigrationExecutor(None).loader.disk_migrations
    replaced = {one for migration in known.values() for one in migration.replaces}
    return [f"{app}.{name}" for app, name in migrations if (app, name) not in known and (app, name) not in replaced]


def _dump_sqlite(folder: Path) -> tuple[dict[str, int], list[str]]:
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(folder / FILE)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        rows = {table: _rows_of(copy, table) for table in _tables_of(copy)}
        named = copy.execute("SELECT DISTINCT sha256 FROM jobs_artifact ORDER BY 1").fetchall()
    return rows, [sha256 for (sha256,) in named]


def _load_sqlite(folder: Path) -> None:
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(folder / FILE)) as copy:
        copy.backup(connection.connection)


def _dump_postgres(folder: Path) -> tuple[dict[str, int], list[str]]:
    rows: dict[str, int] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table in sorted(connection.introspection.table_names(cursor)):
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            _copy_out(cursor, table, columns, folder / f"{table}.copy")
            cursor.execute(f"SELECT count(*) FROM {_quoted(table)}")  # noqa: S608 - a table's own name
            rows[table] = cursor.fetchone()[0]
        cursor.execute("SELECT DISTINCT sha256 FROM jobs_artifact ORDER BY 1")
        return rows, [sha256 for (sha256,) in cursor.fetchall()]


def _copy_out(cursor: Any, table: str, columns: list[str], path: Path) -> None:
    names = ", ".join(map(_quoted, columns))
    with path.open("wb") as file:
        file.write(("\t".join(columns) + "\n").encode())
        with cursor.copy(f"COPY {_quoted(table)} ({names}) TO STDOUT") as copy:
            for piece in copy:
                file.write(piece)


def _load_postgres(folder: Path, migrations: list[tuple[str, str]]) -> None:
    """Tables as they were at that version, then their rows; all of it happens, or nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        if applied() != migrations:
            _make_anew(cursor, {*migrations})
        tables = sorted(connection.introspection.table_names(cursor))
        cursor.execute(f"TRUNCATE {', '.join(map(_quoted, tables))}")
        for path in sorted(folder.glob("*.copy")):
            _copy_in(cursor, path)
        for table in tables:
            for sequence in connection.introspection.get_sequences(cursor, table):
                _go_on_counting(cursor, table, sequence["column"])


def _make_anew(cursor: Any, migrations: set[tuple[str, str]]) -> None:
    for table in connection.introspection.table_names(cursor):
        cursor.execute(f"DROP TABLE {_quoted(table)} CASCADE")
    executor = MigrationExecutor(connection)
    executor.migrate(_last(executor.loader.graph, migrations))


def _last(graph: MigrationGraph, migrations: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of the migrations, those that no other of them builds on."""
    known = [graph.node_map[one] for one in sorted(migrations) if one in graph.nodes]
    return [node.key for node in known if not any(child.key in migrations for child in node.children)]


def _copy_in(cursor: Any, path: Path) -> None:
    with path.open("rb") as file:
        columns = file.readline().decode().rstrip("\n").split("\t")
        names = ", ".join(map(_quoted, columns))
        with cursor.copy(f"COPY {_quoted(path.stem)} ({names}) FROM STDIN") as copy:
            for piece in _pieces(file):
                copy.write(piece)


def _go_on_counting(cursor: Any, table: str, column: str) -> None:
    """The next row gets a number that none has."""
    most = f"coalesce(max({_quoted(column)}), 0) + 1"
    counter = "pg_get_serial_sequence(%s, %s)"
    cursor.execute(f"SELECT setval({counter}, {most}, false) FROM {_quoted(table)}", [_quoted(table), column])  # noqa: S608 - our own names


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _lines(path: Path) -> int:
    """Rows of a COPY file: one a line, after the line that names the columns."""
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in _pieces(file)) - 1


def _tables_of(database: sqlite3.Connection) -> list[str]:
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted(name for (name,) in found)


def _rows_of(database: sqlite3.Connection, table: str) -> int:
    number: int = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - a table's own name
    return number


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
