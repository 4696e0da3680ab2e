import pytest
from django.db import connection
from django.test import Client as Browser

from config import health
from config.watch import STALLED_AFTER_SECONDS, ClusterWatch
from jobs.lifecycle.job import open_job
from jobs.models import Client


class Clock:
    """Seconds that the test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The watches of a fresh process, on this clock."""
    clock = Clock()
    watches = {name: ClusterWatch(name, everywhere=True, clock=clock) for name in ("agents", "deliveries")}
    monkeypatch.setattr(health, "_WATCHES", watches)
    return clock


@pytest.mark.django_db
def test_an_idle_house_is_well(clock: Clock, client: Browser) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_work_that_nobody_takes_is_told_after_a_while(clock: Clock, client: Browser, trattoria: Client) -> None:
    open_job(title="Mail", brief="Write it.", by="test", client=trattoria)
    assert client.get("/healthz").status_code == 200
    clock.now += STALLED_AFTER_SECONDS + 1
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "no workers", "clusters": ["agents"]})


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_told_without_details(clock: Clock, client: Browser) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE jobs_task RENAME TO jobs_task_gone")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "no database"})
