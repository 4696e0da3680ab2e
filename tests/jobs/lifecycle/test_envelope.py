from datetime import UTC, datetime

import pytest
from django.utils import timezone

from jobs import budget
from jobs.lifecycle import envelope
from jobs.models import Review, Run
from tests.jobs.conftest import claimed

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture
def run(job, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A Run that has set money aside in the evening."""
    run = claimed()
    monkeypatch.setattr(timezone, "now", lambda: NIGHT)
    budget.reserve(run, 100)
    return run


def test_an_envelope_that_is_used_up_is_told_once(run: Run) -> None:
    first = envelope.used_up(run.job_id, "night", cause="It does not fit.", now=NIGHT)
    assert first
    assert (first.kind, first.payload["alarm"], first.payload["scope"]) == ("alarm", "spent", "night")
    assert "08:00" in first.payload["fix"]
    assert "NIGHTDESK_NIGHT_BUDGET" in first.payload["fix"]
    assert envelope.used_up(run.job_id, "night", cause="It does not fit.", now=NIGHT) is None
    assert envelope.used_up(run.job_id, "day", cause="It does not fit.", now=NIGHT)
    assert Review.objects.count() == 2


def test_an_envelope_that_nobody_took_from_is_not_used_up(run: Run) -> None:
    later = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert envelope.used_up(run.job_id, "day", cause="x", now=later) is None
