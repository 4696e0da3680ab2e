"""What is known of a model by all processes."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from jobs.lifecycle import model_pause
from jobs.models import ModelPause, Process

pytestmark = pytest.mark.django_db

MODEL = "claude-sonnet-5-5"


def test_a_pause_is_known_with_the_seconds_that_are_left() -> None:
    model_pause.leave_in_peace(MODEL, failures=5, seconds=60)
    ((failures, seconds),) = model_pause.standing().values()
    assert failures == 5
    assert 50 < seconds <= 60


def test_who_found_it_out_last_is_right_and_there_is_one_row() -> None:
    model_pause.leave_in_peace(MODEL, failures=5, seconds=600)
    model_pause.leave_in_peace(MODEL, failures=6, seconds=30)
    (row,) = ModelPause.objects.all()
    assert (str(row), row.failures) == (MODEL, 6)
    assert model_pause.standing()[MODEL][1] <= 30


def test_a_model_that_works_has_no_row() -> None:
    model_pause.leave_in_peace(MODEL, failures=5, seconds=60)
    model_pause.works(MODEL)
    model_pause.works(MODEL)
    assert model_pause.standing() == {}


def test_one_process_has_the_probe_and_only_once_the_pause_is_over() -> None:
    model_pause.leave_in_peace(MODEL, failures=5, seconds=60)
    assert not model_pause.take_probe(MODEL)
    ModelPause.objects.update(until=Now() - timedelta(seconds=1))
    assert model_pause.standing()[MODEL][1] < 0
    assert [model_pause.take_probe(MODEL) for _ in range(3)] == [True, False, False]
    assert model_pause.standing()[MODEL][1] > 0


def test_processes_at_work_are_those_that_beat() -> None:
    for number, (cluster, age) in enumerate([("agents", 0), ("agents", 5), ("agents", 900), ("deliveries", 0)]):
        heartbeat = Now() - timedelta(seconds=age)
        Process.objects.create(
            cluster=cluster, host="h", pid=number, pid_started="1", heartbeat_at=heartbeat, progress_at=Now()
        )
    assert model_pause.processes_at_work("agents") == 2
