"""From what happens to a job to what another system hears: each place once, later where it was away."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations import workers
from jobs import policy, pool, queue
from jobs.lifecycle import breaker
from jobs.lifecycle import job as jobs
from jobs.models import Client, Delivery, Job, Review
from jobs.states import NEVER
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
    made = {f"webhook:{name}": {"place": name, "url": url, "secret": KEY} for name, url in places.items()}
    settings.TARGETS, settings.NOTICES = (
        made,
        {name: {"events": ["job.*"], "cards": [], "digest": False} for name in made},
    )
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


def test_a_place_that_is_away_is_told_when_it_is_back_and_holds_up_no_other(crm: WebhookEmulator, job: Job) -> None:
    crm.fault(r"POST /hook", "status", times=policy.BREAKER_AFTER, status=503)
    Delivery.objects.filter(target="webhook:shop").update(ready_at=NEVER)
    for _ in range(policy.BREAKER_AFTER):
        carry_out_all()
        Delivery.objects.filter(target="webhook:crm").update(ready_at=timezone.now())
    assert queue.claim_delivery() is None
    item = Review.objects.get(job=None)
    assert (item.kind, "webhook:crm" in item.title) == ("alarm", True)
    Delivery.objects.filter(target="webhook:shop").update(ready_at=timezone.now())
    carry_out_all()
    assert [said["type"] for said in crm.messages.values()] == ["job.opened"]
    breaker.try_now("webhook:crm")
    probe = queue.claim_probe()
    assert probe is not None
    workers.carry_out(probe, pool.Pulse("deliveries"))
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    job.refresh_from_db()
    assert job.state == "pending"
