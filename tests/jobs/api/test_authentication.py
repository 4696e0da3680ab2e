"""Who is let in, and to what."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from pytest_django import Settings

from jobs.lifecycle import token as tokens
from jobs.models import Job, Review, Token
from tests.jobs.api.conftest import Caller, problem

pytestmark = pytest.mark.django_db

READS = ["jobs/", "reviews/", "triggers/", "clients/", f"jobs/{'0' * 8}-0000-4000-8000-{'0' * 12}/", "reviews/1/"]


@pytest.mark.parametrize("path", READS)
def test_without_a_token_nothing_is_told(path: str, db: None) -> None:
    response = Caller("").get(path)
    problem(response, "not-authenticated", 401)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="nightdesk"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nd_api_wrong",
        "Bearer ",
        "Bearer",
        "nd_api_x",
        "Basic b3duZXI6cGFzc3dvcmQ=",
        "Bearer a b",
        "Bearer é",
    ],
)
def test_a_wrong_proof_is_refused(header: str, db: None) -> None:
    problem(Browser().get("/api/v1/jobs/", headers={"Authorization": header}), "not-authenticated", 401)


def test_a_session_is_no_proof(owner: User) -> None:
    browser = Browser()
    browser.force_login(owner)
    problem(browser.get("/api/v1/jobs/"), "not-authenticated", 401)


def test_a_revoked_token_is_refused_at_once(caller: Caller) -> None:
    assert caller.get("jobs/").status_code == 200
    tokens.revoke(Token.objects.get())
    problem(caller.get("jobs/"), "not-authenticated", 401)


@pytest.mark.parametrize("path", READS)
def test_reading_needs_its_scope(writer: Caller, path: str) -> None:
    assert "the scope read" in problem(writer.get(path), "not-permitted", 403)["detail"]


def test_opening_a_job_needs_its_scope(reader: Caller, decider: Caller) -> None:
    for one in (reader, decider):
        problem(one.post("jobs/", {"brief": "Write it."}), "not-permitted", 403)
    assert not Job.objects.exists()


@pytest.mark.parametrize("verb", ["approve", "decline", "revise", "answer", "undo"])
def test_deciding_needs_its_scope(reader: Caller, writer: Caller, message: Review, verb: str) -> None:
    body = {"version": message.version, "digest": message.digest}
    for one in (reader, writer):
        problem(one.post(f"reviews/{message.pk}/{verb}/", body), "not-permitted", 403)
    message.refresh_from_db()
    assert message.state == "open"


def test_a_token_that_came_in_the_clear_is_refused(caller: Caller, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^api/"]
    problem(caller.get("jobs/"), "not-encrypted", 403)
    assert caller.browser.get("/api/v1/jobs/", headers=caller.headers, secure=True).status_code == 200


def test_a_token_has_so_many_calls(caller: Caller, reader: Caller, settings: Settings) -> None:
    settings.API_RATE = "3/min"
    assert [caller.get("jobs/").status_code for _ in range(3)] == [200] * 3
    response = caller.get("jobs/")
    problem(response, "too-many-calls", 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 61
    assert reader.get("jobs/").status_code == 200, "another token's calls are its own"


def test_the_moment_of_use_is_kept(caller: Caller) -> None:
    assert Token.objects.get().last_used_at is None
    caller.get("jobs/")
    assert Token.objects.get().last_used_at is not None


def test_a_method_that_is_not_there_is_said_to_be(caller: Caller) -> None:
    answers: list[Any] = [
        caller.browser.put("/api/v1/jobs/", headers=caller.headers),
        caller.browser.options("/api/v1/jobs/", headers=caller.headers),
        caller.get("reviews/1/approve/"),
    ]
    for response in answers:
        problem(response, "method-not-allowed", 405)
