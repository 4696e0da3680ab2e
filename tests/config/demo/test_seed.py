"""The night as rows: made by the real verbs, so everything on the desk can really be decided."""

import subprocess
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import DateTimeField
from django.utils import timezone

from agents import registry, workers
from config.demo import night
from config.demo.clock import NightClock
from config.demo.seed import USER, NotADemo, seed
from integrations import workers as delivering
from jobs import hours, nights, pool, queries, queue
from jobs.lifecycle import review as reviews
from jobs.lifecycle import slot
from jobs.lifecycle.job import open_job
from jobs.models import Artifact, Client, Day, Delivery, Job, Review, Task, Trigger, Turn
from jobs.states import NEVER
from tests.config.demo.conftest import it_is
from tests.jobs.conftest import claimed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


@pytest.fixture
def seeded(folder: Path) -> User:
    """The demo's owner, on the morning after."""
    assert seed()
    return User.objects.get()


def counts() -> dict[str, int]:
    """Model -> number of rows, of everything that the house keeps."""
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def test_a_night_is_on_the_desk_and_a_second_time_adds_nothing(seeded: User) -> None:
    states = Counter(Job.objects.values_list("state", flat=True))
    assert states == {"completed": 27, "needs_review": 17, "failed": 2, "needs_clarification": 1}
    kinds = Counter(Review.objects.filter(state="open").values_list("kind", flat=True))
    assert kinds == {"message": 13, "merge": 4, "failure": 2, "question": 1}
    assert len(queries.open_reviews(timezone.now())) == 20
    assert not Delivery.objects.exclude(state__in=["delivered", "held"]).exists()
    assert not queue.due("agents")
    assert not queue.due("deliveries")
    assert (seeded.username, seeded.is_superuser, seeded.has_usable_password()) == (USER, True, False)

    before = counts()
    assert seed() is False
    assert counts() == before


def test_what_lies_there_is_what_the_product_makes(seeded: User) -> None:
    for delivery in Delivery.objects.filter(kind="client_message"):
        assert delivery.job
        assert delivery.job.client
        assert delivery.fields["to"] == delivery.job.client.recipients
    for task in Task.objects.all():
        registry.load(task.agent).Input.model_validate(task.input)
    for rule in Trigger.objects.all():
        rule.full_clean()
    for client in Client.objects.all():
        client.full_clean()
    question = Review.objects.get(kind="question")
    assert question.payload["suggestions"] == night.QUESTIONS[0].suggestions
    assert {review.payload["kind"] for review in Review.objects.filter(kind="failure")} == {"", "budget"}


def test_branches_are_really_in_the_repositories(seeded: User, folder: Path) -> None:
    for delivery in Delivery.objects.filter(kind="branch"):
        assert delivery.job
        place = folder / "repositories" / f"{delivery.fields['repository']}.git"
        branch = f"refs/heads/agent/{delivery.job.uid}"
        commit = subprocess.run(
            ["git", "rev-parse", branch], cwd=place, capture_output=True, text=True, check=True
        ).stdout.strip()
        assert Review.objects.get(job=delivery.job).payload["commit"] == commit


@pytest.mark.parametrize("hour", [9, *(pytest.param(hour, marks=pytest.mark.long) for hour in (1, 23))])
def test_all_of_it_lies_in_last_night_and_no_slot_was_missed(folder: Path, hour: int) -> None:
    with it_is(hour) as now:
        clock = NightClock(now=now)
        seed()
        told = nights.last(timezone.now())
        kept = Day.objects.get(pk=hours.here().date()).night_spent_microusd
    # The page of costs and the line over the inbox name the same sum.
    assert told.spent_microusd == kept > 0
    lies_between(clock, now)
    if hour > 5:
        spent = sum(turn.cost_microusd or 0 for turn in Turn.objects.all())
        assert (told.completed, told.failed, told.spent_microusd) == (27, 2, spent)
    else:
        assert told.completed > 10

    with it_is(hour) as now:
        slot.open_due(now)
    assert not Review.objects.filter(kind="alarm").exists()
    briefing = Job.objects.get(title=night.BRIEFING)
    assert briefing.state == "completed"
    if hour > 5:
        assert briefing.trigger
        assert briefing.trigger.slug == "briefing"


def lies_between(clock: NightClock, now: datetime) -> None:
    """Every moment of every row is one of the night; what is due, is due on the day after it."""
    due = [row.due_at for row in Review.objects.filter(due_at__lt=NEVER)]
    assert [(due_at - now) // timedelta(hours=1) for due_at in due] == [3, 6]
    begins, ends = clock.moment("18:00"), clock.moment("05:00")
    assert ends <= now
    for model in apps.get_app_config("jobs").get_models():
        for field in model._meta.get_fields():
            # A lease is counted from the database's own clock.
            if isinstance(field, DateTimeField) and field.name not in {"lease_until", "due_at"}:
                outside = model._default_manager.exclude(**{f"{field.name}__range": (begins, ends)})
                assert not outside.exclude(**{f"{field.name}": None}).exists(), f"{model.__name__}.{field.name}"


@pytest.mark.parametrize("used", ["a job", "a client", "a person"])
def test_a_database_in_use_is_left_alone(used: str, folder: Path) -> None:
    if used == "a job":
        open_job(title="Mine", brief="Mine.", by="me")
    elif used == "a client":
        Client.objects.create(name="Mine", slug="mine", recipients=["me@example.com"])
    else:
        User.objects.create_user("me")
    before = counts()
    with pytest.raises(NotADemo, match="in use"):
        seed()
    assert counts() == before
    assert not folder.exists()


def test_each_message_and_branch_can_be_approved_and_mail_becomes_files(seeded: User, folder: Path) -> None:
    for review in Review.objects.filter(kind__in=["message", "merge"]):
        reviews.approve(review, by=seeded, version=review.version, digest=review.digest)
    Delivery.objects.filter(state="pending").update(ready_at=timezone.now() - timedelta(minutes=1))
    pulse = pool.Pulse("deliveries")
    while delivery := queue.claim_delivery():
        delivering.carry_out(delivery, pulse)
    assert not Delivery.objects.exclude(state="delivered").exists()
    assert Counter(Job.objects.values_list("state", flat=True)) == {
        "completed": 44,
        "failed": 2,
        "needs_clarification": 1,
    }
    assert len(list((folder / "mail").glob("*.eml"))) == 13


def test_a_revision_comes_back_as_a_new_item(seeded: User) -> None:
    review = Review.objects.filter(kind="message").order_by("id")[1]
    reviews.revise(review, by=seeded, version=review.version, note="Shorter, please.")
    run = claimed()
    assert run.job_id == review.job_id
    workers.carry_out(run, pool.Pulse("agents"))
    fresh = Review.objects.get(job=review.job, state="open")
    assert (fresh.kind, fresh.pk == review.pk) == ("message", False)
    assert fresh.digest != review.digest
    assert Artifact.objects.filter(job=review.job, kind="message").count() == 2


def test_a_question_can_be_answered_and_a_failure_retried(seeded: User) -> None:
    question = Review.objects.get(kind="question")
    reviews.answer(question, by=seeded, version=question.version, text=night.QUESTIONS[0].suggestions[0])
    for failure in Review.objects.filter(kind="failure"):
        reviews.retry(failure, by=seeded, version=failure.version, budget_microusd=4_000_000)
    pulse, runs = pool.Pulse("agents"), 0
    while run := queue.claim_run():
        workers.carry_out(run, pulse)
        runs += 1
    assert runs >= 3
    assert not Job.objects.filter(state="failed").exists()
    assert question.own_job.runs.count() >= 2
