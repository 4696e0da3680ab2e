"""Who was told what is private, and what of it a request carries that an agent wrote."""

from typing import Any

import pytest
from django.utils import timezone

from agents.workers.briefs import brief_for
from agents.workers.knowledge import knew_more, repository_of, written_knowing
from jobs.lifecycle.job import open_job
from jobs.models import Job, Task
from tests.agents.tools.test_places import OPTIONS

pytestmark = pytest.mark.django_db

WEB = {"question": "What is new?", "sources": ["https://example.com/"]}
HOUSE = {"question": "What is new?", "sources": ["site#12"]}


@pytest.fixture(autouse=True)
def own_places(settings: Any) -> None:
    settings.AGENT_OPTIONS = {**settings.AGENT_OPTIONS, **OPTIONS}


def a_task(job: Job, agent: str, **columns: Any) -> Task:
    common = {"title": agent, "priority": job.priority, "ready_at": timezone.now(), "state": "completed"}
    return Task.objects.create(job=job, agent=agent, position=job.tasks.count() + 1, **{**common, **columns})


def code(job: Job, repository: str = "site", **columns: Any) -> Task:
    return a_task(job, "code", output={"repository": repository}, **columns)


def child_of(job: Job, by: str, *, depth: int = 1) -> Job:
    return open_job(title="More", brief="More.", by=by, parent=job, depth=job.depth + depth)


def test_research_in_the_house_and_code_know_more_than_research_on_the_web(job: Job) -> None:
    web, house = a_task(job, "research", input=WEB), a_task(job, "research", input=HOUSE)
    made = code(job)
    assert [knew_more(one) for one in (web, house, made, a_task(job, "drafting"))] == [False, True, True, True]
    assert knew_more(a_task(job, "gone")), "an agent that is gone is taken for one that did"
    assert [repository_of(one) for one in (made, web)] == ["site", ""]


@pytest.mark.parametrize(
    ("agent", "given", "expected"),
    [("research", WEB, []), ("research", HOUSE, [""]), ("code", {}, ["site"])],
    ids=["the web", "the house", "code"],
)
def test_a_request_carries_what_its_writer_knew(
    agent: str, given: dict[str, Any], expected: list[str], job: Job
) -> None:
    assert written_knowing(job) == []
    output = {"repository": "site"} if agent == "code" else {}
    a_task(job, agent, input=given, output=output)
    a_task(job, "drafting")
    child = child_of(job, f"agent:{agent}")
    assert written_knowing(child) == expected
    # And so does all that comes of it, a half of it too.
    half = child_of(child, "orchestrator", depth=0)
    a_task(half, "research", input=WEB)
    assert written_knowing(half) == written_knowing(child_of(half, "agent:research")) == expected


def test_code_that_was_given_a_draft_knew_more_than_its_repository(job: Job) -> None:
    draft = a_task(job, "drafting")
    code(job, needs=[draft.position])
    assert written_knowing(child_of(job, "agent:code")) == ["", "site"]


def test_code_that_went_on_from_its_own_repository_knew_nothing_else(job: Job) -> None:
    first = code(job)
    code(job, needs=[first.position])
    assert written_knowing(child_of(job, "agent:code")) == ["site"]


def test_an_agent_is_told_it(job: Job) -> None:
    a_task(job, "research", input=HOUSE)
    child = child_of(job, "agent:research")
    run = child.runs.create(lease_until=timezone.now(), pid=1)
    assert brief_for(run).written_knowing == [""]
