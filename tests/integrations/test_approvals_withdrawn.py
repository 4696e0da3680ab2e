"""Who loses the right to approve takes along what has not left: at every target, through the worker as it runs."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import registry, workers
from jobs import policy, pool, queue, rights
from jobs.lifecycle import planning
from jobs.lifecycle import review as reviews
from jobs.lifecycle.digest import digest_of
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Job, Review
from tests.jobs.conftest import STEP, claimed, done, message_result
from tests.jobs.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(db: None) -> User:
    """Somebody who may decide, for now."""
    return person(rights.REVIEWER, "partner")


@pytest.fixture
def approved(trattoria: Client, reviewer: User, settings: Any, tmp_path: Path) -> Callable[[str, str], Review]:
    """A function that has an effect of this kind approved by the reviewer, at this target; its time has come."""
    settings.EMAIL_BACKEND = "integrations.mail.outbox.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    workers._target.cache_clear()

    def approve(target: str, kind: str) -> Review:
        open_job(title="Status mail", brief="Write it.", by="test", client=trattoria)
        planning.accept_plan(claimed(), [STEP], by="orchestrator")
        done(message_result())
        row, review = Delivery.objects.get(), Review.objects.get()
        digest = digest_of(target=target, kind=kind, fields=row.fields, files=row.files)
        Delivery.objects.update(target=target, kind=kind, digest=digest)
        Review.objects.update(digest=digest)
        reviews.approve(review, by=reviewer, version=review.version, digest=digest)
        Delivery.objects.update(ready_at=timezone.now() - datetime.timedelta(seconds=1))
        return review

    return approve


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The targets that the worker came to."""
    came: list[str] = []
    real = workers.target_of

    def note(delivery: Delivery) -> Any:
        came.append(delivery.target)
        return real(delivery)

    monkeypatch.setattr(workers, "target_of", note)
    return came


def withdraw_role(user: User) -> None:
    user.groups.clear()


def put_among_readers(user: User) -> None:
    user.groups.set([person(rights.READER).groups.get()])


def close_account(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def carry_out() -> None:
    """The worker's next delivery."""
    delivery = queue.claim_delivery()
    assert delivery is not None
    workers.carry_out(delivery, pool.Pulse("deliveries"))


@pytest.mark.parametrize("target", registry.TARGETS)
@pytest.mark.parametrize("kind", policy.GATED_KINDS)
@pytest.mark.parametrize("lose", [withdraw_role, put_among_readers, close_account])
def test_nothing_is_sent_and_it_is_asked_anew(
    approved: Callable[[str, str], Review],
    asked: list[str],
    reviewer: User,
    target: str,
    kind: str,
    lose: Callable[[User], None],
) -> None:
    review = approved(target, kind)
    lose(reviewer)
    carry_out()
    review.refresh_from_db()
    row = Delivery.objects.get()
    assert asked == []
    assert (row.state, row.approved_digest) == ("held", "")
    assert (review.state, review.decided_by, Job.objects.get().state) == ("open", None, "needs_review")
    assert review.payload["reopened"] == "partner, who approved it, may not decide any more."


def test_somebody_else_approves_it_then_and_it_leaves_once(
    approved: Callable[[str, str], Review], owner: User, reviewer: User, tmp_path: Path
) -> None:
    review = approved("mail", "client_message")
    withdraw_role(reviewer)
    carry_out()
    review.refresh_from_db()
    reviews.approve(review, by=owner, version=review.version, digest=review.digest)
    Delivery.objects.update(ready_at=timezone.now())
    carry_out()
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
    assert Job.objects.get().state == "completed"


def test_a_right_that_came_back_in_time_counts(
    approved: Callable[[str, str], Review], reviewer: User, tmp_path: Path
) -> None:
    groups = list(reviewer.groups.all())
    approved("mail", "client_message")
    withdraw_role(reviewer)
    reviewer.groups.set(groups)
    carry_out()
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
