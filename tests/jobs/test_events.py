"""History lines: a closed list of names, each line whole."""

import re
from pathlib import Path

import pytest

from jobs import events
from jobs.models import Event, Job
from tests.jobs.conftest import claimed

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.django_db
def test_a_line_keeps_what_it_was_given(job: Job) -> None:
    events.append(
        "job.failed",
        actor="x" * 300,
        noun="job",
        row=job.pk,
        job_id=job.pk,
        source="pending",
        to="failed",
        data={"kind": "budget"},
    )
    line = Event.objects.latest("id")
    assert (line.name, line.actor, line.noun, line.row, line.job) == ("job.failed", "x" * 120, "job", job.pk, job)
    assert (line.source, line.to, line.data) == ("pending", "failed", {"kind": "budget"})
    assert line.at


@pytest.mark.django_db
def test_a_line_without_data_has_an_empty_one() -> None:
    events.append("run.failed", actor="test", noun="run", row=1, job_id=None)
    assert Event.objects.get().data == {}


@pytest.mark.django_db
def test_several_lines_are_written_at_once_in_their_order(job: Job) -> None:
    names = ["job.resumed", "job.waits", "job.resumed"]
    ids = events.append_all([events.Line(name, "test", "job", job.pk, job.pk) for name in names])
    assert [Event.objects.get(pk=pk).name for pk in ids] == names
    assert ids == sorted(ids)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"'job\.exploded' is not an event"):
        events.append("job.exploded", actor="test", noun="job", row=1, job_id=None)


@pytest.mark.django_db
def test_each_noun_knows_its_job(job: Job) -> None:
    run = claimed()
    assert events.job_id_of(job) == job.pk
    assert events.job_id_of(run) == job.pk


def test_every_name_is_past_tense_of_one_noun_and_is_written_somewhere() -> None:
    source = "".join(path.read_text() for path in (ROOT / "jobs").rglob("*.py") if path.name != "events.py")
    shaped = re.findall(r'f"(job|task|run)\.\{', source)
    assert set(shaped) == {"job", "task", "run"}
    for name in events.NAMES:
        noun, verb = name.split(".")
        assert noun in {"job", "task", "run", "review", "delivery", "branch", "allowance", "client", "house"}
        assert f'"{name}"' in source or (noun in shaped and verb), name
