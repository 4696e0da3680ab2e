"""The step loop: one conversation with a model, turn by turn, each turn stored before anything else may happen.

A Run that is taken over goes on from the stored turns: what was paid once is not asked again. For that, an agent
has to ask the same when it is given the same Brief; where it does not, the stored turns are passed over.
https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
"""

import hashlib
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agents.access import ALL_ACCESS, Access
from agents.contracts import (
    Ask,
    BadAnswer,
    Desk,
    Interrupted,
    Json,
    LimitReached,
    ModelRefused,
    ModelRejected,
    ModelUnavailable,
    Reply,
    Tool,
    ToolError,
    TurnRecord,
    Unable,
)
from agents.llm.cleaning import cleaned, without_secrets
from agents.llm.stream import BROKEN_INPUT, TOO_LARGE
from agents.words import _, gettext_noop

Effort = Literal["low", "medium", "high", "xhigh", "max"]

MAX_TOOL_CHARS = 100_000
# The most that the current models can answer; a raised cap stays below it.
MAX_OUTPUT_TOKENS = 128_000
# So often a turn that the server paused goes on; what has been found by then is enough.
MOST_PAUSES = 4
_FAULTS_SHOWN = 12

_LAST_TURN: Json = {
    "type": "text",
    "text": "One turn is left: ask for no tool any more. Answer now with what you have, and say what is not done.",
}
# A tool that the model's server runs asks the web.
_SERVERS_OWN = Access(untrusted=True, private=False, reaches_out=True)
_FINISHED = {"end_turn", "stop_sequence"}
_BROKEN_TOOL = "The tool failed because of a fault in the program, not in what you gave. Go on without it."
_EMPTY = "Your answer was empty."
_UNKNOWN_STOP = gettext_noop("The model stopped in a way that is not known here: {reason}.")
_UNUSABLE = {
    TOO_LARGE: gettext_noop(
        "The model's answer was longer than any model's: the server is broken. Nothing of it was used."
    ),
    BROKEN_INPUT: gettext_noop("The model asked for a tool in a form that cannot be read. Nothing of it was run."),
}

M = TypeVar("M", bound=BaseModel)

log = logging.getLogger(__name__)


def converse(
    desk: Desk,
    *,
    agent: str,
    system: str,
    opening: str | list[Json],
    tools: Sequence[Tool],
    output: type[M],
    max_tokens: int = 16_000,
    effort: Effort | None = None,
) -> M:
    """Talk with the desk's model until it gives a valid `output`, running the tools that it asks for.

    `opening` is the first user message: text, or Messages API blocks. Raises a subclass of Interrupted: Unable for
    a tool that touches what the agent does not declare, LimitReached before a call that the desk's limits do not
    allow, ModelRefused, BadAnswer after one repair, and whatever the model, the journal or a tool ends it with.
    """
    for tool in tools:
        _check_access(desk, agent, tool.name, getattr(tool, "access", ALL_ACCESS))
    return _Conversation(desk, agent, system, opening, tools, output, max_tokens, effort).run()


class Said(BaseModel):
    """What a model said freely: the blocks of its turns, each turn with the time at which it was stored."""

    turns: list[tuple[str, list[Json]]]


def converse_freely(
    desk: Desk, *, agent: str, system: str, opening: str, tools: Sequence[Json], max_tokens: int = 8_000
) -> Said:
    """Let the model work with tools that its server runs, and return all that came of it, citations included.

    No form is asked for: the server knows no citations together with one. A turn that the server pauses is sent
    back unchanged, `MOST_PAUSES` times at most. Raises as `converse`.
    """
    for tool in tools:
        _check_access(desk, agent, str(tool["name"]), _SERVERS_OWN)
    return _FreeConversation(desk, agent, system, opening, [], Said, max_tokens, None, own_tools=list(tools)).run()


def _check_access(desk: Desk, agent: str, tool: str, touched: Access) -> None:
    if beyond := touched.beyond(desk.access):
        raise Unable(
            _(
                "The agent {agent} uses the tool {tool}, which {names}, and does not declare it. "
                "Mend its `access`, or take the tool from it."
            ).format(agent=f"{agent!r}", tool=f"{tool!r}", names=" and ".join(beyond))
        )


def fence(name: str, text: str) -> str:
    """`text` marked as data that came from outside: no instruction in it is one for the model.

    The tag is made from the text itself, so that no text can hold its own end, and equal texts give equal fences.
    """
    name, text = (str(cleaned(part)) for part in (name, text))
    tag = f"data-{hashlib.sha256(f'{name}|{text}'.encode()).hexdigest()[:16]}"
    label = " ".join(name.split()).replace('"', "'")[:120]
    return f'<{tag} name="{label}">\n{text}\n</{tag}>'


@dataclass
class _Conversation(Generic[M]):
    desk: Desk
    agent: str
    system: str
    opening: str | list[Json]
    tools: Sequence[Tool]
    output: type[M]
    max_tokens: int
    effort: Effort | None
    messages: list[Json] = field(default_factory=list)
    replayed: int = 0  # stored turns up to here were used or passed over
    raised: bool = False
    repaired: bool = False
    started: datetime = field(init=False)

    def run(self) -> M:
        self.started = self.desk.now()
        self.messages.append({"role": "user", "content": cleaned(self.opening)})
        while True:
            answer = self._after(self._turn())
            if answer is not None:
                return answer

    def _turn(self) -> TurnRecord:
        """The next turn: out of the journal if it holds the answer to this very call, else a new one."""
        ask = self._ask()
        digest = ask.digest()
        stored = self.desk.journal.turns()
        for index in range(self.replayed, len(stored)):
            if stored[index].ask_digest == digest:
                self.replayed = index + 1
                return stored[index]
        record = self._call(ask, stored)
        self.replayed = record.number
        return record

    def _call(self, ask: Ask, stored: Sequence[TurnRecord]) -> TurnRecord:
        desk = self.desk
        self._check_limits(stored)
        desk.journal.before_call(ask, desk.llm.ceiling(ask))
        begun = time.monotonic()
        try:
            reply = desk.llm.complete(ask)
        except (ModelUnavailable, ModelRejected) as error:
            desk.journal.call_failed(ask, billed_unknown=error.billed_unknown)
            raise
        took = round((time.monotonic() - begun) * 1000)
        return desk.journal.record(ask, reply, cost=desk.llm.cost(reply), duration_ms=took)

    def _ask(self) -> Ask:
        return Ask(
            agent=self.agent,
            model=self.desk.model,
            system=str(cleaned(self.system)),
            messages=list(self.messages),
            tools=[
                {"name": tool.name, "description": tool.description, "input_schema": tool.Input.model_json_schema()}
                for tool in self.tools
            ],
            output_schema=self.output.model_json_schema(),
            max_tokens=self.max_tokens,
            effort=self.effort,
        )

    def _check_limits(self, stored: Sequence[TurnRecord]) -> None:
        limits = self.desk.limits
        if len(stored) >= limits.turns:
            raise LimitReached(
                _("All {turns} turns of this task are used up, and it is not finished.").format(turns=limits.turns)
            )
        spoken = sum(turn.reply.usage.output_tokens for turn in stored)
        if spoken >= limits.output_tokens:
            raise LimitReached(
                _("The task has used {spoken} output tokens of {output_tokens}.").format(
                    spoken=f"{spoken:,}", output_tokens=f"{limits.output_tokens:,}"
                )
            )
        took = (self.desk.now() - self.started).total_seconds()
        if took >= limits.wall_seconds:
            raise LimitReached(
                _("The task has worked for {took} of {wall_seconds} seconds.").format(
                    took=f"{took:,.0f}", wall_seconds=f"{limits.wall_seconds:,.0f}"
                )
            )

    def _after(self, turn: TurnRecord) -> M | None:
        """Do what the reply's stop reason calls for; the answer, or None for another turn.

        https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
        """
        reply = turn.reply
        if reply.stop_reason == "max_tokens":
            self._raise_cap()
            return None
        if reply.stop_reason == "refusal":
            category, _colon, explanation = reply.stop_detail.partition(": ")
            raise ModelRefused(category, explanation, said=_("the model refused"))
        if reply.stop_reason == "model_context_window_exceeded":
            raise LimitReached(_("The task and what it has read no longer fit into the model's memory."))
        if reply.stop_reason == "pause_turn" and reply.content:
            self.messages.append(_said(reply))
            return None
        if reply.tool_uses and reply.stop_reason in {"tool_use", *_FINISHED}:
            self._use_tools(turn)
            return None
        if reply.stop_reason in _FINISHED:
            return self._parsed(reply)
        raise BadAnswer(_(_UNUSABLE.get(reply.stop_reason, _UNKNOWN_STOP)).format(reason=f"{reply.stop_reason!r}"))

    def _raise_cap(self) -> None:
        """The same call once more with twice the room: nothing that was cut off is used, least of all by a tool."""
        if self.raised or self.max_tokens >= MAX_OUTPUT_TOKENS:
            raise LimitReached(
                _("The model's answer does not fit into {max_tokens} tokens.").format(
                    max_tokens=f"{self.max_tokens:,}"
                )
            )
        self.raised = True
        self.max_tokens = min(self.max_tokens * 2, MAX_OUTPUT_TOKENS)

    def _parsed(self, reply: Reply) -> M | None:
        if not reply.text.strip():
            problem = _EMPTY
        else:
            try:
                return self.output.model_validate_json(_json_in(reply.text))
            except ValidationError as error:
                problem = f"Your answer does not have the form that was asked for.\n{_faults(error)}"
        if self.repaired:
            raise BadAnswer(
                _("The model's answer did not have the form asked for, twice. {problem}").format(problem=problem)
            )
        self.repaired = True
        if reply.text.strip():
            self.messages.append(_said(reply))
        request = f"{problem}\nGive the whole answer again, corrected, and nothing else."
        self.messages.append({"role": "user", "content": request})
        return None

    def _use_tools(self, turn: TurnRecord) -> None:
        uses = turn.reply.tool_uses
        if turn.tool_results is None:
            results = [self._result(use) for use in uses]
            self.desk.journal.record_tools(turn.number, results)
        else:
            results = turn.tool_results
            self._replay(uses)
        self.messages += [_said(turn.reply), {"role": "user", "content": [*results, *self._last_call(turn)]}]

    def _last_call(self, turn: TurnRecord) -> list[Json]:
        """What was found and made so far shall not be lost for want of a turn in which it is told."""
        return [_LAST_TURN] if turn.number == self.desk.limits.turns - 1 else []

    def _replay(self, uses: Sequence[Json]) -> None:
        """Bring a fresh workspace to where the earlier Run had it; what the tools answer is known already."""
        again = {tool.name for tool in self.tools if tool.replay}
        for use in uses:
            if use["name"] in again:
                self._result(use)

    def _result(self, use: Json) -> Json:
        """The tool_result block for one tool_use."""
        result: Json = {"type": "tool_result", "tool_use_id": use["id"]}
        try:
            text = self._run_tool(use)
        except ToolError as error:
            said = without_secrets(str(error)) or "The tool failed."
            return {**result, "content": _bounded(said), "is_error": True}
        return {**result, "content": _bounded(text) or "(nothing)"}

    def _run_tool(self, use: Json) -> str:
        tool = next((tool for tool in self.tools if tool.name == use["name"]), None)
        if tool is None:
            names = ", ".join(tool.name for tool in self.tools) or "none"
            raise ToolError(f"There is no tool {use['name']!r}. Tools: {names}.")
        try:
            given = tool.Input.model_validate(use.get("input") or {})
        except ValidationError as error:
            raise ToolError(f"The input does not fit the tool {tool.name}.\n{_faults(error)}") from None
        try:
            return tool.run(given)
        except (ToolError, Interrupted):
            raise
        except Exception:
            log.exception("tool %s of agent %s broke", tool.name, self.agent)
            raise ToolError(_BROKEN_TOOL) from None


@dataclass
class _FreeConversation(_Conversation[Said]):
    own_tools: list[Json] = field(default_factory=list)
    had: list[TurnRecord] = field(default_factory=list)

    def _ask(self) -> Ask:
        return super()._ask().model_copy(update={"tools": self.own_tools, "output_schema": None})

    def _after(self, turn: TurnRecord) -> Said | None:
        self.had.append(turn)
        if turn.reply.stop_reason == "pause_turn" and len(self.had) > MOST_PAUSES:
            return self._parsed(turn.reply)
        return super()._after(turn)

    def _parsed(self, reply: Reply) -> Said:
        return Said(turns=[(turn.at, turn.reply.content) for turn in self.had])


def _said(reply: Reply) -> Json:
    """The model's own turn, block for block as it came: thinking blocks are bound to it."""
    return {"role": "assistant", "content": reply.content}


def _json_in(text: str) -> str:
    """The JSON of an answer; servers that cannot hold a model to a form let it write a code fence around it."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text.partition("\n")[2].removesuffix("```")
    try:
        # An escaped NUL is none yet: what no database takes goes once it is one.
        return json.dumps(cleaned(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def _faults(error: ValidationError) -> str:
    """Where and what, one line each; the values themselves are not repeated."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [_fault(fault) for fault in faults[:_FAULTS_SHOWN]]
    if len(faults) > _FAULTS_SHOWN:
        lines.append(f"- and {len(faults) - _FAULTS_SHOWN} more")
    return "\n".join(lines)


def _fault(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    return f"- {where}: {message}" if where else f"- {message}"


def _bounded(text: str) -> str:
    text = str(cleaned(text))
    if len(text) <= MAX_TOOL_CHARS:
        return text
    return f"{text[:MAX_TOOL_CHARS]}\n[cut: the first {MAX_TOOL_CHARS:,} of {len(text):,} characters]"
