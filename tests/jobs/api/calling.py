"""Calls made from the document by Schemathesis. To load it takes long, and only the long tests need it."""

import json
from collections.abc import Callable
from typing import Any

import hypothesis
import schemathesis
from django.test.client import ClientHandler
from hypothesis import HealthCheck, Phase, strategies
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jobs.api import schema

# Under a second an operation and mode: enough for each kind of value at each place.
EXAMPLES = 30
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


def described() -> Any:
    """The document with the application behind it, in this thread and so in this test's transaction."""
    found = schemathesis.openapi.from_dict(json.loads(schema.PATH.read_text()))
    found.app = application
    return found


def check(
    method: str, path: str, mode: str, headers: dict[str, str], there: dict[str, Any], shown: dict[str, Any]
) -> None:
    """Make calls of this operation, good or bad ones; some with names that are there and what was shown of them."""

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(
        case=described()[path][method].as_strategy(generation_mode=GenerationMode(mode)),
        known=strategies.booleans(),
    )
    def call(case: Any, known: bool) -> None:
        if known:
            case.path_parameters = {name: there[name] for name in case.path_parameters or {} if name in there}
            if isinstance(case.body, dict) and {"version", "digest"} <= set(case.body):
                case.body = {**case.body, **shown}
        # In this process nothing unpacks what was packed for the wire.
        case.call_and_validate(headers={**headers, "Accept-Encoding": "identity"}, checks=CHECKS)

    call()
