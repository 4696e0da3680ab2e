"""The database backend that DATABASES names: Django's own, with a turn for each writing transaction.

SQLite lets one transaction write at a time and makes the others poll with growing pauses: sixteen threads of a web
server then wait a second where the work takes milliseconds. Within a process they queue here instead; between
processes SQLite's own lock decides as ever.
"""

import datetime
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base, operations

# As long as SQLite's own patience (config/settings.py); then its own lock decides.
_PATIENCE_SECONDS = 20.0
_turn = threading.Lock()
# Whether a transaction of this process has SQLite's lock, and when the last one let go of it.
_is_ours, _let_go_at = False, 0.0


def _forget_turn() -> None:
    """In a forked child nobody is left who could end the turn of a thread of its parent."""
    global _turn, _is_ours
    _turn, _is_ours = threading.Lock(), False


os.register_at_fork(after_in_child=_forget_turn)


class Cursor(base.SQLiteCursorWrapper):
    """As Django's; the marks of a statement are translated once, not each time that it is made."""

    def convert_query(self, query: str, *, param_names: Iterable[str] | None = None) -> str:
        """The statement with SQLite's own marks for its values."""
        return (
            super().convert_query(query, param_names=param_names) if param_names is not None else _converted(query)
        )


@lru_cache(maxsize=1_000)
def _converted(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class DatabaseOperations(operations.DatabaseOperations):
    """As Django's; a time that is in UTC already, as all of ours are, is written without a detour by its zone."""

    def adapt_datetimefield_value(self, value: Any) -> str | None:
        """The time as SQLite keeps it."""
        is_ours = isinstance(value, datetime.datetime) and self.connection.timezone is datetime.UTC
        if is_ours and value.tzinfo is datetime.UTC:
            return str(value.replace(tzinfo=None))
        written: str | None = super().adapt_datetimefield_value(value)
        return written


class DatabaseWrapper(base.DatabaseWrapper):
    """Every explicit transaction is IMMEDIATE, so it is a writer from its first moment and waits for its turn."""

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: threading.Lock | None = None
        self._hurry: tuple[float, float] | None = None

    @contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """Within, OperationalError for a transaction that cannot begin for so long, since another process writes.

        While one of this process writes, it waits for its turn as ever.
        """
        self._hurry = (time.monotonic(), max(0.0, seconds))
        try:
            yield
        finally:
            self._hurry = None

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor on the open connection."""
        return self.connection.cursor(factory=Cursor)

    def _start_transaction_under_autocommit(self) -> None:
        global _is_ours
        if self._held is None and self._got_turn():
            self._held = _turn
        try:
            if self._hurry is None:
                super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
            else:
                self._start_hurriedly()
        except BaseException:
            self._end_turn()
            raise
        _is_ours = self._held is not None

    def _got_turn(self) -> bool:
        """Wait for the turn; False where nothing is left but to try without it."""
        if self._hurry is None:
            return _turn.acquire(timeout=_PATIENCE_SECONDS)
        ends = time.monotonic() + _PATIENCE_SECONDS
        while not _turn.acquire(timeout=self._left()):
            if not self._left() or time.monotonic() > ends:
                raise OperationalError("database is locked")
        return True

    def _left(self) -> float:
        """Seconds that are left of the hurry: it begins anew with each that this process has written."""
        since, seconds = self._hurry or (0.0, 0.0)
        return seconds if _is_ours else max(0.0, max(since, _let_go_at) + seconds - time.monotonic())

    def _start_hurriedly(self) -> None:
        """Begin with what is left of the hurry as SQLite's patience; what follows has its usual patience again."""
        usual = self.connection.execute("PRAGMA busy_timeout").fetchone()[0]
        self.connection.execute(f"PRAGMA busy_timeout = {int(self._left() * 1000)}")
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {usual}")

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # not in the stubs
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # not in the stubs
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        global _is_ours, _let_go_at
        held, self._held = self._held, None
        if held is not None and held.locked():
            _is_ours, _let_go_at = False, time.monotonic()
            held.release()
