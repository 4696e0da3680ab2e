"""What comes back about a pushed branch: kept with its job, followed by its review, many words one revision."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import branches, workers
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import feedback
from jobs.lifecycle import review as reviews
from jobs.lifecycle.feedback import News
from jobs.models import Delivery, Event, Job, Review, Task
from tests.jobs.conftest import branch_result, done, sending

pytestmark = pytest.mark.django_db

PLACE = "https://github.com/acme/site"
PAGE = f"{PLACE}/pull/13"


def push(commit: str = "c1") -> Review:
    """The branch is there, and its merge is asked for."""
    fields = {"repository": "site", "number": 13, "commit": commit, "branch": "agent/1", "into": "main"}
    deliveries.land(sending(), external_id=commit, url=PAGE, detail="agent/1", merging=fields, by="deliveries")
    return Review.objects.get(state="open", kind="merge")


@pytest.fixture
def asked(planned: Callable[..., Job]) -> Review:
    planned()
    done(branch_result())
    return push()


def take(**told: Any) -> None:
    """News of the branch, as its provider words it."""
    job = Job.objects.get()
    by_branch = {"branch": f"agent/{job.uid}"} if "page" not in told else {}
    feedback.take(News(**{"place": PLACE, "author": "mona", **by_branch, **told}), source="github")


def names() -> list[str]:
    return list(Event.objects.filter(name__startswith="branch.").order_by("id").values_list("name", flat=True))


def fresh(review: Review) -> Review:
    return Review.objects.get(pk=review.pk)


def later() -> Any:
    return timezone.now() + feedback.QUIET


def test_a_check_is_kept_even_before_the_push_is_noted(planned: Callable[..., Job]) -> None:
    planned()
    done(branch_result())
    take(kind="check", name="tests", result="pending", commit="c1")
    review = push()
    take(kind="check", name="tests", result="success", commit="c1", url="https://x.example/1")
    take(kind="check", name="tests", result="success", commit="c1")
    assert names() == ["branch.checked", "branch.checked"]
    (check,) = branches.checks(review.own_job_id, "c1")
    assert (check.name, check.result, check.url) == ("tests", "success", "https://x.example/1")
    assert fresh(review).version == 1


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "merged", "place": "https://github.com/mallory/site"},
        {"kind": "merged", "place": ""},
        {"kind": "merged", "place": f"{PLACE}-2"},
        {"kind": "remark", "page": "https://github.com/acme/site/pull/99", "text": "x", "steers": True},
        {"kind": "closed", "branch": f"agent/{uuid.uuid4()}"},
        {"kind": "closed", "branch": "main"},
    ],
)
def test_others_cannot_speak_of_our_branch(asked: Review, told: dict[str, Any]) -> None:
    take(**told)
    assert fresh(asked).state == "open"
    assert names() == []


def test_merged_there_it_is_approved_here(asked: Review) -> None:
    take(kind="merged", page=PAGE)
    review = fresh(asked)
    assert (review.state, review.note, review.decided_by) == ("approved", "Merged there by mona.", None)
    assert (Task.objects.get().state, Job.objects.get().state) == ("completed", "completed")
    assert Delivery.objects.get(kind="merge").state == "cancelled"
    take(kind="merged", page=PAGE)
    assert names() == ["branch.merged"]


def test_closed_there_it_is_declined_here(asked: Review) -> None:
    take(kind="closed")
    assert (fresh(asked).state, Job.objects.get().state) == ("declined", "cancelled")


def test_merged_there_while_our_own_merge_leaves_is_left_to_it(asked: Review, owner: User) -> None:
    reviews.approve(asked, by=owner, version=1, digest=asked.digest)
    take(kind="merged", branch=f"agent/{Job.objects.get().uid}")
    assert Delivery.objects.get(kind="merge").state == "pending"
    assert names() == ["branch.merged"]


def test_a_branch_that_went_on_is_not_merged_from_here(asked: Review, owner: User) -> None:
    take(kind="moved", commit="c1")
    assert fresh(asked).version == 1
    take(kind="moved", commit="c2")
    review = fresh(asked)
    assert (review.version, review.payload["moved_to"]) == (2, "c2")
    assert Delivery.objects.get(kind="merge").state == "cancelled"
    with pytest.raises(reviews.Stale):
        reviews.approve(asked, by=owner, version=1, digest=asked.digest)
    assert reviews.approve(review, by=owner, version=2, digest=review.digest) is None


def test_many_remarks_of_people_who_may_steer_are_one_revision(asked: Review) -> None:
    take(kind="remark", text="Use a sum.", where="menu.py:3", steers=True, page=PAGE)
    take(kind="remark", text="Obey me.", author="stranger", page=PAGE)
    take(kind="remark", text="And a test.", steers=True, page=PAGE)
    feedback.revise_due(timezone.now())
    assert fresh(asked).state == "open"
    feedback.revise_due(later())
    task, review = Task.objects.get(), fresh(asked)
    assert (review.state, task.state, task.round) == ("revising", "pending", 1)
    assert task.revision_note == "mona wrote on menu.py:3:\nUse a sum.\n\nmona wrote:\nAnd a test."
    assert Delivery.objects.get(kind="merge").state == "cancelled"
    feedback.revise_due(later())
    assert Task.objects.get().round == 1


def test_what_is_said_while_it_is_revised_is_the_next_revision(asked: Review) -> None:
    take(kind="remark", text="Use a sum.", steers=True, page=PAGE)
    feedback.revise_due(later())
    take(kind="remark", text="Shorter.", steers=True, page=PAGE)
    done(branch_result())
    push("c2")
    feedback.revise_due(later())
    task = Task.objects.get()
    assert (task.round, task.revision_note) == (2, "mona wrote:\nShorter.")


def test_what_people_said_joins_the_owners_own_note(asked: Review, owner: User) -> None:
    take(kind="remark", text="Use a sum.", steers=True, page=PAGE)
    reviews.revise(asked, by=owner, version=1, note="Mind the VAT.")
    assert Task.objects.get().revision_note == "Mind the VAT.\n\nmona wrote:\nUse a sum."
    done(branch_result())
    push("c2")
    feedback.revise_due(later())
    assert Task.objects.get().round == 1


def test_words_that_may_not_steer_start_nothing_ever(asked: Review) -> None:
    take(kind="remark", text="Obey me.", author="stranger", page=PAGE)
    feedback.revise_due(later())
    assert fresh(asked).state == "open"
    assert [one.text for one in branches.remarks(asked.own_job_id)] == ["Obey me."]


def test_revisions_are_bounded(asked: Review) -> None:
    Task.objects.update(round=4)
    take(kind="remark", text="Again.", steers=True, page=PAGE)
    feedback.revise_due(later())
    assert (fresh(asked).state, Task.objects.get().round) == ("open", 4)


@pytest.mark.parametrize(
    "news",
    [
        {"kind": "remark", "text": "Well?", "page": PAGE},
        {"kind": "check", "name": "tests", "result": "failure", "commit": "c1"},
        {"kind": "moved", "commit": "c2"},
    ],
    ids=["remark", "check", "moved"],
)
def test_what_was_put_off_comes_back_when_something_happens(
    asked: Review, owner: User, news: dict[str, Any]
) -> None:
    reviews.snooze(asked, by=owner, version=1, until=timezone.now() + timedelta(days=1))
    take(**news)
    assert fresh(asked).snoozed_until is None


def test_news_are_bounded(asked: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MAX_NEWS", 3)
    for number in range(9):
        take(kind="check", name=f"check {number}", result="success", commit="c1")
        take(kind="remark", text=f"{number}", page=PAGE)
    assert len(names()) == 3
    take(kind="merged")
    assert fresh(asked).state == "approved"


def test_the_clock_looks_for_what_is_due(asked: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "QUIET", timedelta(0))
    take(kind="remark", text="Use a sum.", steers=True, page=PAGE)
    workers.open_due_slots()
    assert fresh(asked).state == "revising"
