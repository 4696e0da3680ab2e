"""What processes tell each other of a model, through a small table: read once a second, written on news alone."""

import logging
import threading
import time

from django.db import Error

from agents.llm.pacing import DOWN_AFTER, Pacing, Pause
from jobs import dispatch
from jobs.lifecycle import model_pause

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Shared:
    """The pacing of this process, which hears of the others' and tells them. Safe to call from many threads."""

    def __init__(self, pacing: Pacing) -> None:
        self.pacing = pacing
        self._lock = threading.Lock()
        self._look_at = 0.0
        self._known: set[str] = set()

    def look(self) -> None:
        """Hear how the models stand; once a second, whoever asks. Needs the database for a moment.

        Without an answer it goes on with what it knows: the call that it stands before has its money reserved.
        """
        if not self._is_due():
            return
        try:
            self._hear()
        except Error:
            log.exception("how the models stand could not be read")

    def _hear(self) -> None:
        found = model_pause.standing()
        for model in self._known | found.keys():
            self.pacing.learn(model, _pause(model, *found[model]) if model in found else None)
        self._known = set(found)
        self.pacing.share(model_pause.processes_at_work(dispatch.AGENTS))

    def tell(self, model: str) -> None:
        """Pass on what is new. That nobody heard of it is no reason to lose an answer: it is logged."""
        news = self.pacing.take_news(model)
        if news is None:
            return
        try:
            if news.seconds:
                model_pause.leave_in_peace(model, failures=news.failures, seconds=news.seconds)
            else:
                model_pause.works(model)
        except Error:
            log.exception("the others were not told how %s stands", model)

    def _is_due(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._look_at:
                return False
            self._look_at = now + LOOK_SECONDS
            return True


def _pause(model: str, failures: int, seconds: float) -> Pause:
    """Once the pause of a model that was down is over, one process tries and the others give it time."""
    if seconds > 0:
        return Pause(failures, seconds)
    if failures < DOWN_AFTER or model_pause.take_probe(model):
        return Pause(failures, 0.0)
    return Pause(failures, model_pause.PROBE_SECONDS)
