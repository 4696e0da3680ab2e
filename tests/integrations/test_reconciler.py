"""What bears our mark in the world and our own rows: taken over, withdrawn, or told in one item."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django_q.models import Schedule

from integrations import reconciler, registry, workers
from integrations.contracts import CannotTell, Landed, Marked, OutcomeUnknown, Outgoing
from jobs import dispatch, pool
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle import review as reviews
from jobs.models import Client, Delivery, Event, Job, Review
from tests.jobs.conftest import STEP, claimed, document_result, done, sending

pytestmark = pytest.mark.django_db


class Wall:
    """A target that holds what it is told to hold, and gives nothing back."""

    slug: ClassVar[str] = "shelf"
    kinds: ClassVar[frozenset[str]] = frozenset({"document"})
    lag_seconds: ClassVar[float] = 0.0
    holds: ClassVar[list[Marked]] = []
    fault: ClassVar[Exception | None] = None

    def deliver(self, outgoing: Outgoing) -> Landed:
        self.holds.append(Marked(key=outgoing.key, external_id=f"page-{len(self.holds)}"))
        return Landed(external_id=self.holds[-1].external_id)

    def find(self, outgoing: Outgoing) -> Landed | None:
        raise OutcomeUnknown("not now")

    def listing(self, since: datetime) -> list[Marked]:
        if self.fault:
            raise self.fault
        return list(self.holds)


class Shelf(Wall):
    """The same, which can archive."""

    def withdraw(self, double: Marked) -> None:
        self.holds.remove(next(one for one in self.holds if one.external_id == double.external_id))


@pytest.fixture(autouse=True)
def shelf(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Shelf]]:
    """Documents go to the shelf, which is the only target."""
    monkeypatch.setitem(registry.TARGETS, "shelf", f"{__name__}.Shelf")
    settings.DELIVERED_BY = {**settings.DELIVERED_BY, "document": "shelf"}
    settings.TARGETS = {"shelf": {}}
    Shelf.holds.clear()
    monkeypatch.setattr(Shelf, "fault", None)
    workers._target.cache_clear()
    yield Shelf
    workers._target.cache_clear()


@pytest.fixture
def document(trattoria: Client) -> Delivery:
    """A document on its way out."""
    jobs.open_job(title="Winter page", brief="Write it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(document_result())
    return sending()


@pytest.fixture
def delivered(document: Delivery) -> Delivery:
    """One that lies on the shelf."""
    workers.carry_out(document, pool.Pulse("deliveries"))
    document.refresh_from_db()
    return document


def put(key: str, external_id: str) -> None:
    Shelf.holds.append(Marked(key=key, external_id=external_id, url=f"https://shelf.example/{external_id}"))


def test_where_all_fits_nothing_is_said(delivered: Delivery) -> None:
    assert reconciler.look() == 0
    assert not Review.objects.exists()


def test_what_a_lost_answer_left_is_taken_over_and_its_question_withdrawn(document: Delivery) -> None:
    deliveries.doubt(document, reason="no answer", lag_seconds=0, by="deliveries")
    deliveries.leave_to_person(document, by="deliveries")
    put(document.key, "page-9")
    assert reconciler.look() == 0
    document.refresh_from_db()
    assert (document.state, document.external_id, document.url) == (
        "delivered",
        "page-9",
        "https://shelf.example/page-9",
    )
    assert [review.state for review in Review.objects.all()] == ["superseded"]
    assert Job.objects.get().state == "completed"


def test_what_is_on_its_way_is_left_alone(document: Delivery) -> None:
    put(document.key, "page-9")
    assert reconciler.look() == 0
    document.refresh_from_db()
    assert document.state == "sending"


def test_what_a_person_said_had_arrived_gets_its_proof(document: Delivery) -> None:
    deliveries.doubt(document, reason="no answer", lag_seconds=0, by="deliveries")
    deliveries.resolve(document, arrived=True, by="owner")
    put(document.key, "page-9")
    assert reconciler.look() == 0
    assert Delivery.objects.get().external_id == "page-9"


def test_a_double_is_withdrawn_and_the_known_one_stays(delivered: Delivery) -> None:
    Shelf.holds.insert(0, Marked(key=delivered.key, external_id="older"))
    put(delivered.key, "younger")
    assert reconciler.look() == 0
    assert [one.external_id for one in Shelf.holds] == [delivered.external_id]
    told = Event.objects.filter(name="delivery.withdrawn").values_list("data__external_id", flat=True)
    assert sorted(told) == ["older", "younger"]
    assert not Review.objects.exists()


def test_a_double_that_cannot_be_withdrawn_is_told(delivered: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.TARGETS, "shelf", f"{__name__}.Wall")
    put(delivered.key, "younger")
    assert reconciler.look() == 1
    (found,) = Review.objects.get().payload["found"]
    assert (found["external_id"], found["what"]) == ("younger", "It is a double of another one.")


def test_orphans_are_told_in_one_item_once(delivered: Delivery, owner: User, client: Browser) -> None:
    put("gone:1:0:1", "orphan-1")
    put("gone:2:0:1", "orphan-2")
    assert reconciler.look() == 2
    (item,) = Review.objects.all()
    assert (item.kind, item.state, len(item.payload["found"])) == ("alarm", "open", 2)
    client.force_login(owner)
    page = client.get(f"/inbox/{item.pk}/").content.decode()
    assert "https://shelf.example/orphan-2" in page
    assert "a restored backup" in page
    # The same again says nothing new, not even once it was noted; one more does.
    reconciler.look()
    reviews.acknowledge(item, by=owner, version=item.version)
    reconciler.look()
    assert Review.objects.count() == 1
    put("gone:3:0:1", "orphan-3")
    reconciler.look()
    item = Review.objects.latest("id")
    assert (Review.objects.count(), len(item.payload["found"])) == (2, 3)
    # An open one is brought up to date.
    put("gone:4:0:1", "orphan-4")
    reconciler.look()
    item.refresh_from_db()
    assert (Review.objects.count(), len(item.payload["found"]), item.version) == (2, 4, 2)


def test_the_item_closes_by_itself_when_all_fits(delivered: Delivery) -> None:
    put("gone:1:0:1", "orphan-1")
    reconciler.look()
    Shelf.holds.pop()
    reconciler.look()
    assert Review.objects.get().state == "superseded"


def test_what_failed_or_was_called_off_here_but_is_there_is_told(document: Delivery) -> None:
    deliveries.fail(document, reason="refused", by="deliveries")
    put(document.key, "page-9")
    assert reconciler.look() == 1
    assert "our delivery of it is failed" in Review.objects.get(kind="alarm").payload["found"][0]["what"]


def test_what_cannot_be_seen_whole_concludes_nothing(delivered: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    put("gone:1:0:1", "orphan-1")
    monkeypatch.setattr(Shelf, "fault", OutcomeUnknown("page 2 of 3 did not come"))
    assert reconciler.look() == 0
    assert not Review.objects.exists()


def test_a_real_folder_after_a_restored_backup(tmp_path: Path, document_at: Callable[[Path], Delivery]) -> None:
    delivery = document_at(tmp_path / "folder")
    assert reconciler.look() == 0
    # The database of an hour ago knew nothing of this key.
    Delivery.objects.update(key="another:1:0:1")
    assert reconciler.look() == 1
    assert Review.objects.get().payload["found"][0]["key"] == delivery.key
    shutil.rmtree(tmp_path / "folder" / ".nightdesk")
    assert reconciler.look() == 0


@pytest.fixture
def document_at(trattoria: Client, settings: Any) -> Callable[[Path], Delivery]:
    """A function that has a document delivered into a folder."""

    def make(root: Path) -> Delivery:
        settings.DELIVERED_BY = {**settings.DELIVERED_BY, "document": "folder"}
        settings.TARGETS = {"folder": {"root": root}}
        workers._target.cache_clear()
        jobs.open_job(title="Winter page", brief="Write it.", by="test", client=trattoria)
        planning.accept_plan(claimed(), [STEP], by="orchestrator")
        done(document_result())
        delivery = sending()
        workers.carry_out(delivery, pool.Pulse("deliveries"))
        return delivery

    return make


def test_it_runs_at_every_start() -> None:
    dispatch.sync_schedules()
    first = Schedule.objects.get(name="reconcile")
    Schedule.objects.update(next_run="2200-01-01T00:00:00Z")
    dispatch.sync_schedules()
    again = Schedule.objects.get(name="reconcile")
    assert (again.func, again.minutes) == ("integrations.reconciler.look", 60)
    assert again.next_run.year == first.next_run.year
    assert Schedule.objects.get(name="sweep").next_run.year == 2200


def test_who_cannot_be_asked_as_it_is_set_up_is_passed_over_in_silence(
    delivered: Delivery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Shelf, "fault", CannotTell("no list here"))
    assert reconciler.look() == 0
    assert not caplog.records
    assert not Review.objects.exists()
