"""The database backend that DATABASES names: Django's own, with a turn for each writing transaction.

SQLite lets one transaction write at a time and makes the others poll with growing pauses: sixteen threads of a web
server then wait a second where the work takes milliseconds. Within a process they queue here instead; between
processes SQLite's own lock decides as ever.
"""

import os
import threading
from typing import Any

from django.db.backends.sqlite3 import base

# As long as SQLite's own patience (config/settings.py); then its own lock decides.
_PATIENCE_SECONDS = 20.0
_turn = threading.Lock()


def _forget_turn() -> None:
    """In a forked child nobody is left who could end the turn of a thread of its parent."""
    global _turn
    _turn = threading.Lock()


os.register_at_fork(after_in_child=_forget_turn)


class DatabaseWrapper(base.DatabaseWrapper):
    """Every explicit transaction is IMMEDIATE, so it is a writer from its first moment and waits for its turn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: threading.Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        if self._held is None and _turn.acquire(timeout=_PATIENCE_SECONDS):
            self._held = _turn
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self._end_turn()
            raise

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
        held, self._held = self._held, None
        if held is not None and held.locked():
            held.release()
