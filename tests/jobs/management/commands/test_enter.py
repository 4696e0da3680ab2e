"""manage.py enter."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.jobs.people import person

pytestmark = pytest.mark.django_db


def test_it_makes_a_link_for_the_only_owner(owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    person("reviewer", "partner")
    call_command("enter")
    assert "/enter/" in capsys.readouterr().out
    call_command("enter", "partner")
    assert "/enter/" in capsys.readouterr().out


def test_it_asks_whom_where_that_is_not_clear(owner: User, stranger: User) -> None:
    person("owner", "partner")
    with pytest.raises(CommandError, match="Say whom: owner, partner"):
        call_command("enter")
    with pytest.raises(CommandError, match="Say whom"):
        call_command("enter", "stranger")


def test_an_empty_house_is_told_where_to_begin(db: None) -> None:
    with pytest.raises(CommandError, match=r"manage\.py init"):
        call_command("enter")
