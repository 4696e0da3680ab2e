"""Bodies that two readers could understand differently, or a database could not keep, are refused."""

import json

import pytest

from jobs.api import bodies
from jobs.models import Job
from tests.jobs.api.conftest import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff",
        b'{"brief": "a", "brief": "b"}',
        b'{"brief": "a", "data": {"x": NaN}}',
        b'{"brief": "a", "data": {"x": 1e999}}',
        b'{"brief": "a", "data": {"x": -Infinity}}',
        b'{"brief": "a", "data": {"x": "\\u0000"}}',
        b'{"brief": "a", "data": {"\\u0000": 1}}',
        b'{"brief": "a", "data": {"x": "\\ud800"}}',
        b'{"brief": "a", "data": {"x": ' + b"9" * 5000 + b"}}",
        b'{"brief": "a", "data": {"x": ' + b"[" * 40 + b"]" * 40 + b"}}",
        b'{"brief": "a", "data": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
)
def test_a_body_without_one_meaning_is_malformed(writer: Caller, body: bytes) -> None:
    problem(writer.post("jobs/", body), "malformed", 400)
    assert not Job.objects.exists()


def test_a_body_over_the_limit_is_too_large(writer: Caller) -> None:
    body = json.dumps({"brief": "a" * bodies.MAX_BYTES}).encode()
    problem(writer.post("jobs/", body), "too-large", 413)


def test_another_type_than_json_is_refused(writer: Caller) -> None:
    response = writer.browser.post("/api/v1/jobs/", {"brief": "Write it."}, headers=writer.headers)
    problem(response, "unsupported-media-type", 415)


def test_what_can_be_kept_is_kept(writer: Caller) -> None:
    data = {"a": [1, 2.5, None, True, {"ü": "🌙"}], "big": 10**30}
    assert writer.post("jobs/", {"brief": "Write it.", "data": data}).status_code == 201
    assert Job.objects.get().data == data
