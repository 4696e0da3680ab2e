"""What was approved is what leaves, and nothing else: whatever happens between the decision and the sending.

Each through the worker as it runs, with mails that become real files. Nothing wrong may ever lie there.
"""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.utils import timezone

from integrations import workers
from jobs import pool, queue
from jobs.lifecycle import approval, planning
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import job as jobs
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.digest import digest_of
from jobs.models import Client, Delivery, Event, Job, Review
from tests.jobs.conftest import STEP, a_file, at_once, claimed, done, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("one_thread")]

SUBJECT, TEXT = "Status", "Hello Marta"


@pytest.fixture(autouse=True)
def mails(settings: Any, tmp_path: Path) -> Callable[[], list[str]]:
    """A function that returns every mail that was sent, and a target of its own for each test."""
    settings.EMAIL_BACKEND = "integrations.mail.outbox.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.UNDO_CLIENT = datetime.timedelta(seconds=30)
    workers._target.cache_clear()
    return lambda: [path.read_text() for path in sorted((tmp_path / "mail").glob("*.eml"))]


@pytest.fixture
def message(trattoria: Client) -> Review:
    """A message with an attachment that waits for its approval."""
    jobs.open_job(title="Status mail", brief="Write it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    effect = tasks.WantedEffect("client_message", {"subject": SUBJECT}, ["message.md", "plan.md"])
    files = [a_file(text=TEXT), a_file("plan.md", "The plan", kind="draft")]
    done(tasks.Result(output={}, summary="one message", files=files, effects=[effect]))
    return Review.objects.get()


@pytest.fixture
def approved(message: Review, owner: User) -> Review:
    """The same, approved, its time come but for the worker."""
    reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    its_time_has_come()
    return message


def its_time_has_come() -> None:
    Delivery.objects.filter(state="pending").update(ready_at=timezone.now())


def state() -> str:
    return Delivery.objects.get().state


def cause() -> str:
    return str(Review.objects.get(kind="failure", state="open").payload["cause"])


def test_what_was_approved_leaves_as_it_was_shown(approved: Review, mails: Callable[[], list[str]]) -> None:
    workers.work()
    (mail,) = mails()
    assert "To: marta@example.com" in mail
    assert f"Subject: {SUBJECT}" in mail
    assert TEXT in mail
    assert Job.objects.get().state == "completed"


@pytest.mark.parametrize(
    "change",
    [
        {"fields": {"subject": SUBJECT, "to": ["mallory@example.com"]}},
        {"fields": {"subject": SUBJECT, "to": ["marta@example.com"], "cc": ["mallory@example.com"]}},
        {"fields": {"subject": "Your account", "to": ["marta@example.com"]}},
        {"target": "folder"},
        {"files": []},
    ],
    ids=["recipient", "copy", "subject", "target", "files"],
)
def test_an_altered_row_does_not_leave(
    approved: Review, mails: Callable[[], list[str]], change: dict[str, Any]
) -> None:
    Delivery.objects.update(**change)
    workers.work()
    assert mails() == []
    assert state() == "failed"
    assert "It was changed after it was made" in cause()


def test_an_altered_row_whose_digests_were_made_to_fit_does_not_leave(
    approved: Review, mails: Callable[[], list[str]]
) -> None:
    row = Delivery.objects.get()
    fields = {**row.fields, "to": ["mallory@example.com"]}
    digest = digest_of(target=row.target, kind=row.kind, fields=fields, files=row.files)
    Delivery.objects.update(fields=fields, digest=digest, approved_digest=digest)
    workers.work()
    assert mails() == []
    assert "What was approved had another digest" in cause()


def test_a_digest_that_was_changed_by_hand_is_refused_by_the_database(approved: Review) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.update(digest="f" * 64)


def test_a_retry_does_not_send_what_was_altered_either(
    approved: Review, owner: User, mails: Callable[[], list[str]]
) -> None:
    Delivery.objects.update(fields={"subject": SUBJECT, "to": ["mallory@example.com"]})
    workers.work()
    failure = Review.objects.get(kind="failure", state="open")
    reviews.retry(failure, by=owner, version=failure.version)
    workers.work()
    assert mails() == []
    assert state() == "failed"


def test_a_row_that_was_altered_before_it_was_approved_cannot_be_approved(
    message: Review, owner: User, mails: Callable[[], list[str]]
) -> None:
    Delivery.objects.update(fields={"subject": SUBJECT, "to": ["mallory@example.com"]})
    with pytest.raises(reviews.NotAllowed, match="something other than this page"):
        reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    assert state() == "held"


@pytest.mark.parametrize("number", [0, 1], ids=["text", "attachment"])
def test_altered_bytes_do_not_leave(approved: Review, mails: Callable[[], list[str]], number: int) -> None:
    sha256 = Delivery.objects.get().files[number]["sha256"]
    Path(storages["artifacts"].path(f"{sha256[:2]}/{sha256}")).write_bytes(b"Dear Marta, pay here")
    workers.work()
    assert mails() == []
    assert "changed on the disk" in cause()


def test_an_attachment_that_was_exchanged_does_not_leave(approved: Review, mails: Callable[[], list[str]]) -> None:
    other = a_file("plan.md", "Another plan", kind="draft")
    artifacts.keep(other)
    text, plan = Delivery.objects.get().files
    Delivery.objects.update(files=[text, {**plan, "sha256": other.sha256}])
    workers.work()
    assert mails() == []
    assert state() == "failed"


def test_an_approval_that_lapsed_is_asked_for_again(
    approved: Review, owner: User, client: Browser, mails: Callable[[], list[str]]
) -> None:
    Review.objects.update(decided_at=timezone.now() - approval.LASTS - datetime.timedelta(minutes=1))
    workers.work()
    assert mails() == []
    review = Review.objects.get()
    assert (state(), review.state, Job.objects.get().state) == ("held", "open", "needs_review")
    client.force_login(owner)
    page = client.get(f"/inbox/{review.pk}/").content.decode()
    assert "approved more than 24 hours ago" in page
    reviews.approve(review, by=owner, version=review.version, digest=review.digest)
    its_time_has_come()
    workers.work()
    assert len(mails()) == 1


def test_an_approval_of_a_person_whose_account_was_closed_does_not_count(
    approved: Review, owner: User, mails: Callable[[], list[str]]
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    workers.work()
    assert mails() == []
    review = Review.objects.get()
    assert (state(), review.state, review.decided_by) == ("held", "open", None)
    assert "owner, who approved it, may not decide any more" in review.payload["reopened"]
    other = User.objects.create_user("partner", is_superuser=True)
    reviews.approve(review, by=other, version=review.version, digest=review.digest)
    its_time_has_come()
    workers.work()
    assert len(mails()) == 1


def test_an_approval_that_lapsed_of_a_job_that_was_cancelled_ends_quietly(
    approved: Review, owner: User, mails: Callable[[], list[str]]
) -> None:
    delivery = queue.claim_delivery()
    assert delivery is not None
    jobs.cancel(Job.objects.get(), by="owner")
    User.objects.filter(pk=owner.pk).update(is_active=False)
    workers.carry_out(delivery, pool.Pulse("deliveries"))
    assert mails() == []
    assert state() == "cancelled"


def test_an_approval_that_is_replayed_fifty_times_at_once_sends_once(
    message: Review, owner: User, mails: Callable[[], list[str]]
) -> None:
    def approve() -> int:
        browser = Browser()
        browser.force_login(owner)
        said = {"version": message.version, "digest": message.digest}
        return browser.post(f"/inbox/{message.pk}/approval/", said).status_code

    answers = together(50, approve)
    assert sorted(answers) == [302] + [409] * 49
    its_time_has_come()

    def work() -> int:
        delivery = queue.claim_delivery()
        if delivery:
            workers.carry_out(delivery, pool.Pulse("deliveries"))
        return bool(delivery)

    assert sorted(together(50, work)) == [False] * 49 + [True]
    assert len(mails()) == 1
    assert Event.objects.filter(name="review.approved").count() == 1


def test_an_undo_one_second_before_the_end_sends_nothing(
    message: Review, owner: User, mails: Callable[[], list[str]]
) -> None:
    reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    Delivery.objects.update(ready_at=timezone.now() + datetime.timedelta(seconds=1))
    reviews.undo(message, by=owner)
    # The second is over; even a row whose time has come does not leave while it is held.
    Delivery.objects.update(ready_at=timezone.now() - datetime.timedelta(seconds=1))
    workers.work()
    assert mails() == []
    assert state() == "held"


def test_of_an_undo_and_a_worker_at_the_same_moment_exactly_one_wins(
    message: Review, owner: User, mails: Callable[[], list[str]]
) -> None:
    for _ in range(5):
        fresh = Review.objects.get(pk=message.pk)
        reviews.approve(fresh, by=owner, version=fresh.version, digest=fresh.digest)
        Delivery.objects.update(ready_at=timezone.now() + datetime.timedelta(milliseconds=1))
        taken, undone = at_once(queue.claim_delivery, lambda: reviews.undo(fresh, by=owner))  # noqa: B023
        if isinstance(undone, reviews.Stale):
            assert taken is None or state() == "sending"
            break
        assert taken is None
        assert state() == "held"
    assert mails() == []
