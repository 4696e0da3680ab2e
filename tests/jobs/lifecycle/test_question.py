"""Questions: asked of a person, answered once, remembered for the client."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from jobs.lifecycle import planning, question
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import open_job, settle
from jobs.models import Client, Event, Job, KnownAnswer, Review, Task
from tests.jobs.conftest import STEP, claimed, document_result, done

pytestmark = pytest.mark.django_db

ASKED: dict[str, Any] = {
    "question": "Which repository is the site in?",
    "suggestions": ["site", "shop"],
    "recommended": 1,
}
SECOND = planning.PlannedStep(agent="drafting", title="Write the other", input={"kind": "post"})
THIRD = planning.PlannedStep(agent="review", title="Judge it", input={}, needs=[1])


def asked(job: Job, **more: Any) -> Review:
    return planning.ask(claimed(), **(ASKED | more), by="orchestrator")


def late() -> Any:
    return timezone.now() + timedelta(hours=13)


class TestALastingAnswer:
    def test_is_remembered_for_the_client_with_who_said_it_and_where(self, job: Job, owner: User) -> None:
        reviews.answer(asked(job, lasting=True), by=owner, version=1, text="site")
        known = KnownAnswer.objects.get()
        assert (known.client, known.question, known.answer) == (job.client, ASKED["question"], "site")
        assert (known.said_by, known.job) == ("owner", job)

    def test_replaces_what_was_said_before_to_the_same_question(
        self, job: Job, owner: User, trattoria: Client
    ) -> None:
        reviews.answer(asked(job, lasting=True), by=owner, version=1, text="site")
        again = planning.ask(
            claimed(), **ASKED | {"question": "which repository is the SITE in"}, lasting=True, by="orchestrator"
        )
        reviews.answer(again, by=owner, version=1, text="shop")
        assert [known.answer for known in trattoria.known_answers.all()] == ["shop"]

    def test_of_our_own_work_belongs_to_no_client(self, owner: User) -> None:
        job = open_job(title="Ours", brief="Mend it.", by="test", priority=1)
        reviews.answer(asked(job, lasting=True), by=owner, version=1, text="site")
        assert not KnownAnswer.objects.exists()


def test_any_other_answer_is_for_its_job_alone(job: Job, owner: User) -> None:
    reviews.answer(asked(job), by=owner, version=1, text="site")
    job.refresh_from_db()
    assert [said["answer"] for said in job.answers] == ["site"]
    assert not KnownAnswer.objects.exists()


class TestAStatedDefault:
    def test_counts_when_nobody_answers_in_time(self, job: Job) -> None:
        review = asked(job, if_unanswered="recommended", lasting=True)
        assert "goes on with “shop”" in review.consequence
        assert question.apply_defaults(timezone.now()) == []
        assert question.apply_defaults(late()) == [review]
        job.refresh_from_db()
        review.refresh_from_db()
        assert (job.state, job.answers) == (
            "pending",
            [{"question": ASKED["question"], "answer": "shop", "by": "default"}],
        )
        assert (review.state, review.note, review.decided_by) == ("answered", "shop", None)
        assert Event.objects.filter(name="job.answered", actor="default").exists()
        assert not KnownAnswer.objects.exists(), "nobody said it"
        assert claimed().round == 1

    def test_comes_too_late_for_what_was_answered(self, job: Job, owner: User) -> None:
        reviews.answer(asked(job, if_unanswered="recommended"), by=owner, version=1, text="site")
        assert question.apply_defaults(late()) == []
        job.refresh_from_db()
        assert [said["answer"] for said in job.answers] == ["site"]

    def test_counts_once_a_job(self, job: Job) -> None:
        asked(job, if_unanswered="recommended")
        question.apply_defaults(late())
        again = planning.ask(
            claimed(), **ASKED | {"question": "And which branch?"}, if_unanswered="recommended", by="orchestrator"
        )
        assert again.expires_at is None
        assert question.apply_defaults(late()) == []

    def test_without_one_a_question_is_held_for_ever(self, job: Job) -> None:
        asked(job)
        assert question.apply_defaults(timezone.now() + timedelta(days=400)) == []
        job.refresh_from_db()
        assert job.state == "needs_clarification"


class TestAQuestionOfOneTask:
    @pytest.fixture
    def review(self, planned: Any) -> Review:
        planned(STEP, SECOND, THIRD)
        return tasks.ask(claimed(), **ASKED, by="agent:drafting")

    def test_lets_its_siblings_go_on_and_holds_what_needs_it(self, review: Review, job: Job) -> None:
        assert review.consequence == "This step waits for your answer, the others go on"
        states = list(Task.objects.values_list("position", "state").order_by("position"))
        assert states == [(1, "needs_review"), (2, "pending"), (3, "blocked")]
        job.refresh_from_db()
        assert job.state == "in_progress"
        sibling = done(document_result())
        assert (sibling.position, sibling.state) == (2, "completed")

    def test_starts_its_task_again_with_the_answer(self, review: Review, job: Job, owner: User) -> None:
        reviews.answer(review, by=owner, version=1, text="site")
        job.refresh_from_db()
        assert job.answers == [{"question": ASKED["question"], "answer": "site", "by": "owner"}]
        run = claimed()
        assert run.task is not None
        assert (run.task.position, run.round, run.task.reason) == (1, 1, "")

    def test_that_is_declined_calls_off_its_task_and_what_needs_it(
        self, review: Review, job: Job, owner: User
    ) -> None:
        reviews.decline(review, by=owner, version=1)
        states = list(Task.objects.values_list("position", "state").order_by("position"))
        assert states == [(1, "cancelled"), (2, "pending"), (3, "cancelled")]
        job.refresh_from_db()
        assert job.state == "in_progress"

    def test_is_what_a_job_waits_for_when_all_else_is_done(self, review: Review, job: Job) -> None:
        Task.objects.filter(position=2).delete()
        with transaction.atomic():
            settle(job.pk, by="test")
        job.refresh_from_db()
        assert job.state == "needs_review"
