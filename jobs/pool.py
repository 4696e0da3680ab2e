"""How a worker process works: claim, run on a bounded pool of threads, go on until the table is empty.

A task spends its life waiting for a model, so one process holds many. One slot is kept for priority 1, so that
a night full of internal work never makes a client wait. A second thread beats: it renews leases, keeps the
process's row fresh and hears when the supervisor asks to drain.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from jobs import dispatch, queue
from jobs.holder import this_process
from jobs.models import Delivery, Process, Run
from jobs.states import Priority

# A loop that has work in flight sees new rows by itself, without a doorbell.
_LOOK_SECONDS = 0.02
# How long it goes on looking when there is nothing, before it lets django-q2 have its process back.
_LINGER_SECONDS = 1.0
_BEAT_SECONDS = 1.0
# So many threads of a process use the database at once; all others wait for a model, without a connection.
MOST_CONNECTIONS = 16
_places = threading.BoundedSemaphore(MOST_CONNECTIONS)
_mine = threading.local()

log = logging.getLogger(__name__)


T = TypeVar("T", Run, Delivery)


class Pulse:
    """The heartbeat of this process while it serves: which leases it renews, whether it is to drain."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self.draining = threading.Event()
        self._runs: set[int] = set()
        self._deliveries: dict[int, int] = {}
        self._lost: set[int] = set()
        self._in_flight = 0
        self._progress_at = timezone.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"pulse-{cluster}", daemon=True)

    def __enter__(self) -> "Pulse":
        """Begin to beat; the row is there at once."""
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop beating and take the row away: an idle process is not expected to beat."""
        self._stop.set()
        self._thread.join()
        self._row().delete()

    def holds(self, run_id: int) -> None:
        """Renew this Run's lease from now on."""
        self._runs.add(run_id)

    def lets_go(self, run_id: int) -> None:
        """The Run ended."""
        self._runs.discard(run_id)
        self._lost.discard(run_id)

    @contextlib.contextmanager
    def carrying(self, delivery: Delivery) -> Iterator[None]:
        """Inside, the lease of this attempt is renewed: a slow place, or a turn that is waited for, is no death."""
        self._deliveries[delivery.pk] = delivery.attempts
        try:
            yield
        finally:
            self._deliveries.pop(delivery.pk, None)

    def is_lost(self, run_id: int) -> bool:
        """Whether the Run was found to be taken over or cancelled."""
        return run_id in self._lost

    def progressed(self, in_flight: int) -> None:
        """Something was claimed or finished."""
        self._in_flight = in_flight
        self._progress_at = timezone.now()

    def _beat(self) -> None:
        renew_at = 0.0
        while not self._stop.wait(_BEAT_SECONDS):
            try:
                self._write()
                if time.monotonic() >= renew_at:
                    self._renew()
                    renew_at = time.monotonic() + settings.LEASE.total_seconds() / 4
            except Error:
                log.exception("the heartbeat of %s could not be written", self.cluster)
                close_old_connections()
        connection.close()

    def _write(self) -> None:
        columns = {"heartbeat_at": Now(), "progress_at": self._progress_at, "in_flight": self._in_flight}
        if not self._row().update(**columns):
            me = this_process()
            Process.objects.update_or_create(
                host=me.host, pid=me.pid, pid_started=me.started, defaults={"cluster": self.cluster, **columns}
            )
        if self._row().filter(draining=True).exists():
            self.draining.set()

    def _renew(self) -> None:
        runs, deliveries = list(self._runs), dict(self._deliveries)
        if runs:
            self._lost |= set(runs) - queue.extend(runs)
        if deliveries:
            queue.keep(deliveries)

    def _row(self) -> QuerySet[Process]:
        me = this_process()
        return Process.objects.filter(host=me.host, pid=me.pid, pid_started=me.started)


def serve(cluster: str, *, claim: Callable[[int], T | None], do: Callable[[T, Pulse], None]) -> int:
    """Claim and do until nothing is left or the process drains; return how many were done.

    `claim(priority)` returns a row of at most that priority number, or None. What `do` raises is logged, and its
    row let go, for the sweep to take up. One thread of a process calls this at a time.
    """
    dispatch.answer(cluster)
    done = 0
    in_flight: set[Future[None]] = set()
    with Pulse(cluster) as pulse:
        idle_since = time.monotonic()
        while not pulse.draining.is_set():
            row = _claim_one(claim, free=settings.CONCURRENCY - len(in_flight))
            if row is not None:
                in_flight.add(_threads().submit(_do, do, row, pulse))
            elif not in_flight and time.monotonic() - idle_since > _LINGER_SECONDS:
                break
            finished = _look(in_flight, patient=row is None)
            if row is not None or finished:
                in_flight -= finished
                done += len(finished)
                pulse.progressed(len(in_flight))
            if in_flight:
                idle_since = time.monotonic()
        wait(in_flight)
    return done + len(in_flight)


@contextlib.contextmanager
def away() -> Iterator[None]:
    """Wait for something else than the database: meanwhile this thread has neither its connection nor its place.

    Inside a transaction nothing is let go.
    """
    if connection.in_atomic_block:
        yield
        return
    connection.close()
    has_place = getattr(_mine, "place", False)
    if has_place:
        _places.release()
    try:
        yield
    finally:
        if has_place:
            _places.acquire()


def _claim_one(claim: Callable[[int], T | None], *, free: int) -> T | None:
    """The last free slot is for priority 1 alone."""
    if free <= 0:
        return None
    try:
        return claim(Priority.CLIENT if free == 1 else max(Priority.ALL))
    except Error:
        log.exception("claiming failed; the next look tries again")
        close_old_connections()
        return None


def _look(in_flight: set[Future[None]], *, patient: bool) -> set[Future[None]]:
    """What has finished by now; when there was nothing to claim, wait a moment for it."""
    if not patient:
        return {future for future in in_flight if future.done()}
    if not in_flight:
        time.sleep(_LOOK_SECONDS)
        return set()
    return wait(in_flight, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done


def _do(do: Callable[[T, Pulse], None], row: T, pulse: Pulse) -> None:
    try:
        with _place():
            do(row, pulse)
    except Exception:
        log.exception("%s %s was left behind; the sweep takes it up", type(row).__name__, row.pk)
        _let_go(row)


@contextlib.contextmanager
def _place() -> Iterator[None]:
    """One of the places at the database; where there are fewer than threads, the connection goes with it."""
    with _places:
        _mine.place = True
        try:
            yield
        finally:
            _mine.place = False
            if settings.CONCURRENCY > MOST_CONNECTIONS and not connection.in_atomic_block:
                connection.close()


def _let_go(row: Run | Delivery) -> None:
    try:
        queue.let_go(row)
    except Error:
        log.exception("%s %s keeps its lease until it passes", type(row).__name__, row.pk)
        close_old_connections()


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """The threads, made on first use: after django-q2 has forked its worker. They keep their connections."""
    return ThreadPoolExecutor(max_workers=settings.CONCURRENCY, thread_name_prefix="slot")
