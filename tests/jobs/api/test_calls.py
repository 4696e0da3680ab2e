"""What every call has in common."""

import pytest

from tests.jobs.api.conftest import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["", "nothing/", "jobs", "jobs/abc/", "reviews/1/edit/", "reviews/-1/", "%00"])
def test_any_other_address_is_a_problem_and_not_a_page(caller: Caller, path: str) -> None:
    problem(caller.get(path), "not-found", 404)
    problem(caller.post(path), "not-found", 404)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "garbage", ""])
def test_the_answer_is_json_whatever_is_asked_for(caller: Caller, accept: str) -> None:
    response = caller.browser.get("/api/v1/jobs/", headers=caller.headers | {"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"


def test_a_post_needs_no_csrf_token_since_no_cookie_counts(caller: Caller) -> None:
    assert caller.browser.handler.enforce_csrf_checks
    assert caller.post("jobs/", {"brief": "Write it."}).status_code == 201


def test_a_head_is_a_get_without_its_body(caller: Caller) -> None:
    response = caller.browser.head("/api/v1/jobs/", headers=caller.headers)
    assert (response.status_code, response.content) == (200, b"")


def test_answers_are_not_kept_by_caches(caller: Caller) -> None:
    assert caller.get("jobs/").headers["Cache-Control"] == "no-store"
