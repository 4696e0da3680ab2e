"""The night lane: calls of internal work go through batches at half the price; their Runs are parked meanwhile."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Protocol

from django.db import close_old_connections, connection
from django.utils import timezone

from agents.contracts import LLM, Ask, Interrupted, ModelRejected, ModelUnavailable, Reply
from jobs.lifecycle import batch as batches
from jobs.models import BatchCall, Run
from jobs.states import CallState

# A batch takes minutes at least: looked at so often while this process works anyway.
TEND_SECONDS = 20.0
_MOST_IN_A_BATCH = 1_000

log = logging.getLogger(__name__)


class Parked(Interrupted):
    """The call goes through a batch: the Run holds no worker until the answer is there, and then goes on."""

    def __init__(self, ask: Ask) -> None:
        super().__init__("the call waits for a batch")
        self.ask = ask


class Batches(Protocol):
    """Where batches are sent to and fetched from."""

    def send(self, asks: dict[str, Ask]) -> str:
        """Send one; its name. Raises ModelUnavailable or ModelRejected."""
        ...

    def look(self, batch: str) -> dict[str, Reply | str] | None:
        """Id -> reply, or why there is none; None while it goes on. Raises as `send`."""
        ...


class NightLane:
    """Implements agents.contracts.LLM for one Run: an answer that is there is given, else the Run is parked.

    With `takes_more` off only what was begun is brought to its end; everything else goes to the model directly.
    """

    name: ClassVar[str] = "night lane"

    def __init__(self, inner: LLM, run: Run, *, takes_more: bool) -> None:
        self._inner = inner
        self._run = run
        self._takes_more = takes_more

    def complete(self, ask: Ask) -> Reply:
        """The batch's answer, or the model's own where the batch gave none; raises Parked to wait for it."""
        call = batches.call_of(self._run, ask.digest())
        if call is None and not self._takes_more:
            return self._inner.complete(ask)
        if call is not None and call.state == CallState.ANSWERED:
            return Reply.model_validate(call.reply)
        if call is not None and call.state == CallState.DIRECT:
            return self._inner.complete(ask)
        raise Parked(ask)

    def ceiling(self, ask: Ask) -> int | None:
        """The full price: a batch that gives no answer is followed by a call of its own."""
        return self._inner.ceiling(ask)

    def cost(self, reply: Reply) -> int | None:
        """What it cost; half, where a batch answered."""
        return self._inner.cost(reply)


def tend(service: Batches) -> None:
    """One look: send what waits, fetch what is there, give up what is late. Safe to run twice at the same time."""
    batches.give_up_late(timezone.now())
    _send(service)
    for batch in batches.open_batches():
        _fetch(service, batch)


@contextlib.contextmanager
def tending(service: Callable[[], Batches]) -> Iterator[None]:
    """Look again and again while the process works, in a thread of its own."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(TEND_SECONDS):
            try:
                if batches.is_anything_open():
                    tend(service())
            except Exception:
                log.exception("a look at the batches broke off; the next one tries again")
                close_old_connections()
        connection.close()

    thread = threading.Thread(target=look, name="batches", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _send(service: Batches) -> None:
    calls = batches.take_waiting(_MOST_IN_A_BATCH)
    if not calls:
        return
    try:
        name = service.send({_id_of(call): Ask.model_validate(call.ask) for call in calls})
    except ModelUnavailable as error:
        if not error.billed_unknown:
            batches.put_back(calls)
            return
        _fall_back(calls, f"nobody knows whether it was sent: {error}")
    except ModelRejected as error:
        _fall_back(calls, str(error))
    else:
        batches.sent(calls, name)


def _fetch(service: Batches, batch: str) -> None:
    try:
        results = service.look(batch)
    except ModelUnavailable:
        log.info("batch %s cannot be looked at now", batch)
        return
    except ModelRejected as error:
        _fall_back(batches.calls_of(batch), str(error))
        return
    if results is None:
        return
    for call in batches.calls_of(batch):
        result: Any = results.get(_id_of(call), "it is not among the results")
        if isinstance(result, Reply):
            batches.answered(call, result.model_dump(mode="json"))
        else:
            batches.fall_back(call, reason=result)


def _fall_back(calls: list[BatchCall], reason: str) -> None:
    for call in calls:
        batches.fall_back(call, reason=reason)


def _id_of(call: BatchCall) -> str:
    return f"call-{call.pk}"
