"""Which effect needs which review, and how much may be decided at once: pure functions, no setting lifts them."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from jobs.states import ReviewKind

# A client-facing message always waits for a person. A branch may be pushed; merging it is a person's.
_GATES: dict[str, ReviewKind | None] = {
    "document": None,
    "brief": None,
    "branch": None,
    "client_message": ReviewKind.MESSAGE,
    "merge": ReviewKind.MERGE,
}
# Of these a target shows one, and brings it up to date when its task is done again.
UPDATED_KINDS = ("brief",)
GATED_KINDS = tuple(kind for kind, gate in _GATES.items() if gate)

MAX_STEPS = 5
MAX_STARTS = 3
MAX_ROUNDS = 5
MAX_SENT_BACK = 2
MAX_DEPTH = 3
MAX_FOLLOW_UPS = 3
# A job with less could hardly be planned.
MIN_FOLLOW_UP_MICROUSD = 250_000
MAX_DELIVERY_ATTEMPTS = 8
# What a message in a client's channel holds, subject and text together; it takes no files.
CHANNEL_CHARS = 12_000
# So many failures or unknowns of one target without a success between, and it counts as down.
BREAKER_AFTER = 5


def gate(kind: str) -> ReviewKind | None:
    """The review that an effect of this kind waits for; None if it may go at once. Unknown kinds are an error."""
    try:
        return _GATES[kind]
    except KeyError as error:
        raise ValueError(f"no rule for an effect of kind {kind!r}; known: {', '.join(_GATES)}") from error


def asks_after(kind: str) -> ReviewKind | None:
    """The review that opens once the effect exists: a pushed branch asks its owner to merge it."""
    return ReviewKind.MERGE if kind == "branch" else None


def is_high_risk(kind: str) -> bool:
    """High: client-facing or beyond recall. Its facts are shown before it is approved; never in a batch."""
    return kind in GATED_KINDS


def is_safe(kind: str, payload: Mapping[str, object]) -> bool:
    """Whether deciding it stays inside or is easily undone: one key is enough, and several may go together.

    Not so the word on a missed slot that was held, which ends its job, nor a retry of what was sent in part, of a
    delivery, or of what is out of money.
    """
    if kind == ReviewKind.ALARM:
        return not payload.get("held")
    is_plain = not any(payload.get(name) for name in ("unknown", "written", "delivery", "kind"))
    return kind == ReviewKind.FAILURE and is_plain


def retry_delay_seconds(attempt: int) -> float:
    """Seconds before attempt number `attempt` + 1 when nobody said how long to wait: 5 s doubling to 10 minutes."""
    return float(min(600, 5 * 2 ** max(0, attempt - 1)))


def probe_delay_seconds(failures: int) -> float:
    """Seconds before one delivery tries whether a target that is down is back: 30 s doubling to 10 minutes."""
    return float(min(600, 30 * 2 ** max(0, failures - BREAKER_AFTER)))


def spread(seconds: float, chance: float) -> float:
    """Up to a quarter longer, never shorter, for a chance in [0, 1): what failed together comes apart."""
    return seconds * (1 + chance / 4)


def restart_delay_seconds(starts: int, row: int) -> float:
    """Seconds before something whose process died `starts` times goes again: none at first, then apart from others.

    What was in the same process died with it. Spread over up to a minute, by the row's number, the innocent get
    further before the one that kills is started again.
    """
    return 0.0 if starts < 2 else 5.0 + row * 7 % 55


def follow_up_share(left: int, opened: int) -> int:
    """What a follow-up gets of the money that its job has left: an equal part for each that may still be opened.

    One part stays with the job itself, for the revisions that a person may ask for.
    """
    return left // (MAX_FOLLOW_UPS - opened + 1)


def content_digest(brief: str) -> str:
    """Equal for briefs that ask the same in the same words, whatever their case, spacing and punctuation."""
    plain = unicodedata.normalize("NFKC", brief).casefold()
    words = re.findall(r"\w+", plain) or plain.split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()
