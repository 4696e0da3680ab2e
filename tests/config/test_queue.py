"""What django-q2 is told."""

from datetime import timedelta

import pytest
from django.conf import settings
from django_q.conf import Conf

from config import queue

REDIS = "redis://127.0.0.1:6379/3"


def test_without_an_address_messages_lie_in_the_database() -> None:
    cluster = queue.q_cluster(redis_url="")
    assert cluster["orm"] == "default"
    assert "redis" not in cluster


def test_with_an_address_messages_lie_in_redis() -> None:
    cluster = queue.q_cluster(redis_url=REDIS)
    assert cluster["redis"] == REDIS
    assert "orm" not in cluster


@pytest.mark.parametrize("redis_url", ["", REDIS])
def test_each_cluster_that_has_a_worker_has_a_full_set_of_its_own(redis_url: str) -> None:
    cluster = queue.q_cluster(redis_url=redis_url)
    alternatives = cluster["ALT_CLUSTERS"]
    assert set(alternatives) == set(queue.WORKERS) == {"agents", "deliveries"}
    shared = {name: value for name, value in cluster.items() if name not in {"name", "ALT_CLUSTERS"}}
    for name, alternative in alternatives.items():
        # No `name`: it salts the signature, and a cluster that signs alone could read nobody's message.
        assert alternative == {**shared, "cluster_name": name}


@pytest.mark.parametrize("redis_url", ["", REDIS])
def test_a_message_is_never_run_twice_by_the_queue_itself(redis_url: str) -> None:
    cluster = queue.q_cluster(redis_url=redis_url)
    assert cluster["timeout"] < cluster["retry"]
    assert cluster["max_attempts"] == 1
    assert cluster["ack_failures"] is True
    assert cluster["catch_up"] is False
    assert cluster["bulk"] == 1


def test_the_settings_carry_the_one_list() -> None:
    assert settings.WORKERS is queue.WORKERS
    assert queue.q_cluster(redis_url=settings.REDIS_URL) == settings.Q_CLUSTER
    assert queue.schedules(orchestrate_every=settings.ORCHESTRATE_EVERY) == settings.SCHEDULES


def test_django_q_reads_what_it_is_told() -> None:
    assert Conf.PREFIX == "nightdesk"
    assert queue.q_cluster(redis_url="")["timeout"] == Conf.TIMEOUT
    assert Conf.RECYCLE == 100_000


@pytest.mark.parametrize(
    ("every", "minutes"),
    [(timedelta(minutes=5), 5), (timedelta(hours=1), 60), (timedelta(seconds=30), 1), (timedelta(seconds=150), 2)],
)
def test_the_cycle_is_called_in_whole_minutes_at_least_one(every: timedelta, minutes: int) -> None:
    assert queue.schedules(orchestrate_every=every)["orchestrate"]["minutes"] == minutes


def test_every_schedule_runs_in_a_cluster_that_exists() -> None:
    schedules = queue.schedules(orchestrate_every=timedelta(minutes=5))
    assert {entry["cluster"] for entry in schedules.values()} <= set(queue.WORKERS)
    assert schedules["orchestrate"]["cluster"] == "agents"
    assert {"sweep", "slots", "prune"} <= set(schedules)
