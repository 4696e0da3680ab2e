"""Decisions that are refused: of the wrong kind, on an old page, made already, or made by two at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.lifecycle import job as jobs
from jobs.lifecycle import review as reviews
from jobs.lifecycle.moves import LostRace
from jobs.lifecycle.review import NotAllowed, Stale
from jobs.models import Delivery, Event, Job, Review
from tests.jobs.conftest import at_once, together

pytestmark = pytest.mark.django_db

LATER = timezone.now() + timedelta(days=1)
VERBS: dict[str, Callable[[Review, User, int], object]] = {
    "approve": lambda row, by, version: reviews.approve(row, by=by, version=version, digest=row.digest),
    "edit": lambda row, by, version: reviews.edit(row, by=by, version=version, text="words"),
    "revise": lambda row, by, version: reviews.revise(row, by=by, version=version, note="again"),
    "decline": lambda row, by, version: reviews.decline(row, by=by, version=version),
    "answer": lambda row, by, version: reviews.answer(row, by=by, version=version, text="a"),
    "retry": lambda row, by, version: reviews.retry(row, by=by, version=version),
    "resolve": lambda row, by, version: reviews.resolve_unknown(row, by=by, version=version, arrived=True),
    "acknowledge": lambda row, by, version: reviews.acknowledge(row, by=by, version=version),
    "run_now": lambda row, by, version: reviews.run_now(row, by=by, version=version),
    "snooze": lambda row, by, version: reviews.snooze(row, by=by, version=version, until=LATER),
}
ALLOWED = {
    "message": {"approve", "edit", "revise", "decline", "snooze"},
    "merge": {"approve", "revise", "decline", "snooze"},
    "question": {"decline", "answer", "snooze"},
    "failure": {"decline", "retry", "snooze"},
    "unknown": {"decline", "resolve", "snooze"},
    "silent": {"decline", "acknowledge", "run_now", "snooze"},
    "empty": {"decline", "acknowledge", "run_now", "snooze"},
    "hanging": {"decline", "acknowledge", "run_now", "snooze"},
}


@pytest.mark.parametrize(("kind", "verb"), [(kind, verb) for kind in ALLOWED for verb in VERBS])
def test_each_kind_of_item_has_its_own_verbs(
    kind: str, verb: str, owner: User, request: pytest.FixtureRequest
) -> None:
    review: Review = request.getfixturevalue(kind)
    if verb in ALLOWED[kind]:
        VERBS[verb](review, owner, 1)
        assert Event.objects.filter(actor="owner").exists()
    else:
        before = Event.objects.count()
        with pytest.raises((NotAllowed, Stale)):
            VERBS[verb](review, owner, 1)
        assert Review.objects.get(pk=review.pk).state == "open"
        assert Event.objects.count() == before


@pytest.mark.parametrize(("kind", "verb"), [(kind, verb) for kind in ALLOWED for verb in sorted(ALLOWED[kind])])
def test_a_page_of_an_earlier_version_decides_nothing(
    kind: str, verb: str, owner: User, request: pytest.FixtureRequest
) -> None:
    review: Review = request.getfixturevalue(kind)
    Review.objects.update(version=2)
    before = Event.objects.count()
    with pytest.raises(Stale, match="changed since you looked"):
        VERBS[verb](review, owner, 1)
    assert Review.objects.get(pk=review.pk).state == "open"
    assert Event.objects.count() == before


@pytest.mark.parametrize(("kind", "verb"), [(kind, verb) for kind in ALLOWED for verb in sorted(ALLOWED[kind])])
def test_what_was_decided_is_not_decided_again_and_says_by_whom(
    kind: str, verb: str, owner: User, request: pytest.FixtureRequest
) -> None:
    review: Review = request.getfixturevalue(kind)
    reviews.decline(review, by=owner, version=1)
    before = Event.objects.count()
    with pytest.raises(Stale, match=r"Already declined by you at|no message waiting"):
        VERBS[verb](review, owner, 1)
    assert Event.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_on_approve_one_counts(message: Review, owner: User) -> None:
    results = together(6, lambda: VERBS["approve"](message, owner, 1))
    assert sorted(type(result).__name__ for result in results) == ["Stale"] * 5 + ["datetime"]
    assert Event.objects.filter(name="review.approved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_an_approval_and_a_refusal_at_once_one_counts(message: Review, owner: User) -> None:
    results = at_once(
        *(lambda verb=verb: VERBS[verb](message, owner, 1) for verb in ("approve", "decline", "revise"))
    )
    assert [isinstance(result, Stale) for result in results].count(True) == 2
    review, delivery = Review.objects.get(), Delivery.objects.get()
    assert (review.state, delivery.state) in {
        ("approved", "pending"),
        ("declined", "cancelled"),
        ("revising", "cancelled"),
    }


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_an_edit_at_once_never_release_what_was_not_shown(message: Review, owner: User) -> None:
    shown = message.digest
    results = at_once(*(lambda verb=verb: VERBS[verb](message, owner, 1) for verb in ("approve", "edit")))
    assert [isinstance(result, Stale) for result in results].count(True) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.digest == shown) in {("pending", True), ("held", False)}


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_the_jobs_end_at_once_wait_for_each_other(message: Review, owner: User) -> None:
    approved, cancelled = at_once(
        lambda: VERBS["approve"](message, owner, 1), lambda: jobs.cancel(Job.objects.get(), by="owner")
    )
    assert cancelled is None
    assert not isinstance(approved, Exception) or isinstance(approved, (Stale, LostRace))
    assert (Job.objects.get().state, Delivery.objects.get().state) == ("cancelled", "cancelled")


@pytest.mark.django_db(transaction=True)
def test_of_two_undos_at_once_one_counts(message: Review, owner: User) -> None:
    VERBS["approve"](message, owner, 1)
    results = together(4, lambda: reviews.undo(message, by=owner))
    assert [isinstance(result, Stale) for result in results].count(True) == 3
    assert Review.objects.get().version == 2
