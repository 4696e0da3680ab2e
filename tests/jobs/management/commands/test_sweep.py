"""manage.py sweep."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command

from jobs.models import Job, Run
from tests.jobs.conftest import claimed


@pytest.mark.django_db
def test_it_takes_up_what_the_dead_left(planned: Callable[..., Job]) -> None:
    planned()
    run = claimed()
    Run.objects.update(host="another machine", lease_until=run.started_at)
    out = StringIO()
    call_command("sweep", stdout=out)
    assert out.getvalue() == "Swept.\n"
    run.refresh_from_db()
    assert run.state == "abandoned"
