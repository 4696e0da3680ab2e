"""Problems: each refusal has its name, and a fault of ours tells nothing of itself."""

from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import OperationalError
from rest_framework.exceptions import ValidationError

from jobs import queries
from jobs.api import problems
from jobs.lifecycle.job import BadJob
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.lifecycle.review import NotAllowed, Stale
from tests.jobs.api.conftest import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (Stale("x"), "stale"),
        (LostRace("x"), "stale"),
        (NotAllowed("x"), "refused"),
        (IllegalMove("x"), "refused"),
        (BadJob("x"), "invalid"),
    ],
)
def test_a_verbs_no_is_a_problem_with_its_words(error: Exception, name: str) -> None:
    response = problems.answer(error, {})
    assert response.data["type"] == problems.TYPE_PREFIX + name
    assert response.data["detail"] == "x"
    assert response.status_code == response.data["status"]


def test_each_complaint_points_at_its_value() -> None:
    error = ValidationError({"a": [{}, {"b": ["No."]}], "non_field_errors": ["Neither."]})
    assert problems.answer(error, {}).data["errors"] == [
        {"pointer": "/a/1/b", "detail": "No."},
        {"pointer": "", "detail": "Neither."},
    ]


def breaking(error: Exception) -> Any:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise error

    return broken


def test_a_database_that_is_away_is_503_with_when_to_come_again(
    reader: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "clients", breaking(OperationalError("password of the database")))
    response = reader.get("clients/")
    assert "password" not in str(problem(response, "unavailable", 503))
    assert response.headers["Retry-After"] == "5"


def test_a_fault_of_ours_is_logged_and_not_told(
    reader: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Any] = []

    def hear(**facts: Any) -> None:
        told.append(facts)

    monkeypatch.setattr(queries, "clients", breaking(RuntimeError("inner words")))
    reader.browser.raise_request_exception = False
    got_request_exception.connect(hear)
    try:
        response = reader.get("clients/")
    finally:
        got_request_exception.disconnect(hear)
    assert "inner words" not in str(problem(response, "internal", 500))
    assert "inner words" in caplog.text
    assert told
