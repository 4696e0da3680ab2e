"""Threads of a process take turns to write."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from config.sqlite3 import base
from jobs.models import Client
from tests.jobs.conftest import together

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
