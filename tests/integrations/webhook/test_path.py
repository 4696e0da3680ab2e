"""From what happens to a job to what another system hears: each place once, later where it was away."""

import datetime
from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations import workers
from jobs import pool, queue
from jobs.lifecycle import job as jobs
from jobs.models import Client, Delivery, Job
from tests.emulators.webhook import KEY, WebhookEmulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def crm() -> Iterator[WebhookEmulator]:
    """The system that is told, at two of its addresses."""
    emulator = WebhookEmulator().start()
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture(autouse=True)
def connected(crm: WebhookEmulator, settings: Settings) -> Iterator[None]:
    """A house that tells it."""
    places = {"crm": f"{crm.url}/hook", "shop": f"{crm.url}/hook?shop"}
    settings.TARGETS = {"webhook": {"places": places, "secrets": dict.fromkeys(places, KEY)}}
    settings.NOTICES = {"webhook": {"events": ["job.*"], "cards": [], "places": [*places]}}
    workers._target.cache_clear()
    yield
    workers._target.cache_clear()


@pytest.fixture
def job(trattoria: Client) -> Job:
    """A job that was opened just now."""
    return jobs.open_job(title="Winter page", brief="Write it.", by="test", client=trattoria)


def carry_out_all() -> None:
    """Everything that is due, as a worker does it."""
    while delivery := queue.claim_delivery():
        workers.carry_out(delivery, pool.Pulse("deliveries"))


def test_each_place_is_told_each_event_once(crm: WebhookEmulator, job: Job) -> None:
    carry_out_all()
    jobs.cancel(job, by="owner", reason="Not needed.")
    carry_out_all()
    told = [(said["type"], said["data"]["job"]["id"]) for said in crm.messages.values()]
    assert sorted(told) == [(name, str(job.uid)) for name in ("job.cancelled", "job.opened") for _ in range(2)]
    assert set(crm.messages) == set(Delivery.objects.values_list("key", flat=True))
    assert set(Delivery.objects.values_list("state", "detail")) == {
        ("delivered", "crm answered 202"),
        ("delivered", "shop answered 202"),
    }


def test_a_place_that_is_away_is_told_later_and_holds_up_no_other(crm: WebhookEmulator, job: Job) -> None:
    crm.fault("POST /hook", "status", status=503, headers={"Retry-After": "1"})
    carry_out_all()
    assert len(crm.messages) == 1
    late = Delivery.objects.get(state="pending")
    wait = (late.ready_at - timezone.now()).total_seconds()
    assert 4 < wait <= 5
    Delivery.objects.update(ready_at=timezone.now())
    carry_out_all()
    assert len(crm.messages) == 2


def test_a_place_that_stays_away_for_most_of_a_day_is_given_up_and_the_job_never_waits(
    crm: WebhookEmulator, job: Job
) -> None:
    Delivery.objects.filter(key__startswith="webhook:shop").delete()
    waited = datetime.timedelta()
    crm.fault("POST /hook", "status", times=8, status=500)
    while late := Delivery.objects.filter(state="pending").first():
        waited += max(late.ready_at - timezone.now(), datetime.timedelta())
        Delivery.objects.update(ready_at=timezone.now())
        carry_out_all()
    failed = Delivery.objects.get()
    assert (failed.state, failed.reason) == ("failed", "crm answered 500. (tried 8 times)")
    assert waited > datetime.timedelta(hours=17)
    job.refresh_from_db()
    assert job.state == "pending"
    assert not job.reviews.exists()
