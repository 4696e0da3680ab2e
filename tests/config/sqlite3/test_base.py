"""Threads of a process take turns to write."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, transaction

from config.sqlite3 import base
from jobs.models import Client
from tests.jobs.conftest import held, together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="about SQLite alone"),
]


class Undone(Exception):
    """Rolls a transaction back."""


def commit() -> None:
    with transaction.atomic():
        assert base._turn.locked()


def roll_back() -> None:
    with pytest.raises(Undone), transaction.atomic():
        raise Undone


def lose_the_connection() -> None:
    with transaction.atomic():
        connection.close()


def fail_to_begin() -> None:
    connection.cursor().execute("BEGIN")
    with pytest.raises(Exception, match="within a transaction"):
        connection._start_transaction_under_autocommit()  # type: ignore[attr-defined]  # not in the stubs
    connection.cursor().execute("ROLLBACK")


@pytest.mark.parametrize("ending", [commit, roll_back, lose_the_connection, fail_to_begin])
def test_a_turn_ends_with_its_transaction_however_that_ends(ending: Callable[[], None]) -> None:
    ending()
    assert not base._turn.locked()


def test_a_transaction_inside_another_takes_no_turn_of_its_own(trattoria: Client) -> None:
    with transaction.atomic():
        with transaction.atomic():
            Client.objects.update(tone="dry")
        assert base._turn.locked()
    assert not base._turn.locked()


def test_many_threads_write_without_one_that_fails(trattoria: Client) -> None:
    Client.objects.update(notes="")

    def write() -> int:
        for _ in range(20):
            with transaction.atomic():
                notes = Client.objects.get().notes
                Client.objects.update(notes=notes + "x")
        return 20

    assert together(16, write) == [20] * 16
    assert len(Client.objects.get().notes) == 320


def test_reading_needs_no_turn(trattoria: Client) -> None:
    with transaction.atomic():
        Client.objects.update(tone="dry")
        (seen,) = together(1, lambda: Client.objects.get().tone)
    assert seen == "warm, brief"


def test_a_forked_child_has_a_turn_of_its_own() -> None:
    parents = base._turn
    with parents:
        base._forget_turn()
        assert base._turn is not parents
        assert not base._turn.locked()


@pytest.mark.parametrize("holder", ["a thread", "a process"])
def test_who_is_in_a_hurry_gives_up_and_has_the_usual_patience_again(holder: str) -> None:
    usual = connection.cursor().execute("PRAGMA busy_timeout").fetchone()
    with base._turn if holder == "a thread" else held():
        begun = time.monotonic()
        with (
            pytest.raises(OperationalError, match="database is locked"),
            connection.hurried(0.05),  # type: ignore[attr-defined]  # of this backend
            transaction.atomic(),
        ):
            raise AssertionError("this is not its turn")
        assert 0.04 <= time.monotonic() - begun < 15  # SQLite counts in whole milliseconds
    assert not base._turn.locked()
    assert connection.cursor().execute("PRAGMA busy_timeout").fetchone() == usual
    commit()


def test_in_a_hurry_the_turn_of_others_of_the_same_process_is_waited_for() -> None:
    """Each of them writes for longer than the hurry lasts."""

    def write() -> bool:
        with connection.hurried(0.1), transaction.atomic():  # type: ignore[attr-defined]  # of this backend
            return threading.Event().wait(0.3)

    assert together(4, write) == [False] * 4


def test_who_has_no_time_left_gives_up_while_another_of_its_process_writes() -> None:
    def hurry() -> None:
        with connection.hurried(-0.5), transaction.atomic():  # type: ignore[attr-defined]  # of this backend
            raise AssertionError("this is not its turn")

    with transaction.atomic():
        (refused,) = together(1, hurry)
    assert isinstance(refused, OperationalError)


def test_in_a_hurry_a_free_database_is_written_as_ever() -> None:
    with connection.hurried(0.0):  # type: ignore[attr-defined]  # of this backend
        commit()
    assert not base._turn.locked()
