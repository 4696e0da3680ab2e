"""A draft that fails its rubric goes back to the step that made it, within bounds."""

from collections.abc import Callable
from typing import Any

import pytest

from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning, rework
from jobs.lifecycle import task as tasks
from jobs.lifecycle.moves import LostRace
from jobs.models import Artifact, Delivery, Event, Job, Run, Task
from tests.jobs.conftest import STEP, a_file, claimed, document_result, done

pytestmark = pytest.mark.django_db

JUDGE = planning.PlannedStep(agent="review", title="Judge it", input={}, needs=[1])
TELL = planning.PlannedStep(agent="communication", title="Tell them", input={}, needs=[1, 2])
ALSO = planning.PlannedStep(agent="drafting", title="Shorten it", input={"kind": "post"}, needs=[1])
BY = "agent:review"


def critique() -> tasks.Result:
    effect = tasks.WantedEffect("document", {}, ["critique.md"])
    files = [a_file("critique.md", "# Verdict: revise", "critique")]
    return tasks.Result(output={"verdict": "revise"}, summary="revise: 2 of 5", files=files, effects=[effect])


def back(run: Run, **changes: Any) -> bool:
    wanted: dict[str, Any] = {"position": 1, "note": "- Tone: cold", "by": BY} | changes
    return rework.send_back(run, critique(), **wanted)


def states() -> list[str]:
    return list(Task.objects.order_by("position").values_list("state", flat=True))


@pytest.fixture
def judging(planned: Callable[..., Job]) -> Run:
    """A review step at work on a finished draft, with a message that waits for both."""
    planned(STEP, JUDGE, TELL)
    done(document_result())
    return claimed()


def test_it_starts_the_draft_again_with_the_critique_and_keeps_it(judging: Run, job: Job) -> None:
    assert back(judging) is True
    assert states() == ["pending", "blocked", "blocked"]
    draft = Task.objects.get(position=1)
    assert (draft.revision_note, draft.round, draft.sent_back, draft.finished_at) == ("- Tone: cold", 1, 1, None)
    kept = Artifact.objects.get(kind="critique")
    assert (kept.task, kept.run) == (judging.task, judging)
    assert not Delivery.objects.filter(task=judging.task).exists(), "only the last judgement is filed"
    names = list(Event.objects.filter(job=job).order_by("id").values_list("name", flat=True))
    assert names[-3:] == ["run.succeeded", "task.sent_back", "task.judged"]
    job.refresh_from_db()
    assert job.state == "in_progress"


def test_the_next_version_is_judged_anew_in_a_conversation_of_its_own(judging: Run) -> None:
    back(judging)
    assert done(document_result("# Better")).position == 1
    assert states() == ["completed", "pending", "blocked"]
    again = claimed()
    assert again.task is not None
    assert (again.task.position, again.round) == (2, 1)
    tasks.succeed(again, critique(), by=BY)
    assert states() == ["completed", "completed", "pending"]


def test_twice_is_the_most(judging: Run, job: Job) -> None:
    run = judging
    for _ in range(2):
        assert back(run) is True
        done(document_result())
        run = claimed()
    before = Event.objects.count()
    assert back(run) is False
    assert Event.objects.count() == before, "nothing was written"
    tasks.succeed(run, critique(), by=BY)
    assert states() == ["completed", "completed", "pending"]
    assert job.tasks.count() == 3


def test_what_also_waits_for_the_draft_waits_for_the_next_version(planned: Callable[..., Job]) -> None:
    planned(STEP, JUDGE, ALSO)
    done(document_result())
    assert states() == ["completed", "pending", "pending"]
    assert back(claimed()) is True
    assert states() == ["pending", "blocked", "blocked"]
    done(document_result())
    assert states() == ["completed", "pending", "pending"]


def test_a_draft_that_is_in_use_is_not_changed(planned: Callable[..., Job]) -> None:
    planned(STEP, JUDGE, ALSO)
    done(document_result())
    judging, _also = claimed(), claimed()
    assert back(judging) is False
    assert states() == ["completed", "in_progress", "in_progress"]
    tasks.succeed(judging, critique(), by=BY)


@pytest.mark.parametrize("position", [2, 3, 9])
def test_only_a_finished_step_that_it_needs_goes_back(judging: Run, position: int) -> None:
    assert back(judging, position=position) is False
    assert states() == ["completed", "in_progress", "blocked"]


def test_a_run_that_was_lost_sends_nothing_back(judging: Run) -> None:
    tasks.give_back(Run.objects.get(pk=judging.pk), how="taken over", delay_seconds=0, by="sweep")
    with pytest.raises(LostRace):
        back(judging)
    assert states() == ["completed", "pending", "blocked"]


def test_a_job_that_is_cancelled_meanwhile_stays_cancelled(judging: Run, job: Job) -> None:
    jobs.cancel(job, by="owner")
    with pytest.raises(LostRace):
        back(judging)


def test_the_same_critique_twice_is_two_versions(judging: Run) -> None:
    back(judging)
    done(document_result())
    back(claimed())
    assert [row.version for row in Artifact.objects.filter(name="critique.md").order_by("id")] == [1, 2]
