"""Calls made from the document, good ones and bad ones: no fault of ours, no answer that is not described."""

import json
from collections.abc import Callable

import pytest
from pytest_django import Settings

from jobs.api import schema
from jobs.models import Job, Review
from tests.jobs.api.conftest import Caller
from tests.jobs.conftest import done, message_result

pytestmark = [pytest.mark.django_db, pytest.mark.long]

OPERATIONS = [
    (method, path)
    for path, operations in json.loads(schema.PATH.read_text())["paths"].items()
    for method in operations
]


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_call_finds_a_fault(
    settings: Settings, caller: Caller, planned: Callable[..., Job], method: str, path: str, mode: str
) -> None:
    from tests.jobs.api import calling

    settings.API_RATE = "1000000/min"
    settings.ALLOWED_HOSTS = ["*"]
    job = planned()
    done(message_result())
    review = Review.objects.get()
    # Names that are there, so that a call gets further than to the door; and what was shown of them.
    there = {"uid": str(job.uid), "id": review.pk, "sha256": review.deliveries.get().files[0]["sha256"]}
    shown = {"version": review.version, "digest": review.digest}
    calling.check(method, path, mode, caller.headers, there, shown)
