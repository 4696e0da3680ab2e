"""How an outward effect is carried out: once, looked up when in doubt, never by an attempt that lost its claim."""

import datetime
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.db import OperationalError
from django.utils import timezone

from integrations import registry, workers
from integrations.contracts import CannotTell, DeliveryError, Landed, OutcomeUnknown, Outgoing
from jobs import policy, pool, queue
from jobs.lifecycle import breaker, planning
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import review as reviews
from jobs.models import Client, Delivery, Event, Job, Review
from tests.jobs.conftest import STEP, claimed, document_result, done, message_result, probing, sending

pytestmark = pytest.mark.django_db

Claim = Callable[..., Delivery]

LANDED = Landed(external_id="page-1", url="https://notes.example/page-1", detail="filed")


class ScriptedTarget:
    """Answers with its lines in order: a Landed (or None) is returned, an exception raised, a function asked."""

    slug: ClassVar[str] = "scripted"
    kinds: ClassVar[frozenset[str]] = frozenset({"document", "client_message", "notice"})
    lag_seconds: ClassVar[float] = 3.0
    lines: ClassVar[list[Any]] = []
    delivered: ClassVar[list[Outgoing]] = []
    sought: ClassVar[list[Outgoing]] = []

    def deliver(self, outgoing: Outgoing) -> Any:
        """The next line."""
        self.delivered.append(outgoing)
        return self._next(outgoing)

    def find(self, outgoing: Outgoing) -> Any:
        """The next line."""
        self.sought.append(outgoing)
        return self._next(outgoing)

    def _next(self, outgoing: Outgoing) -> Any:
        line = self.lines.pop(0)
        if callable(line):
            line = line(outgoing)
        if isinstance(line, Exception):
            raise line
        return line


@pytest.fixture(autouse=True)
def targets(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Documents and messages go to the scripted target; each test has a folder of its own."""
    monkeypatch.setitem(registry.TARGETS, "scripted", f"{__name__}.ScriptedTarget")
    settings.DELIVERED_BY = {**settings.DELIVERED_BY, "document": "scripted", "client_message": "scripted"}
    settings.TARGETS = {**settings.TARGETS, "folder": {"root": tmp_path / "folder"}}
    settings.UNDO = settings.UNDO_CLIENT = datetime.timedelta()
    for seen in (ScriptedTarget.lines, ScriptedTarget.delivered, ScriptedTarget.sought):
        seen.clear()
    workers._target.cache_clear()
    yield
    workers._target.cache_clear()


@pytest.fixture
def pulse() -> pool.Pulse:
    """A pulse that does not beat."""
    return pool.Pulse("deliveries")


@pytest.fixture
def job(trattoria: Client) -> Job:
    """A job for a client."""
    return jobs.open_job(title="Winter page", brief="Write it.", by="test", client=trattoria)


@pytest.fixture
def planned(job: Job) -> Callable[[], None]:
    """A function that plans the job as one step."""

    def plan() -> None:
        planning.accept_plan(claimed(), [STEP], by="orchestrator")

    return plan


@pytest.fixture
def document(planned: Callable[[], None]) -> Claim:
    """A function that makes a document's delivery be sent, and the target answer with these lines."""

    def claim(*lines: Any) -> Delivery:
        planned()
        done(document_result())
        ScriptedTarget.lines.extend(lines)
        return sending()

    return claim


def read(delivery: Delivery) -> Delivery:
    """The row as it stands now."""
    return Delivery.objects.get(pk=delivery.pk)


def names(delivery: Delivery) -> list[str]:
    """The delivery's history."""
    rows = Event.objects.filter(noun="delivery", row=delivery.pk).order_by("id")
    return list(rows.values_list("name", flat=True))


def wait_over(delivery: Delivery) -> None:
    """Its time has come."""
    Delivery.objects.filter(pk=delivery.pk).update(ready_at=delivery.created_at)


def test_an_effect_lands_with_its_proof_and_its_job_is_done(document: Claim, job: Job, pulse: pool.Pulse) -> None:
    delivery = document(LANDED)
    workers.carry_out(delivery, pulse)
    landed = read(delivery)
    assert (landed.state, landed.external_id, landed.url, landed.detail) == (
        "delivered",
        "page-1",
        "https://notes.example/page-1",
        "filed",
    )
    assert landed.delivered_at
    assert Job.objects.get().state == "completed"
    (given,) = ScriptedTarget.delivered
    assert (given.key, given.kind, given.job_uid, given.client) == (
        delivery.key,
        "document",
        str(job.uid),
        "Trattoria Lume",
    )
    assert [(file.name, file.content) for file in given.files] == [("draft.md", b"# A draft")]
    assert given.created_at == delivery.created_at


def test_a_real_folder_gets_the_bytes(document: Claim, tmp_path: Path, settings: Any, pulse: pool.Pulse) -> None:
    settings.DELIVERED_BY = {**settings.DELIVERED_BY, "document": "folder"}
    delivery = document()
    workers.carry_out(delivery, pulse)
    assert read(delivery).state == "delivered"
    assert (tmp_path / "folder" / read(delivery).external_id).read_bytes() == b"# A draft"


def test_a_full_disk_is_waited_out(
    document: Claim,
    tmp_path: Path,
    settings: Any,
    pulse: pool.Pulse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.DELIVERED_BY = {**settings.DELIVERED_BY, "document": "folder"}
    delivery = document()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = timezone.now()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        workers.carry_out(delivery, pulse)
    waiting = read(delivery)
    assert waiting.state == "pending"
    assert "no room left" in waiting.reason
    assert (waiting.ready_at - before).total_seconds() >= 300
    assert not Review.objects.exists()
    wait_over(delivery)
    workers.carry_out(probing(), pulse)
    assert read(delivery).state == "delivered"
    assert (tmp_path / "folder" / read(delivery).external_id).read_bytes() == b"# A draft"


def test_a_refusal_that_passes_is_tried_again_when_the_target_says(document: Claim, pulse: pool.Pulse) -> None:
    delivery = document(DeliveryError("429, slow down", permanent=False, retry_after=90.0), LANDED)
    before = timezone.now()
    workers.carry_out(delivery, pulse)
    waiting = read(delivery)
    assert (waiting.state, waiting.reason) == ("pending", "429, slow down")
    assert 90 <= (waiting.ready_at - before).total_seconds() < 120
    assert queue.claim_delivery() is None
    wait_over(delivery)
    workers.carry_out(probing(), pulse)
    assert read(delivery).state == "delivered"
    assert not Review.objects.exists()


def test_a_refusal_that_does_not_pass_in_many_tries_is_for_a_person(document: Claim, pulse: pool.Pulse) -> None:
    busy = DeliveryError("busy", permanent=False)
    delivery = document(*[busy] * 20)
    while read(delivery).state != "failed":
        workers.carry_out(delivery, pulse)
        breaker.worked("scripted")  # others are taken in the meantime
        if read(delivery).state == "pending":
            wait_over(delivery)
            delivery = sending()
    assert len(ScriptedTarget.delivered) == policy.MAX_DELIVERY_ATTEMPTS
    assert Review.objects.get().payload["cause"] == "busy (tried 8 times)"


def test_a_refusal_for_good_fails_and_the_same_bytes_go_again_after_a_retry(
    document: Claim, pulse: pool.Pulse
) -> None:
    delivery = document(DeliveryError("The page was deleted.", permanent=True), LANDED)
    workers.carry_out(delivery, pulse)
    job = Job.objects.get()
    assert (read(delivery).state, job.state) == ("failed", "failed")
    review = Review.objects.get()
    assert (review.kind, review.payload["cause"]) == ("failure", "The page was deleted.")
    jobs.retry(job, by="owner")
    workers.carry_out(sending(), pulse)
    assert read(delivery).state == "delivered"
    first, second = ScriptedTarget.delivered
    assert first == second


@pytest.mark.parametrize("doubt", [OutcomeUnknown("no answer"), RuntimeError("half way"), OSError("reset")])
def test_an_unclear_answer_is_looked_up_after_the_targets_lag(
    document: Claim, doubt: Exception, pulse: pool.Pulse
) -> None:
    delivery = document(doubt, LANDED)
    before = timezone.now()
    workers.carry_out(delivery, pulse)
    unknown = read(delivery)
    assert unknown.state == "unknown"
    assert 3 <= (unknown.ready_at - before).total_seconds() < 30
    assert Job.objects.get().state == "in_progress"
    assert queue.claim_lookup() is None, "the target's lag is waited for"
    wait_over(delivery)
    assert queue.claim_delivery() is None, "nothing is sent again before it was looked up"
    lookup = queue.claim_lookup()
    assert lookup is not None
    workers.carry_out(lookup, pulse)
    assert (read(delivery).state, read(delivery).external_id) == ("delivered", "page-1")
    assert (len(ScriptedTarget.delivered), len(ScriptedTarget.sought)) == (1, 1)
    assert names(delivery)[-2:] == ["delivery.unknown", "delivery.delivered"]


def test_what_is_looked_up_and_not_there_is_made_again(document: Claim, pulse: pool.Pulse) -> None:
    delivery = document(OutcomeUnknown("no answer"), None, LANDED)
    workers.carry_out(delivery, pulse)
    wait_over(delivery)
    for claim in (queue.claim_lookup, queue.claim_delivery):
        claimed = claim()
        assert claimed is not None
        workers.carry_out(claimed, pulse)
    assert read(delivery).state == "delivered"
    assert [given.key for given in ScriptedTarget.delivered] == [delivery.key] * 2


def test_a_look_up_that_fails_is_made_again_later_and_nothing_is_sent(document: Claim, pulse: pool.Pulse) -> None:
    delivery = document(OutcomeUnknown("no answer"), OutcomeUnknown("still away"), LANDED)
    workers.carry_out(delivery, pulse)
    wait_over(delivery)
    lookup = queue.claim_lookup()
    assert lookup is not None
    workers.carry_out(lookup, pulse)
    assert read(delivery).state == "unknown"
    assert "still away" in read(delivery).reason
    assert queue.claim_lookup() is None
    assert queue.claim_delivery() is None
    wait_over(delivery)
    again = queue.claim_lookup()
    assert again is not None
    workers.carry_out(again, pulse)
    assert read(delivery).state == "delivered"
    assert len(ScriptedTarget.delivered) == 1


@pytest.fixture
def message(planned: Callable[[], None], owner: User) -> Claim:
    """A function that makes an approved message be sent, and the target answer with these lines."""

    def claim(*lines: Any) -> Delivery:
        planned()
        done(message_result())
        review = Review.objects.get()
        reviews.approve(review, by=owner, version=review.version, digest=review.digest)
        ScriptedTarget.lines.extend(lines)
        return sending()

    return claim


@pytest.mark.parametrize("arrived", [True, False])
def test_where_nothing_can_be_looked_up_a_person_says_whether_it_arrived(
    message: Claim, owner: User, arrived: bool, pulse: pool.Pulse
) -> None:
    delivery = message(OutcomeUnknown("cut off after DATA"), CannotTell("mail"), LANDED)
    workers.carry_out(delivery, pulse)
    wait_over(delivery)
    lookup = queue.claim_lookup()
    assert lookup is not None
    workers.carry_out(lookup, pulse)
    assert read(delivery).state == "unknown"
    assert Job.objects.get().state == "needs_review"
    assert queue.claim_lookup() is None
    assert queue.claim_delivery() is None
    review = Review.objects.get(kind="failure", state="open")
    assert "may have been sent to marta@example.com" in review.payload["cause"]
    reviews.resolve_unknown(review, by=owner, version=review.version, arrived=arrived)
    if not arrived:
        workers.carry_out(sending(), pulse)
    assert read(delivery).state == "delivered"
    assert len(ScriptedTarget.delivered) == (1 if arrived else 2)
    assert Job.objects.get().state == "completed"


def test_an_attempt_that_lost_its_claim_writes_nothing(document: Claim, pulse: pool.Pulse) -> None:
    def stalled(outgoing: Outgoing) -> Landed:
        # Meanwhile it was taken for dead, looked up, not found, and claimed by another.
        present = Delivery.objects.get()
        deliveries.rescue(present, lag_seconds=0, by="sweep")
        deliveries.not_found(present, by="deliveries")
        assert sending().attempts == 2
        return LANDED

    delivery = document(stalled)
    workers.carry_out(delivery, pulse)
    assert (read(delivery).state, read(delivery).external_id) == ("sending", "")
    assert "delivery.delivered" not in names(delivery)


def test_a_delivery_that_lost_its_claim_cannot_be_failed_either(document: Claim, pulse: pool.Pulse) -> None:
    def stalled(outgoing: Outgoing) -> Landed:
        deliveries.rescue(Delivery.objects.get(), lag_seconds=0, by="sweep")
        raise DeliveryError("too late", permanent=True)

    delivery = document(stalled)
    workers.carry_out(delivery, pulse)
    assert read(delivery).state == "unknown"
    assert not Review.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_effect_that_could_not_be_written_down_is_looked_up(
    document: Claim, pulse: pool.Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **kwargs: object) -> None:
        raise OperationalError("the connection was lost")

    delivery = document(LANDED, LANDED)
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "settle", gone)
        workers.carry_out(delivery, pulse)
    assert read(delivery).state == "unknown"
    wait_over(delivery)
    lookup = queue.claim_lookup()
    assert lookup is not None
    workers.carry_out(lookup, pulse)
    assert (read(delivery).state, len(ScriptedTarget.delivered)) == ("delivered", 1)


def test_bytes_that_were_changed_on_the_disk_are_never_sent(document: Claim, pulse: pool.Pulse) -> None:
    delivery = document(LANDED)
    sha256 = delivery.files[0]["sha256"]
    Path(storages["artifacts"].path(f"{sha256[:2]}/{sha256}")).write_bytes(b"something else")
    workers.carry_out(delivery, pulse)
    assert ScriptedTarget.delivered == []
    assert read(delivery).state == "failed"
    assert "changed on the disk" in Review.objects.get().payload["cause"]


def test_a_target_that_cannot_be_made_sends_nothing_and_says_why(
    document: Claim, settings: Any, pulse: pool.Pulse
) -> None:
    delivery = document()
    settings.TARGETS = {**settings.TARGETS, "scripted": {"colour": "red"}}
    workers.carry_out(delivery, pulse)
    assert read(delivery).state == "failed"
    assert "target scripted" in Review.objects.get().payload["cause"]


def test_an_unapproved_message_is_not_even_claimed(planned: Callable[[], None], pulse: pool.Pulse) -> None:
    planned()
    done(message_result())
    assert workers._claim(2) is None


def test_a_lookup_is_claimed_when_nothing_is_to_be_sent(document: Claim, pulse: pool.Pulse) -> None:
    delivery = document(OutcomeUnknown("no answer"))
    workers.carry_out(delivery, pulse)
    wait_over(delivery)
    claimed = workers._claim(2)
    assert claimed is not None
    assert (claimed.pk, claimed.state, claimed.attempts) == (delivery.pk, "unknown", 2)
