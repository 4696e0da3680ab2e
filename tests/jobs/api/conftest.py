"""A program with a token, calling over HTTP, and the items of the inbox that it may decide."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client as Browser

from jobs.lifecycle import token as tokens
from jobs.models.token import DECIDE_REVIEWS, READ, SCOPES, WRITE_JOBS
from tests.jobs.inbox.conftest import failure, merge, message, question

__all__ = ["failure", "merge", "message", "question"]


class Caller:
    """Calls addresses below /api/v1/ with its token."""

    def __init__(self, text: str) -> None:
        self.headers = {"Authorization": f"Bearer {text}"} if text else {}
        self.browser = Browser(enforce_csrf_checks=True)

    def get(self, path: str, **query: Any) -> Any:
        return self.browser.get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        """Post this body; bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body or {})
        extra = {"Idempotency-Key": key} if key else {}
        return self.browser.post(
            f"/api/v1/{path}", data, content_type="application/json", headers=self.headers | extra | headers
        )


@pytest.fixture(autouse=True)
def no_calls_yet() -> Iterator[None]:
    """Counts of another test's token would be this one's."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def caller(owner: User) -> Caller:
    """A program that may do everything."""
    return Caller(tokens.make(name="n8n", user=owner, scopes=SCOPES).text)


@pytest.fixture
def reader(owner: User) -> Caller:
    """A program that may look."""
    return Caller(tokens.make(name="reader", user=owner, scopes=[READ]).text)


@pytest.fixture
def writer(owner: User) -> Caller:
    """A program that may open jobs and nothing else."""
    return Caller(tokens.make(name="writer", user=owner, scopes=[WRITE_JOBS]).text)


@pytest.fixture
def decider(owner: User) -> Caller:
    """A program that may decide and nothing else."""
    return Caller(tokens.make(name="decider", user=owner, scopes=[DECIDE_REVIEWS]).text)


def problem(response: Any, name: str, status: int) -> dict[str, Any]:
    """The problem details of the response, which has to be this one."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["type"] == f"urn:problem-type:nightdesk:{name}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
