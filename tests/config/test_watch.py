import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.conf import settings
from django.utils import timezone

from config.watch import (
    DUMB_AFTER_SECONDS,
    RING_AFTER_SECONDS,
    STALLED_AFTER_SECONDS,
    ClusterWatch,
    Finding,
    Unwatched,
    WebWatch,
)
from jobs.holder import this_process
from jobs.lifecycle.job import open_job
from jobs.models import Client, Cluster, Process
from tests.waiting import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def due(trattoria: Client) -> None:
    """A job that waits to be planned."""
    open_job(title="Mail", brief="Write it.", by="test", client=trattoria)
    Cluster.objects.update(bell_at=None)


def process(*, in_flight: int, beat: timedelta = timedelta()) -> Process:
    me, now = this_process(), timezone.now()
    return Process.objects.create(
        cluster="agents",
        host=me.host,
        pid=me.pid,
        pid_started=me.started,
        heartbeat_at=now - beat,
        progress_at=now,
        in_flight=in_flight,
    )


@pytest.mark.django_db
def test_a_cluster_without_work_is_fine_for_ever(clock: Clock) -> None:
    watch = ClusterWatch("agents", clock=clock)
    assert watch.look() == Finding.FINE
    clock.now += 10 * STALLED_AFTER_SECONDS
    assert watch.look() == Finding.FINE


@pytest.mark.django_db
def test_due_work_without_progress_is_rung_for_and_then_stalled(due: None, clock: Clock) -> None:
    watch = ClusterWatch("agents", clock=clock)
    assert watch.look() == Finding.QUIET
    clock.now += RING_AFTER_SECONDS + 0.1
    assert watch.look() == Finding.QUIET
    assert Cluster.objects.get(pk="agents").bell_at is not None
    clock.now += STALLED_AFTER_SECONDS
    assert watch.look() == Finding.STALLED


@pytest.mark.django_db
def test_progress_counts_as_moving_even_while_work_waits(due: None, clock: Clock) -> None:
    watch = ClusterWatch("agents", clock=clock)
    row = process(in_flight=1)
    watch.look()
    clock.now += STALLED_AFTER_SECONDS + 1
    Process.objects.filter(pk=row.pk).update(progress_at=timezone.now())
    assert watch.look() == Finding.FINE


@pytest.mark.django_db
def test_a_cluster_that_is_full_is_not_stalled(due: None, clock: Clock) -> None:
    process(in_flight=settings.CONCURRENCY - 1)
    watch = ClusterWatch("agents", clock=clock)
    watch.look()
    clock.now += 10 * STALLED_AFTER_SECONDS
    assert watch.look() == Finding.FINE


@pytest.mark.django_db
def test_a_full_cluster_whose_heart_stopped_is_stalled(due: None, clock: Clock) -> None:
    process(in_flight=settings.CONCURRENCY, beat=timedelta(minutes=1))
    watch = ClusterWatch("agents", clock=clock)
    watch.look()
    watch.look()
    clock.now += STALLED_AFTER_SECONDS + 1
    assert watch.look() == Finding.STALLED


@pytest.mark.django_db
def test_a_fresh_start_is_given_its_time(due: None, clock: Clock) -> None:
    watch = ClusterWatch("agents", clock=clock)
    watch.forgive(20)
    clock.now += STALLED_AFTER_SECONDS + 1
    assert watch.look() == Finding.QUIET
    clock.now += 20
    assert watch.look() == Finding.STALLED


class Healthy(BaseHTTPRequestHandler):
    """Answers 503: alive, though not well."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web_port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_web_that_answers_anything_is_not_started_anew(web_port: int, clock: Clock) -> None:
    watch = WebWatch("0.0.0.0", web_port, clock=clock)
    clock.now += 10 * DUMB_AFTER_SECONDS
    assert watch.look() == Finding.FINE


def test_a_web_that_answers_nobody_is_stalled_after_a_while(clock: Clock) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        watch = WebWatch("127.0.0.1", closed.getsockname()[1], clock=clock)
        assert watch.look() == Finding.QUIET
        watch.forgive(20)
        clock.now += DUMB_AFTER_SECONDS + 1
        assert watch.look() == Finding.QUIET
        clock.now += 20
        assert watch.look() == Finding.STALLED


def test_what_nobody_watches_is_in_order_while_it_lives() -> None:
    watch = Unwatched()
    watch.forgive(20)
    assert watch.look() == Finding.FINE
