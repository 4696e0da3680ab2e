"""One job with all of its rows, in a fixed number of reads."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import record
from jobs.lifecycle import review as reviews
from jobs.lifecycle.intake import accept
from jobs.lifecycle.job import open_job, run_again
from jobs.models import Artifact, Client, Job, Review
from tests.jobs.conftest import a_received_file, a_rule, an_event, claimed, done, message_result, store_turn

pytestmark = pytest.mark.django_db


def read(job: Job) -> record.Record:
    found = record.read(job.uid)
    assert found
    return found


def test_a_job_that_is_not_planned_has_its_event_alone(job: Job) -> None:
    found = read(job)
    assert (found.job, found.steps, found.planning, found.chain) == (job, [], [], [job])
    assert [event.name for event in found.events] == ["job.opened"]
    assert record.read(uuid.uuid4()) is None


def test_every_row_stands_where_it_belongs(planned: Callable[..., Job], owner: User) -> None:
    job = planned()
    store_turn(claimed(), cost=40, cache_saved_microusd=10)
    found = read(job)
    (step,) = found.steps
    assert (len(found.planning), len(step.runs)) == (1, 1)
    assert (step.microusd, vars(step.runs[0])["number_of_turns"]) == (40, 1)
    assert (found.saved.spent, found.saved.by_cache) == (40, 10)
    assert [run.pk for run in found.runs] == sorted(run.pk for run in found.runs)


def test_a_version_knows_the_one_before(planned: Callable[..., Job], owner: User) -> None:
    job = planned()
    done(message_result())
    reviews.revise(Review.objects.get(), by=owner, version=1, note="Shorter.")
    done(message_result(text="Hi"))
    first, second = read(job).steps[0].made
    assert (first.before, second.before) == (None, first.row)
    found = record.versions(job.uid, second.row.pk)
    assert found == (second.row, first.row)
    assert record.versions(job.uid, first.row.pk) == (first.row, None)
    assert record.versions(uuid.uuid4(), first.row.pk) is None


def test_an_attempt_is_read_with_its_words_for_its_own_job_alone(planned: Callable[..., Job]) -> None:
    job = planned()
    run = claimed()
    turn = store_turn(run)
    found = record.run(job.uid, run.pk)
    assert found == (run, [turn])
    assert record.run(uuid.uuid4(), run.pk) is None


def test_reads_do_not_grow_with_what_was_done(planned: Callable[..., Job], owner: User) -> None:
    job = planned()
    done(message_result())
    with CaptureQueriesContext(connection) as few:
        read(job)
    for number in range(3):
        reviews.revise(Review.objects.latest("id"), by=owner, version=1, note="Again.")
        done(message_result(text=f"{number}"))
    with CaptureQueriesContext(connection) as many:
        found = read(job)
    assert len(many) == len(few) <= 8
    assert len(found.steps[0].runs) == 4


def test_a_chain_is_one_read_from_each_of_its_jobs(job: Job) -> None:
    child = open_job(title="child", brief="c", by="test", parent=job, depth=1)
    deeper = open_job(title="deeper", brief="d", by="test", parent=child, depth=2)
    other = open_job(title="other", brief="o", by="test", parent=job, depth=1)
    for one in (job, child, deeper, other):
        assert read(one).chain == [job, child, deeper, other]


def test_what_is_run_again_has_the_files_of_the_first(trattoria: Client) -> None:
    rule = a_rule("contact", client=trattoria)
    (first,) = accept(an_event(files=[a_received_file()]), [rule]).jobs
    again = run_again(first, by="owner", brief="Other words.")
    row = Artifact.objects.get()
    assert read(first).received == [row]
    assert read(again).received == [row]
    assert read(again).job.again_of == first
