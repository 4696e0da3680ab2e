"""A brief on its way to Notion: one row, whatever is lost, and the same row when its task is done again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from integrations import workers
from integrations.notion.pace import pace_of
from jobs import pool, queue
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle import task as tasks
from jobs.models import Client, Delivery, Job, Review, Task
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.jobs.conftest import STEP, a_file, claimed, probing, sending

pytestmark = pytest.mark.django_db

COLUMNS = {"External_ID": "rich_text", "Digest": "rich_text", "State": "status", "Client": "select", "Job": "url"}


@pytest.fixture
def notion(settings: Any) -> Iterator[NotionEmulator]:
    """Notion, which takes the briefs."""
    emulator = NotionEmulator().start()
    options = {"token": TOKEN, "base_url": emulator.url, "data_source": emulator.add_source(**COLUMNS)}
    settings.TARGETS = {"notion": {**options, "site": "http://127.0.0.1:8000", "per_second": 1e6}}
    settings.DELIVERED_BY = {**settings.DELIVERED_BY, "brief": "notion"}
    workers._target.cache_clear()
    pace_of.cache_clear()
    yield emulator
    workers._target.cache_clear()
    pace_of.cache_clear()
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture
def research(trattoria: Client) -> Callable[[str], Delivery]:
    """A function that does the research of a job, again if need be, and sends its brief off."""
    jobs.open_job(title="Prices", brief="What do others charge?", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")

    def do(text: str) -> Delivery:
        file = a_file("prices-brief.md", text, "brief")
        effect = tasks.WantedEffect("brief", {}, [file.name])
        tasks.succeed(claimed(), tasks.Result({}, "3 findings", [file], [effect]), by="agent:research")
        return sending()

    return do


def carry_out(delivery: Delivery) -> Delivery:
    """What one attempt makes of it."""
    workers.carry_out(delivery, pool.Pulse("deliveries"))
    delivery.refresh_from_db()
    return delivery


def again() -> None:
    """The task is done once more, in another round."""
    Task.objects.update_state(state="pending", round=1, ready_at=timezone.now())
    Job.objects.update_state(state="in_progress")


def rows(notion: NotionEmulator) -> list[Any]:
    (source,) = notion.sources
    return notion.rows(source)


def test_a_brief_lands_as_a_row_and_its_job_is_done(
    notion: NotionEmulator, research: Callable[[str], Delivery]
) -> None:
    delivery = carry_out(research("# What do others charge?\n\nTwelve."))
    (page,) = rows(notion)
    job = Job.objects.get()
    assert (delivery.state, delivery.external_id, delivery.url.endswith(page.id.replace("-", ""))) == (
        "delivered",
        page.id,
        True,
    )
    assert (page.text("External ID"), page.text("Client")) == (f"{job.uid}:1:1", "Trattoria Lume")
    assert job.state == "completed"


def test_when_it_is_done_again_the_same_row_is_brought_up_to_date(
    notion: NotionEmulator, research: Callable[[str], Delivery]
) -> None:
    first = carry_out(research("# What do others charge?\n\nTwelve."))
    again()
    notion.journal.clear()
    second = carry_out(research("# What do others charge?\n\nNine."))
    assert (first.key != second.key, second.external_id) == (True, first.external_id)
    (page,) = rows(notion)
    assert page.markdown == "Nine."
    assert not [seen for seen in notion.journal if seen.req.path.endswith("/query")], "its page was known"


@pytest.mark.parametrize("fault", ["lost", "drop", "truncate"])
def test_a_lost_answer_is_looked_up_and_the_row_is_there_once(
    notion: NotionEmulator, research: Callable[[str], Delivery], fault: str
) -> None:
    notion.fault("POST /v1/pages", fault)
    delivery = carry_out(research("# What do others charge?\n\nTwelve."))
    assert delivery.state == "unknown"
    assert queue.claim_lookup() is None, "the lag is waited for"
    Delivery.objects.update(ready_at=delivery.created_at)
    lookup = queue.claim_lookup()
    assert lookup is not None
    if carry_out(lookup).state == "pending":
        carry_out(sending())
    delivery.refresh_from_db()
    assert (delivery.state, len(rows(notion)), len(notion.pages)) == ("delivered", 1, 1)


def test_a_limit_puts_it_off_as_long_as_it_says(
    notion: NotionEmulator, research: Callable[[str], Delivery]
) -> None:
    limit = notion.error("rate_limited", headers={"Retry-After": "90"}, rate_limit_reason="workspace")
    notion.fault("POST", "status", **vars(limit))
    before = timezone.now()
    delivery = carry_out(research("# What do others charge?\n\nTwelve."))
    assert delivery.state == "pending"
    assert 89 < (delivery.ready_at - before).total_seconds() < 180


def test_what_is_not_shared_any_more_is_an_item_with_what_to_do(
    notion: NotionEmulator, research: Callable[[str], Delivery]
) -> None:
    notion.unshare(next(iter(notion.sources)))
    delivery = carry_out(research("# What do others charge?\n\nTwelve."))
    assert delivery.state == "pending"
    item = Review.objects.get()
    assert "Connections" in item.payload["cause"]
    next(iter(notion.sources.values())).shared = True
    Delivery.objects.update(ready_at=delivery.created_at)
    assert carry_out(probing()).state == "delivered"
