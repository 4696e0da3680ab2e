"""Calls made from the document, good ones and bad ones: no fault of ours, no answer that is not described."""

import json
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.test.client import ClientHandler
from hypothesis import HealthCheck, Phase, strategies
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jobs.api import schema
from jobs.models import Job, Review
from tests.jobs.api.conftest import Caller
from tests.jobs.conftest import done, message_result

pytestmark = [pytest.mark.django_db, pytest.mark.long]

# Under a second an operation and mode: enough for each kind of value at each place.
EXAMPLES = 30
OPERATIONS = [
    (method, path)
    for path, operations in json.loads(schema.PATH.read_text())["paths"].items()
    for method in operations
]
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The application as Django's own test client calls it: the connection of the test stays open."""
    response: Any = ClientHandler()(environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]


@pytest.fixture
def described(settings: Settings) -> Any:
    """The document with the application behind it, in this thread and so in this test's transaction."""
    settings.API_RATE = "1000000/min"
    settings.ALLOWED_HOSTS = ["*"]
    found = schemathesis.openapi.from_dict(json.loads(schema.PATH.read_text()))
    found.app = application
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_call_finds_a_fault(
    described: Any, caller: Caller, planned: Callable[..., Job], method: str, path: str, mode: GenerationMode
) -> None:
    job = planned()
    done(message_result())
    review = Review.objects.get()
    # Names that are there, so that a call gets further than to the door; and what was shown of them.
    there: dict[str, Any] = {
        "uid": str(job.uid),
        "id": review.pk,
        "sha256": review.deliveries.get().files[0]["sha256"],
    }
    shown = {"version": review.version, "digest": review.digest}

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=described[path][method].as_strategy(generation_mode=mode), known=strategies.booleans())
    def call(case: Any, known: bool) -> None:
        if known:
            case.path_parameters = {name: there[name] for name in case.path_parameters or {} if name in there}
            if isinstance(case.body, dict) and {"version", "digest"} <= set(case.body):
                case.body = {**case.body, **shown}
        case.call_and_validate(headers=caller.headers, checks=CHECKS)

    call()
