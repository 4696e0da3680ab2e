"""Items of every kind that wait for a person, made by the real verbs."""

from collections.abc import Callable

import pytest

from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import planning
from jobs.lifecycle import task as tasks
from jobs.lifecycle.planning import PlannedStep
from jobs.models import Job, Review
from tests.jobs.conftest import branch_result, claimed, document_result, done, message_result, sending


@pytest.fixture
def message(planned: Callable[..., Job]) -> Review:
    """A message that waits for its approval."""
    planned()
    done(message_result())
    return Review.objects.get()


@pytest.fixture
def merge(planned: Callable[..., Job]) -> Review:
    """A pushed branch that waits to be merged; a further step needs it."""
    planned(PlannedStep("code", "Fix it", {}), PlannedStep("drafting", "Tell it", {}, needs=[1]))
    done(branch_result())
    deliveries.land(sending(), external_id="abc", url="", detail="agent/x", by="deliveries")
    return Review.objects.get()


@pytest.fixture
def question(job: Job) -> Review:
    """A question that stops a job."""
    return planning.ask(claimed(), question="Which?", suggestions=["a", "b"], recommended=0, by="orchestrator")


@pytest.fixture
def failure(planned: Callable[..., Job]) -> Review:
    """A task that failed."""
    planned()
    tasks.fail(claimed(), cause="no access", fix="Give access.", by="agent:test")
    return Review.objects.get()


@pytest.fixture
def unknown(planned: Callable[..., Job]) -> Review:
    """A delivery of which nobody knows whether it arrived."""
    planned()
    done(document_result())
    delivery = sending()
    deliveries.doubt(delivery, reason="no answer", lag_seconds=0, by="deliveries")
    deliveries.leave_to_person(delivery, by="deliveries")
    return Review.objects.get()
