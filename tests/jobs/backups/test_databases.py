"""The tables as files and back."""

import sqlite3
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from jobs.backups import databases
from jobs.models import Client, Restore

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "tab\there, line\nthere, back\\slash, \\N, ü, \N{SNOWMAN}, quote ' and \""


def test_every_character_comes_back(tmp_path: Path) -> None:
    Client.objects.create(name="Lume", slug="lume", notes=HOSTILE, recipients=["a@example.com"])
    rows, named = databases.dump(tmp_path)
    assert rows["jobs_client"] == 1
    assert named == []
    assert databases.count(tmp_path) == rows
    Client.objects.all().delete()
    databases.load(tmp_path, databases.applied())
    client = Client.objects.get()
    assert (client.notes, client.recipients) == (HOSTILE, ["a@example.com"])


def test_what_came_after_is_gone(owner: User, tmp_path: Path) -> None:
    databases.dump(tmp_path)
    User.objects.create_user("later")
    databases.load(tmp_path, databases.applied())
    assert list(User.objects.values_list("username", flat=True)) == ["owner"]
    assert User.objects.create_user("another").pk > owner.pk


def test_a_backup_of_an_earlier_version_is_brought_up_to_this_one(owner: User, tmp_path: Path) -> None:
    executor = MigrationExecutor(connection)
    (last,) = executor.loader.graph.leaf_nodes("jobs")
    executor.migrate([node.key for node in executor.loader.graph.node_map[last].parents if node.key[0] == "jobs"])
    try:
        before = databases.applied()
        databases.dump(tmp_path)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    databases.load(tmp_path, before)
    assert last not in before
    assert last in databases.applied()
    assert User.objects.get() == owner
    assert not Restore.objects.exists()


def test_a_damaged_database_is_known(tmp_path: Path) -> None:
    path = tmp_path / databases.FILE
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    assert databases.count(tmp_path) == {"a": 0}
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"x" * (len(content) - 100))
    with pytest.raises(databases.Unusable, match="damaged"):
        databases.count(tmp_path)


def test_migrations_of_another_version_are_known() -> None:
    assert databases.unknown(databases.applied()) == []
    assert databases.unknown([("jobs", "9999_flying"), ("gone", "0001_initial")]) == [
        "jobs.9999_flying",
        "gone.0001_initial",
    ]
