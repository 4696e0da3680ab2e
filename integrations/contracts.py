"""The words that every provider shares: bytes in, effects out, and how each can fail.

Plain Python and pydantic only. A provider is a folder with a `source.py` (no I/O at all) and/or a `target.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

Json = dict[str, Any]


class Frozen(BaseModel):
    """A value that is not changed after it was made, and that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class RawRequest:
    """A request as it came: header names in lower case, the body untouched."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    trigger: str | None = None  # the trigger's slug, for addresses that carry one


class Attached(Frozen):
    """A file that came with an event. Its name and type are the sender's words."""

    name: str
    media_type: str = ""
    content: bytes


class Returned(Frozen):
    """What a mail server says of a mail of ours that did not arrive: its Message-ID, the job's address, or both."""

    message_id: str = ""
    job: str = ""  # the uid of the job whose signed address it asked to be answered at
    recipient: str = ""
    why: str = ""
    is_complaint: bool = False  # it did arrive, and its reader called it spam


class Incoming(Frozen):
    """One verified, parsed event. `external_id` is the sender's own id for it, the same on every redelivery."""

    external_id: str = Field(min_length=1, max_length=255)
    kind: str  # "submission", "issues.labeled", …
    sender: str = ""
    summary: str = ""  # one line for lists
    data: Json = Field(default_factory=dict)  # what a trigger's templates may name
    files: list[Attached] = Field(default_factory=list)
    ignored: str = ""  # why no rule may open a job from it: Nightdesk caused it itself, or it is a loop
    answers: str = ""  # the uid of the job that it proves to answer: it goes to that one, past the rules
    token: str = ""  # part of the sender's proof that is good for one event only
    returned: Returned | None = None  # the mail of ours that it says did not arrive


class Refusal(Exception):
    """The sender gets `status` and {"error": code, "detail": detail}; nothing is kept as authentic."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "malformed"


class Malformed(Refusal):
    """The body is not what it says it is: 400."""


class TooLarge(Refusal):
    """The body, or a file in it, is over the limit: 413."""

    status = 413
    code = "too_large"


class BadSignature(Refusal):
    """Missing, wrong, stale or unreadable proof of the sender: 401."""

    status = 401
    code = "bad_signature"


class Source(Protocol):
    """The inbound half of a provider. Pure: no clock, no network, no database.

    A rule's page asks for what `conditions` holds, a field each: title and description, marked for translation, are
    its label and its help. In `json_schema_extra`, a field's "choices" are values with their words, and "rare" puts
    it behind the others; the model's "about" says what the source is for, its "examples" are what it accepts.
    """

    slug: ClassVar[str]
    max_body_bytes: ClassVar[int]
    addressed: ClassVar[bool]  # True when the address carries a trigger's slug, whose secrets then apply
    kept_headers: ClassVar[tuple[str, ...]]  # what of its headers stays as evidence; none may be a credential
    conditions: ClassVar[type[BaseModel]]  # what a trigger may ask of an event

    def verify(self, request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
        """Return if the request proves knowledge of one of `secrets`; raise BadSignature if not."""
        ...

    def parse(self, request: RawRequest) -> Incoming:
        """Return the event of a verified request; raise Malformed if the body is not what it says, or TooLarge."""
        ...

    def check_conditions(self, conditions: Json) -> str:
        """Return the trigger's conditions as a readable sentence; raise ValueError naming what is wrong."""
        ...

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Whether the event meets the trigger's conditions, which check_conditions has accepted."""
        ...


class Undelivered(Frozen):
    """An event that its sender could not bring here. `handle` is the finder's own way to name the last attempt."""

    external_id: str = Field(min_length=1, max_length=200)
    kind: str
    attempts: int = Field(ge=1)
    last_at: datetime
    reason: str
    handle: str


class GapFinder(Protocol):
    """Asks a provider what it could not deliver. Made with the options of its own settings entry."""

    slug: ClassVar[str]

    def undelivered(self, since: datetime) -> list[Undelivered]:
        """What no attempt since then brought here, the oldest first. Raises DeliveryError."""
        ...

    def redeliver(self, gap: Undelivered) -> None:
        """Have it sent once more, under the same id. Raises DeliveryError."""
        ...


class Sample(Frozen):
    """An event as its sender would post it, without proof of the sender."""

    headers: dict[str, str]
    body: bytes


class RuleTemplate(Frozen):
    """A rule to begin with, in the fields of a Trigger, without client and budget. Its name is translated."""

    slug: str
    name: str
    conditions: Json
    title_template: str
    brief_template: str
    priority: int = 2


class Templating(Protocol):
    """A Source whose rules can begin with what its owners ask for most."""

    rule_templates: ClassVar[tuple[RuleTemplate, ...]]


@runtime_checkable
class Sampling(Protocol):
    """A Source that can also speak as its sender does: then its rules have a test event."""

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """Return an event that a rule with these conditions waits for, as nearly as it can be made up."""
        ...

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """Return the headers that prove the sample to come from one who knows `secret`."""
        ...


class News(Frozen):
    """What a provider tells of a branch that was pushed from here, known by its name or by its page's address.

    `place` is what the address of the page begins with: no other repository can speak of this branch.
    """

    kind: Literal["check", "remark", "moved", "merged", "closed"]
    place: str
    branch: str = ""
    page: str = ""
    commit: str = ""  # which state of the branch it is about
    name: str = ""  # of a check
    result: str = ""  # of a check: pending, success, failure, …; of a remark: approved, changes_requested
    author: str = ""
    text: str = ""
    where: str = ""  # of a remark: the file and line
    url: str = ""
    steers: bool = False  # whether its author may have the work revised by it


@runtime_checkable
class Reporting(Protocol):
    """A Source whose events may be about a branch that was pushed from here."""

    def news(self, request: RawRequest) -> News | None:
        """Return what a verified request, which `parse` has taken, says of such a branch, if it does."""
        ...


@runtime_checkable
class Suggesting(Protocol):
    """A Source that knows which conditions an event is worth a rule for."""

    def suggest(self, kind: str, data: Json) -> Json:
        """Return conditions that an event of this kind and data meets, where there are such."""
        ...


class OutFile(Frozen):
    """Bytes to be delivered, already checked against their sha-256."""

    name: str
    kind: str
    media_type: str
    sha256: str
    content: bytes


class Outgoing(Frozen):
    """One effect to make. `key` is the same for every attempt, and no other effect ever has it."""

    key: str
    kind: Literal["document", "brief", "branch", "merge", "client_message", "notice"]
    job_uid: str = ""  # a notice may be about none
    job_title: str = ""
    client: str = ""
    agent: str = ""  # who made it
    fields: Json = Field(default_factory=dict)
    files: list[OutFile]
    card: str = ""  # of a notice or brief: what it shows; a target shows each card once, and brings it up to date
    previous: "Landed | None" = None  # what the target shows of that card now
    created_at: datetime  # when the effect was decided: fixes file names, commit dates, Date headers
    thread: Json = Field(default_factory=dict)  # where the event stands that it answers, in the words of its source


class Finding(Frozen):
    """What a look at a provider found: one sentence, and what to do where that is not good.

    `ok` with a `fix` is a warning: it works, but with a wider right than needed, or with less than it could do.
    """

    ok: bool
    says: str
    fix: str = ""


class Probe(Protocol):
    """Whether a provider can be worked with as it is set up. Made with the options of its own settings entry."""

    slug: ClassVar[str]

    def look(self) -> list[Finding]:
        """Ask without changing anything: the login, what is missing, rights that are wider than needed."""
        ...

    def try_out(self) -> list[Finding]:
        """Make one harmless effect and take it away again."""
        ...


@runtime_checkable
class Mending(Probe, Protocol):
    """A Probe that can also make what it found missing, when its owner asks for it."""

    def mend(self) -> list[Finding]:
        """Make what is missing, and look again. What is there already is left as it is."""
        ...


class Landed(Frozen):
    """Proof that the effect exists: the provider's id for it, and where a person can look at it."""

    external_id: str
    url: str = ""
    detail: str = ""
    merge: Json | None = None  # of a branch: the fields of the effect that merges exactly this, where there is one


class DeliveryError(Exception):
    """The effect was not made, and that is certain. `permanent`: trying again cannot help."""

    def __init__(self, reason: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after = retry_after


class TargetClosed(DeliveryError):
    """The target takes nothing from us as it is set up: a login refused, a right or a share withdrawn.

    Nothing was made. Whatever else goes there waits as well, under one item, until a person has mended it.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason, permanent=False, retry_after=retry_after)


class OutcomeUnknown(Exception):
    """The effect may or may not exist: it must be looked up before anything is sent again."""


class CannotTell(Exception):
    """This target has no way to look an effect up: a person decides."""


class Target(Protocol):
    """The outbound half of a provider. Made once a process, with the options of its own settings entry."""

    slug: ClassVar[str]
    kinds: ClassVar[frozenset[str]]
    lag_seconds: ClassVar[float]  # how long a new effect may stay invisible to `find`

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Make the effect once. Raises DeliveryError or OutcomeUnknown; anything else counts as unknown."""
        ...

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The effect with this key if it exists, else None; raise CannotTell, or OutcomeUnknown if unreachable."""
        ...


class Verdict(Frozen):
    """What somebody decided on a board, and what the board shows of it."""

    card: str  # what the row shows, as in Outgoing.card
    decision: Literal["approve", "decline"]
    by: str  # the provider's id of the person
    code: str  # of the version that the row shows
    proof: str = ""  # as in Landed.detail when the row was written; empty if not all of it can be read there


class Board(Protocol):
    """Where the inbox is shown elsewhere, and decided. Made with the options of its own settings entry."""

    slug: ClassVar[str]
    approvers: Mapping[str, str]  # the provider's id of a person -> the name of a user here

    def code(self, version: int, digest: str) -> str:
        """What the row of an item of this version and digest shows."""
        ...

    def verdicts(self, row: str = "") -> list[Verdict]:
        """The decisions that stand on rows, or on this one row. Raises DeliveryError."""
        ...


class Marked(Frozen):
    """An effect that was found in the world by our mark: the delivery's key, and the provider's own id for it."""

    key: str = Field(min_length=1, max_length=200)
    external_id: str = Field(min_length=1, max_length=255)
    url: str = ""


@runtime_checkable
class Listing(Protocol):
    """A Target that can say what of ours is there. After every start and hourly it is compared with our own rows.

    What a lost answer left is taken over, a double is withdrawn where the target can do that (`Withdrawing`), and
    the rest is told to a person in one item.
    """

    def listing(self, since: datetime) -> list[Marked]:
        """Every effect with our mark that was made since then, doubles too, the oldest first.

        `external_id` is what `deliver` and `find` return. Raises DeliveryError or OutcomeUnknown where not all of
        it can be seen: then nothing is concluded. CannotTell: as it is set up, there is nobody to ask.
        """
        ...


@runtime_checkable
class Withdrawing(Listing, Protocol):
    """A Target that can take a double away without a loss: it archives rather than deletes."""

    def withdraw(self, double: Marked) -> None:
        """Take this one away; another one with its key stays. Raises DeliveryError or OutcomeUnknown."""
        ...
