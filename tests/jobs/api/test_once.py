"""Idempotency keys: the same call again changes nothing, whoever comes first."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from jobs import workers
from jobs.models import Event, Job, Reply, Review
from tests.jobs.api.conftest import Caller, problem
from tests.jobs.conftest import together

pytestmark = pytest.mark.django_db

BODY = {"brief": "Write it.", "data": {"a": 1, "b": 2}}


def test_the_same_call_opens_one_job_and_hears_the_same_answer(caller: Caller) -> None:
    first = caller.post("jobs/", BODY, key="k1")
    again = caller.post("jobs/", {"data": {"b": 2, "a": 1}, "brief": "Write it."}, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Job.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(caller: Caller) -> None:
    caller.post("jobs/", BODY, key="k1")
    problem(caller.post("jobs/", {"brief": "Another."}, key="k1"), "key-reused", 422)
    assert Job.objects.count() == 1


def test_another_address_under_the_same_key_is_refused(caller: Caller) -> None:
    job = caller.post("jobs/", BODY).json()
    assert caller.post(f"jobs/{job['id']}/cancel/", {}, key="k1").status_code == 200
    problem(caller.post(f"jobs/{job['id']}/retry/", {}, key="k1"), "key-reused", 422)


def test_another_key_and_no_key_open_another_job(caller: Caller) -> None:
    for key in ("k1", "k2", "", ""):
        assert caller.post("jobs/", BODY, key=key).status_code == 201
    assert Job.objects.count() == 4


def test_a_key_belongs_to_its_token(caller: Caller, writer: Caller) -> None:
    caller.post("jobs/", BODY, key="k1")
    assert writer.post("jobs/", BODY, key="k1").status_code == 201
    assert Job.objects.count() == 2


def test_what_was_refused_may_come_again_under_its_key(caller: Caller) -> None:
    problem(caller.post("jobs/", {"brief": ""}, key="k1"), "invalid", 400)
    assert not Reply.objects.exists()
    assert caller.post("jobs/", BODY, key="k1").status_code == 201


@pytest.mark.parametrize("key", ["a b", "ü", "x" * 256, "\t"])
def test_a_key_that_is_none_is_refused(caller: Caller, key: str) -> None:
    problem(caller.post("jobs/", BODY, key=key), "invalid", 400)
    assert not Job.objects.exists()


def test_a_decision_is_made_once(caller: Caller, message: Review) -> None:
    body = {"version": message.version, "digest": message.digest}
    first, again = (caller.post(f"reviews/{message.pk}/approve/", body, key="k1") for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert Event.objects.filter(name="review.approved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_calls_that_come_at_once_one_opens_the_job(caller: Caller) -> None:
    answers: list[Any] = together(8, lambda: Caller.post(caller, "jobs/", BODY, key="k1"))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Job.objects.count() == 1


def test_answers_are_forgotten_after_a_day(caller: Caller) -> None:
    caller.post("jobs/", BODY, key="old")
    caller.post("jobs/", BODY, key="new")
    Reply.objects.filter(key="old").update(created_at=timezone.now() - datetime.timedelta(hours=25))
    workers.prune()
    assert [reply.key for reply in Reply.objects.all()] == ["new"]
