"""manage.py digest prints what would be sent."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from jobs.models import Delivery
from tests.jobs.test_nights import an_ended_job

pytestmark = pytest.mark.django_db


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("digest", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_the_night_to_a_date_and_sends_nothing() -> None:
    an_ended_job(None, 2)
    text = printed("2026-11-24")
    assert text.startswith("Night to 24 November: 1 done.\n")
    assert "**Done**" in text
    assert not Delivery.objects.exists()


def test_without_a_date_it_is_the_last_night() -> None:
    assert "A quiet night" in printed()


def test_no_date_is_said() -> None:
    with pytest.raises(CommandError, match="'yesterday' is no date: write one such as"):
        printed("yesterday")
