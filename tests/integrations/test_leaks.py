"""No secret of this house leaves, whatever a model made of it and whoever approved it."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations import workers
from jobs import pool, queue
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Review
from tests.jobs.conftest import STEP, claimed, document_result, done

pytestmark = pytest.mark.django_db

SECRET = "ntn_write_0123456789"


@pytest.fixture(autouse=True)
def house(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.HELD_SECRETS = {"NOTION_TOKEN": [SECRET]}
    settings.TARGETS = {**settings.TARGETS, "folder": {"root": tmp_path / "folder"}}
    workers._target.cache_clear()
    yield
    workers._target.cache_clear()


@pytest.fixture
def made(trattoria: Client) -> Callable[[str], Delivery]:
    """A function that has this written, and its delivery carried out."""

    def make(text: str) -> Delivery:
        open_job(title="Notes", brief="Write them.", by="test", client=trattoria)
        planning.accept_plan(claimed(), [STEP], by="orchestrator")
        done(document_result(text=f"# Notes\n\n{text}\n"))
        delivery = queue.claim_delivery()
        assert delivery is not None
        workers.carry_out(delivery, pool.Pulse("deliveries"))
        return Delivery.objects.get()

    return make


@pytest.mark.parametrize(
    "text", [SECRET, base64.b64encode(f"the token: {SECRET}".encode()).decode()], ids=["plain", "base64"]
)
def test_a_document_that_holds_one_is_not_sent_and_a_person_is_told_which(
    made: Callable[[str], Delivery], text: str, tmp_path: Path
) -> None:
    delivery = made(text)
    assert delivery.state == "failed"
    assert "a secret of this house (NOTION_TOKEN), so nothing was sent" in delivery.reason
    assert SECRET not in delivery.reason
    assert not [path for path in (tmp_path / "folder").rglob("*") if path.is_file()]
    assert Review.objects.get(kind="failure").state == "open"


def test_one_that_holds_none_is_sent(made: Callable[[str], Delivery]) -> None:
    assert made("All is quiet.").state == "delivered"
