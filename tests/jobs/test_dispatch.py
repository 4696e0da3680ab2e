"""Doorbells: one outstanding a cluster, never before the commit, never lost for long."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from jobs import dispatch
from jobs.lifecycle.job import open_job
from jobs.models import Cluster, Job
from tests.jobs.conftest import together, waiting

ON_REDIS = bool(django_settings.REDIS_URL)
orm_alone = pytest.mark.skipif(ON_REDIS, reason="about the ORM broker")
redis_alone = pytest.mark.skipif(not ON_REDIS, reason="about the Redis broker; set REDIS_URL")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queues")]


def bell_is_out(cluster: str) -> bool:
    """Whether a bell is outstanding."""
    return Cluster.objects.filter(pk=cluster, bell_at__isnull=False).exists()


def test_the_first_ring_leaves_a_message_for_the_clusters_worker() -> None:
    assert dispatch.ring("agents")
    assert (waiting("agents"), waiting("deliveries")) == (1, 0)
    assert bell_is_out("agents")


@orm_alone
def test_the_message_names_the_worker_and_nothing_else() -> None:
    dispatch.ring("deliveries")
    message = SignedPackage.loads(OrmQ.objects.get(key="deliveries").payload)
    assert message["func"] == "integrations.workers.work"
    assert (message["args"], message["kwargs"]) == ((), {})


def test_one_outstanding_bell_is_enough() -> None:
    assert dispatch.ring("agents")
    assert not dispatch.ring("agents")
    assert not dispatch.ring("agents")
    assert waiting("agents") == 1


def test_clusters_have_bells_of_their_own() -> None:
    assert dispatch.ring("agents")
    assert dispatch.ring("deliveries")
    assert (waiting("agents"), waiting("deliveries")) == (1, 1)


def test_after_an_answer_it_rings_again() -> None:
    dispatch.ring("agents")
    dispatch.answer("agents")
    assert not bell_is_out("agents")
    assert dispatch.ring("agents")
    assert waiting("agents") == 2


def test_answering_a_bell_that_did_not_ring_changes_nothing() -> None:
    dispatch.answer("agents")
    assert not Cluster.objects.exists()


def take_all(cluster: str) -> None:
    """Take the messages out of the queue, as a process does that dies before it answers."""
    broker = get_broker(list_key=cluster)
    while broker.queue_size():
        broker.dequeue()


def test_a_bell_that_nobody_answered_is_lost_and_rung_again() -> None:
    dispatch.ring("agents")
    take_all("agents")
    Cluster.objects.update(bell_at=timezone.now() - timedelta(seconds=1))
    assert not dispatch.ring("agents")
    Cluster.objects.update(bell_at=timezone.now() - timedelta(seconds=6))
    assert dispatch.ring("agents")
    assert not dispatch.ring("agents")
    assert waiting("agents") == 1


def test_bells_do_not_pile_up_while_all_who_could_answer_are_at_work() -> None:
    dispatch.ring("agents")
    for _ in range(3):
        Cluster.objects.update(bell_at=timezone.now() - timedelta(seconds=6))
        assert not dispatch.ring("agents")
    assert waiting("agents") == 1


def test_how_long_a_bell_may_take_is_for_the_caller_to_say() -> None:
    dispatch.ring("agents")
    take_all("agents")
    assert not dispatch.ring("agents", lost_after=timedelta(hours=1))
    assert dispatch.ring("agents", lost_after=timedelta())


@orm_alone
@pytest.mark.django_db(transaction=True)
def test_with_the_orm_broker_the_message_commits_with_the_work() -> None:
    with transaction.atomic():
        dispatch.wake("agents")
        assert OrmQ.objects.filter(key="agents").exists()
    assert waiting("agents") == 1


@pytest.mark.django_db(transaction=True)
def test_work_that_is_undone_rings_nobody() -> None:
    with transaction.atomic():
        open_job(title="x", brief="x", by="test", priority=1)
        transaction.set_rollback(True)
    assert waiting("agents") == 0
    assert not bell_is_out("agents")
    open_job(title="x", brief="x", by="test", priority=1)
    assert waiting("agents") == 1


@redis_alone
@pytest.mark.django_db(transaction=True)
def test_with_redis_the_message_follows_the_commit() -> None:
    with transaction.atomic():
        dispatch.wake("agents")
        assert waiting("agents") == 0
    assert waiting("agents") == 1


@redis_alone
@pytest.mark.django_db(transaction=True)
def test_with_redis_away_the_work_is_committed_and_the_sweep_rings_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(Conf, "REDIS", "redis://127.0.0.1:1/0")
        job = open_job(title="x", brief="x", by="test", priority=1)
    assert Job.objects.filter(pk=job.pk).exists()
    assert waiting("agents") == 0
    Cluster.objects.update(bell_at=timezone.now() - timedelta(minutes=1))
    assert dispatch.ring("agents")


def test_a_bell_seen_outstanding_is_looked_at_again_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    dispatch.ring("agents")
    with django_capture_on_commit_callbacks() as callbacks:
        dispatch.wake("agents")
    # Answered between the two: whoever was woken looked before this transaction was there to be seen.
    dispatch.answer("agents")
    for callback in callbacks:
        callback()
    assert waiting("agents") == 2


@pytest.mark.django_db(transaction=True)
def test_many_who_ring_at_once_leave_one_message() -> None:
    rang = together(8, lambda: dispatch.ring("agents"))
    assert rang.count(True) == 1
    assert rang.count(False) == 7
    assert waiting("agents") == 1


@pytest.mark.django_db(transaction=True)
def test_many_who_wake_at_once_leave_one_message() -> None:
    def wake() -> None:
        with transaction.atomic():
            dispatch.wake("agents")

    assert together(8, wake) == [None] * 8
    assert waiting("agents") == 1


def test_schedules_are_made_equal_to_the_settings(settings: Settings) -> None:
    Schedule.objects.create(name="of an earlier version", func="jobs.workers.gone")
    dispatch.sync_schedules()
    dispatch.sync_schedules()
    assert set(Schedule.objects.values_list("name", "func", "cluster", "minutes", "repeats")) == {
        (name, entry["func"], entry["cluster"], entry["minutes"], -1) for name, entry in settings.SCHEDULES.items()
    }


def test_a_changed_interval_is_taken_over(settings: Settings) -> None:
    dispatch.sync_schedules()
    changed = {**settings.SCHEDULES["sweep"], "minutes": 7}
    settings.SCHEDULES = {"sweep": changed}
    dispatch.sync_schedules()
    assert list(Schedule.objects.values_list("name", "minutes")) == [("sweep", 7)]


def test_messages_that_died_with_their_process_are_forgotten() -> None:
    now = timezone.now()
    OrmQ.objects.create(key="agents", payload="waiting", lock=now)
    OrmQ.objects.create(key="agents", payload="taken", lock=now + timedelta(seconds=3_900))
    assert dispatch.forget_lost_messages() == 1
    assert OrmQ.objects.get().payload == "waiting"
