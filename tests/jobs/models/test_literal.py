"""What a statement has to say so that an index over a part of a table is taken."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from jobs import arrivals, finding
from jobs.models import Job, Receipt
from jobs.models.job import IS_OPEN
from jobs.models.literal import among
from jobs.models.receipt import CAME_TO_NOTHING
from jobs.states import Outcome

pytestmark = pytest.mark.django_db

OPEN = Job.objects.filter(IS_OPEN)
NOTHING = Receipt.objects.filter(CAME_TO_NOTHING)
LED = {
    "open jobs": (OPEN, "job_by_content"),
    "the list of open jobs": (finding._newest_first(OPEN, finding.Wanted()), "job_by_content"),
    "faults": (NOTHING.filter(outcome=Outcome.FAULT).order_by("-id")[: arrivals.FAULTS_SEEN], "receipt_to_nothing"),
}


@pytest.mark.parametrize(("rows", "index"), LED.values(), ids=LED)
def test_the_statement_says_what_the_index_says(rows: QuerySet[Any], index: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps the condition in words of its own, and finds it in any")
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [index])
        condition = cursor.fetchone()[0].partition(" WHERE ")[2]
    assert condition in str(rows.query).replace(f'"{rows.model._meta.db_table}".', "")
    # By whichever index: what must not be is that all of the table is read.
    assert " USING " in rows.explain().splitlines()[0]


def test_only_words_of_the_house_stand_in_a_statement() -> None:
    with pytest.raises(ValueError, match="no word of"):
        among("state", ["x') OR 1=1 --"])
