"""The words that every thinking room shares: what goes in, what comes out, and how work can end.

Plain Python and pydantic only. Money is in integer micro-USD (1 USD = 1,000,000) everywhere in the code.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from agents.access import ALL_ACCESS, Access

Json = dict[str, Any]


class Frozen(BaseModel):
    """A value that is not changed after it was made, and that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Usage(Frozen):
    """Tokens that one call was billed for; prompt tokens are the first four added up."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    batch: bool = False  # answered in a batch, at half the price
    web_searches: int = 0  # that the model's server made for it, each at a price of its own


class Ask(Frozen):
    """One call to a model, as the Messages API takes it (https://platform.claude.com/docs/en/api/messages).

    `messages` only ever grows at its end, so that the provider's cache holds and a resumed Run can rebuild it.
    `output_schema` is a pydantic model's JSON schema; the adapter turns it into what its server accepts.
    """

    agent: str
    model: str
    system: str
    messages: list[Json]
    tools: list[Json] = Field(default_factory=list)
    output_schema: Json | None = None
    max_tokens: int = 16_000
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None

    def digest(self) -> str:
        """Sha-256 of the call in a canonical form: equal calls have equal digests, in any process."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class Reply(Frozen):
    """What came back from one call, in Messages API blocks. `model` is the one that really answered."""

    content: list[Json]
    stop_reason: str
    stop_detail: str = ""
    usage: Usage
    model: str
    request_id: str | None = None

    @property
    def text(self) -> str:
        """All text blocks joined; empty if there are none (a thinking block may come first)."""
        return "".join(block["text"] for block in self.content if block.get("type") == "text")

    @property
    def tool_uses(self) -> list[Json]:
        """The tool_use blocks, in the order asked for."""
        return [block for block in self.content if block.get("type") == "tool_use"]


class LLM(Protocol):
    """A model to talk to. Safe to call from many threads at once."""

    name: ClassVar[str]

    def complete(self, ask: Ask) -> Reply:
        """Return the model's reply; raise ModelUnavailable or ModelRejected, and nothing else.

        One attempt, no sleeping: the job layer reschedules as `retry_after` says. A Reply is returned for every
        stop reason, refusals included: what was billed must be recorded before anything may raise.
        """
        ...

    def ceiling(self, ask: Ask) -> int | None:
        """Upper bound of what this call can cost in micro-USD; None when the model has no known price."""
        ...

    def cost(self, reply: Reply) -> int | None:
        """What the call cost in micro-USD; None when the model has no known price, never a guess."""
        ...


class Interrupted(Exception):
    """A Run ended before its agent was done. Subclasses say why and what the job layer does."""


class ModelUnavailable(Interrupted):
    """Not now (429, 5xx, overloaded, no connection): the Task goes back and is ready after `retry_after` seconds.

    `billed_unknown` is True when the request may have been processed although no answer came.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, billed_unknown: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.billed_unknown = billed_unknown


class ModelRejected(Interrupted):
    """The server will never take this call (400, 401, 402, 403, 404, 413): a person has to mend something.

    `billed_unknown` is True when the model had begun before it was said.
    """

    def __init__(self, reason: str, *, billed_unknown: bool = False) -> None:
        super().__init__(reason)
        self.billed_unknown = billed_unknown


class ModelRefused(Interrupted):
    """The model declined on its own rules: not tried again on the same text."""

    def __init__(self, category: str, explanation: str = "", *, said: str = "the model refused") -> None:
        super().__init__(f"{said} ({category or 'no category given'}) {explanation}".strip())
        self.category = category


class BadAnswer(Interrupted):
    """The answer was not of the form asked for, after one repair."""


class LimitReached(Interrupted):
    """Turns, tokens or wall time of this Run are used up."""


class Unable(Interrupted):
    """The agent cannot do this Task at all; the reason is for the owner and names the next step."""


class BudgetExhausted(Interrupted):
    """The next call does not fit into what the job, its rule, the day or the night (`scope`) may still spend."""

    def __init__(self, scope: str, message: str) -> None:
        super().__init__(message)
        self.scope = scope


class RunLost(Interrupted):
    """The Run is no longer current (rescued, cancelled): stop at once, every write would be refused."""


class Draining(Interrupted):
    """The process is asked to stop: the Run ends between two turns and is resumed elsewhere."""


class TurnRecord(Frozen):
    """One stored model call: `number` counts from 1 within the Task's round, over all its Runs."""

    number: int
    ask_digest: str
    reply: Reply
    tool_results: list[Json] | None = None
    at: str = ""  # when it was stored, ISO 8601 in UTC


class Journal(Protocol):
    """Where a Run writes each turn before the next begins. All methods raise RunLost once the Run is lost."""

    def turns(self) -> Sequence[TurnRecord]:
        """The turns stored so far in this round, by earlier Runs too, in order. They are paid already."""
        ...

    def before_call(self, ask: Ask, ceiling: int | None) -> None:
        """Reserve money for a call about to be made; raise BudgetExhausted, Draining or RunLost."""
        ...

    def call_failed(self, ask: Ask, *, billed_unknown: bool) -> None:
        """The call gave no reply: release the reservation, or charge it if it may have been billed."""
        ...

    def record(self, ask: Ask, reply: Reply, *, cost: int | None, duration_ms: int) -> TurnRecord:
        """Store the turn and charge what it cost; what is returned carries the turn's number."""
        ...

    def record_tools(self, number: int, results: list[Json]) -> None:
        """Store the tool_result blocks that answer turn `number`."""
        ...


class ToolError(Exception):
    """A clear text for the model: what was wrong and what to do. Never a secret, never a stack trace."""


class Tool(Protocol):
    """One thing a model may ask for. Read-only towards the outside.

    What it touches stands in its `access`; the loop refuses it to an agent that does not declare as much.
    """

    name: str
    description: str
    access: Access
    Input: type[BaseModel]
    replay: bool  # changes its own workspace, so it is run again (result ignored) when a Run is resumed

    def run(self, given: Any) -> str:
        """Return the text that the model reads; raise ToolError for anything the model should know of."""
        ...


class Answer(Frozen):
    """A question that a person answered: in this job, or (`said_on`) in an earlier one for the same client."""

    question: str
    answer: str
    said_on: str = ""  # a date, ISO 8601


class ClientFacts(Frozen):
    """What an agent may know of whom it works for. Addresses are not among it."""

    name: str
    tone: str = ""
    notes: str = ""
    house_style: str = ""
    has_recipients: bool = False


class Material(Frozen):
    """One text that the Task may use: a file given with the job, or an Artifact of a Task it depends on."""

    name: str
    media_type: str = "text/markdown"
    text: str
    agent: str = ""  # who made it; empty for what came with the job
    untrusted: bool = True
    private: bool = False  # made by a Task that was told what is private
    repository: str = ""  # the one whose code it is; empty for what is no code


class Earlier(Frozen):
    """A finished Task that this one needs: its typed output and its Artifacts."""

    position: int
    agent: str
    title: str
    output: Json
    materials: list[Material] = Field(default_factory=list)
    private: bool = False  # its agent was told what is private


class Revision(Frozen):
    """What shall be changed, and the text that was seen: by a person, or by a review step of the same job."""

    note: str
    previous: str
    output: Json = {}  # what was returned then
    by: Literal["owner", "review"] = "owner"


class Brief(Frozen):
    """All that an agent knows of its Task."""

    job_uid: str
    job_title: str
    job_brief: str
    client: ClientFacts | None = None
    data: Json = Field(default_factory=dict)
    answers: list[Answer] = Field(default_factory=list)
    known: list[Answer] = Field(default_factory=list)  # said in earlier jobs: a plan cites them by number, from 1
    part_of: str = ""  # the title of the request that was split, where this job is one half of it
    task_title: str = ""
    input: Json = Field(default_factory=dict)
    earlier: list[Earlier] = Field(default_factory=list)
    materials: list[Material] = Field(default_factory=list)
    revision: Revision | None = None
    repositories: list[str] | None = None  # the only ones that it may work on; None: any that the owner named
    owners_words: str | None = None  # what of it the owner wrote; None: all of the request
    asked: str | None = None  # of a request that an agent wrote: what people had asked; None: the request itself
    # Of a request that an agent wrote who knew what is private: the repositories that it knew, "" for all else.
    written_knowing: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Typical:
    """What one Task of an agent usually takes, for the estimate of a plan until there is a history to go by."""

    calls: int = 3
    prompt_tokens: int = 12_000  # of each call
    output_tokens: int = 3_000  # of the whole Task


@dataclass(frozen=True)
class Limits:
    """The most that one Run may take."""

    turns: int = 24
    output_tokens: int = 120_000
    wall_seconds: float = 1_200.0


@dataclass(frozen=True)
class Desk:
    """What an agent works with. `workdir` is empty at the start and gone after the Run.

    `options` holds typed settings of the installation (for example "fetch_allow_loopback_ports" in tests); `access`
    is what the agent declares for this Task, and no tool goes beyond it.
    """

    llm: LLM
    model: str
    journal: Journal
    now: Callable[[], datetime]
    workdir: Path
    limits: Limits
    options: Json
    access: Access = ALL_ACCESS


class Made(Frozen):
    """Bytes that outlive the process: they become an Artifact, known by the sha-256 of `content`."""

    kind: Literal["brief", "draft", "critique", "patch", "revision", "test_output", "message"]
    name: str  # a file name without a folder
    media_type: str = "text/markdown; charset=utf-8"
    content: bytes


class Effect(Frozen):
    """One outward act that the Task asks for. The agent names neither recipient nor target: policy does.

    document        files: the names of what is filed
    branch          fields: repository, base_sha, message; files: [the patch's name]
    client_message  fields: subject; files: [the message's name, then attachments]
    """

    kind: Literal["document", "brief", "branch", "client_message"]
    fields: Json = Field(default_factory=dict)
    files: list[str]


class FollowUp(Frozen):
    """Another job that this Task found to be needed. Depth, number and budget are bounded by the job layer.

    Its priority is that of the Task's own job, or a lower one.
    """

    title: str = Field(max_length=200)
    brief: str = Field(max_length=20_000)
    priority: Literal[1, 2] | None = None


class Redo(Frozen):
    """The step that this Task judged shall be done again, with this critique. The job layer bounds how often."""

    position: int
    note: str


class Draft(Frozen):
    """What a Task made. `output` is the agent's Output model, dumped: later Tasks read it.

    `summary` is one line of consequence for the owner ("+12 -2, 214 tests pass").
    """

    output: Json
    made: list[Made]
    effects: list[Effect]
    summary: str
    follow_ups: list[FollowUp] = Field(default_factory=list)
    redo: Redo | None = None


@runtime_checkable
class Agent(Protocol):
    """One kind of thinking: one file in `kinds/`, one line in the registry.

    It declares its `access` (agents.access) beside what follows; one that does not is refused as having all.
    """

    name: ClassVar[str]
    purpose: ClassVar[str]  # one sentence, read by the orchestrator and the owner
    prompt_version: ClassVar[str]  # "v1": the file under prompts/<name>/
    Input: ClassVar[type[BaseModel]]
    Output: ClassVar[type[BaseModel]]

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Do one Task. Raises a subclass of Interrupted when it cannot; any other exception is a fault."""
        ...
