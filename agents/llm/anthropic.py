"""The Messages API through Anthropic's SDK, or any server that speaks it (`base_url`).

https://platform.claude.com/docs/en/api/messages
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn

from agents.contracts import Ask, Json, ModelRejected, ModelUnavailable, Reply, Usage
from agents.llm import failures, pricing
from agents.llm.cleaning import cleaned
from agents.llm.pacing import Pacing
from agents.llm.stream import TOO_LARGE, Assembly
from agents.words import _, gettext_noop

if TYPE_CHECKING:
    import anthropic
    import httpx2

BASE_URL = "https://api.anthropic.com"
CONNECT_SECONDS = 5.0
# Between two pieces of an answer; a model that thinks sends a sign of life every few seconds.
SILENCE_SECONDS = 120.0
# The longest answer of all, whatever comes in between.
CALL_SECONDS = 1_200.0
# The longest answer that a model can give is well below this; more is a broken server, and would fill the database.
MAX_CONTENT_CHARS = 2_000_000

_NOT_MESSAGES = gettext_noop("Check that ANTHROPIC_BASE_URL leads to a server of the Messages API.")

log = logging.getLogger(__name__)


class AnthropicLLM:
    """Implements agents.contracts.LLM. All threads share one client; the SDK is imported at the first call.

    The key is always given: no other credential of the environment or of a profile on the disk is ever used.
    """

    name: ClassVar[str] = "anthropic"

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        silence: float = SILENCE_SECONDS,
        longest: float = CALL_SECONDS,
        pacing: Pacing | None = None,
    ) -> None:
        if not api_key:
            raise ValueError("There is no key for the model: set ANTHROPIC_API_KEY, or use the rehearsal.")
        self._api_key = api_key
        self._base_url = base_url or BASE_URL
        self._silence = silence
        self._longest = longest
        self.pacing = pacing or Pacing()
        self._lock = threading.Lock()
        self._made: anthropic.Anthropic | None = None

    def complete(self, ask: Ask, *, key: str = "") -> Reply:
        """One call, one attempt; raise ModelUnavailable or ModelRejected and nothing else.

        It waits for its turn at the model; turns go round between the keys.
        """
        with self.pacing.turn(ask.model, key), self.failures():
            return self._streamed(parameters_of(ask))

    @contextlib.contextmanager
    def failures(self) -> Iterator[None]:
        """Whatever goes wrong inside, as ModelUnavailable or ModelRejected and nothing else."""
        import anthropic
        import httpx2

        try:
            yield
        except anthropic.APIStatusError as error:
            raise self._failed(error) from error
        except anthropic.APIConnectionError as error:
            if isinstance(error.__cause__, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
                raise ModelRejected(
                    _("{base_url} is not the address of a server. {not_messages}").format(
                        base_url=f"{self._base_url!r}", not_messages=_(_NOT_MESSAGES)
                    )
                ) from error
            unsent = isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
            raise ModelUnavailable(_no_answer(error, unsent=unsent), billed_unknown=not unsent) from error
        except (anthropic.AnthropicError, TypeError, UnicodeEncodeError) as error:
            log.exception("the call could not be made")
            raise ModelRejected(self._not_possible(error)) from error
        except (httpx2.HTTPError, OSError, ValueError, AssertionError, RecursionError) as error:
            # A body cut short, half a JSON, a chunk that makes no sense: the model may well have run.
            what = _("The answer of the model's server broke off or could not be read ({kind}).").format(
                kind=type(error).__name__
            )
            raise ModelUnavailable(
                _("{what} It is tried again by itself.").format(what=what), billed_unknown=True
            ) from error

    def ceiling(self, ask: Ask) -> int | None:
        """Upper bound of the call's cost in micro-USD, at today's prices."""
        return pricing.ceiling(ask, datetime.now(UTC))

    def cost(self, reply: Reply) -> int | None:
        """Cost of the call in micro-USD, at today's prices, by the model that answered."""
        return pricing.cost(reply.model, reply.usage, datetime.now(UTC))

    def close(self) -> None:
        """Close the connections; the next call would open new ones."""
        with self._lock:
            if self._made is not None:
                self._made.close()
                self._made = None

    def _streamed(self, parameters: Json) -> Reply:
        """The whole answer, streamed: a long one takes minutes, and a silent line looks like a dead one."""
        with self.client().messages.create(**parameters, stream=True) as stream:
            response = stream.response
            self.pacing.heard(str(parameters["model"]), response.headers)
            request_id = response.headers.get("request-id")
            kind = response.headers.get("content-type", "")
            if kind.startswith("text/event-stream"):
                return reply_of(self._assembled(response), request_id)
            # A server that knows no streaming answers in one piece.
            body = response.read()
        if not kind.startswith("application/json"):
            raise ModelRejected(
                _("The server answered with a page, not with a message. {not_messages}").format(
                    not_messages=_(_NOT_MESSAGES)
                )
            )
        return reply_of(json.loads(body), request_id)

    def _assembled(self, response: "httpx2.Response") -> Json:
        """The message of a stream; raises what an error in it means, or ValueError where it breaks off."""
        import anthropic

        assembly = Assembly(MAX_CONTENT_CHARS)
        until = time.monotonic() + self._longest
        for event in anthropic.Stream.raw_events(response):
            data = json.loads(event.data) if event.data else {}
            if event.event == "error":
                raise _error_inside(data, billed=assembly.begun)
            assembly.take(data)
            if time.monotonic() > until:
                raise ModelUnavailable(
                    _("The model's answer took more than {longest} s.").format(longest=f"{self._longest:g}"),
                    billed_unknown=True,
                )
        if not assembly.is_whole:
            raise ValueError("the stream ended before its message did")
        return assembly.message()

    def client(self) -> "anthropic.Anthropic":
        """The one client of all threads."""
        import anthropic

        with self._lock:
            if self._made is None:
                self._made = anthropic.Anthropic(
                    api_key=self._api_key,
                    base_url=self._base_url,
                    timeout=anthropic.Timeout(self._silence, connect=min(CONNECT_SECONDS, self._silence)),
                    max_retries=0,  # the SDK would sleep for as long as retry-after says, and may bill twice
                    open_telemetry=False,
                )
            return self._made

    def _failed(self, error: "anthropic.APIStatusError") -> ModelUnavailable | ModelRejected:
        return failures.of_status(
            error.status_code,
            kind=str(error.type or ""),
            code=error.error_code or "",
            said=str(error.api_message or "").replace(self._api_key, "[key]"),
            headers=error.response.headers,
        )

    def _not_possible(self, error: Exception) -> str:
        said = failures.one_line(str(error).replace(self._api_key, "[key]"))
        return f"The call to the model could not be made: {said} Change the request or the model, then retry."


def parameters_of(ask: Ask, *, kept: Literal["5m", "1h"] = "5m") -> dict[str, Any]:
    """The arguments of messages.create, what is cached `kept` for so long.

    What stays the same comes first, so that the provider's cache holds: tools and system up to the one fixed
    breakpoint, then the conversation with a breakpoint that moves along.

    https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    """
    cached = {"type": "ephemeral"} if kept == "5m" else {"type": "ephemeral", "ttl": kept}
    parameters: dict[str, Any] = {"model": ask.model, "max_tokens": ask.max_tokens, "messages": ask.messages}
    if ask.system:
        parameters["system"] = [{"type": "text", "text": ask.system, "cache_control": cached}]
    if ask.tools:
        parameters["tools"] = ask.tools
        # Writing to the cache costs a quarter more: only where another turn will read it.
        parameters["cache_control"] = cached
    output = _output_config(ask)
    if output:
        parameters["output_config"] = output
    return parameters


def _output_config(ask: Ask) -> Json:
    """https://platform.claude.com/docs/en/build-with-claude/structured-outputs."""
    import anthropic

    config: Json = {"effort": ask.effort} if ask.effort else {}
    if ask.output_schema is not None:
        try:
            schema = anthropic.transform_schema(ask.output_schema)
        except (ValueError, AssertionError, KeyError) as error:
            raise ModelRejected(
                _("The answer's form cannot be asked of this model: {error}. Mend the agent.").format(error=error)
            ) from error
        config["format"] = {"type": "json_schema", "schema": schema}
    return config


def reply_of(sent: Any, request_id: str | None) -> Reply:
    """A message as a Reply, whatever a server left out of it; raises ModelUnavailable or ModelRejected."""
    sent = sent if isinstance(sent, dict) else {}
    content, usage = sent.get("content"), sent.get("usage")
    if (
        not isinstance(content, list)
        or not isinstance(usage, dict)
        or not all(_is_block(block) for block in content)
    ):
        _refuse(sent)
    content, stop_reason = _bounded(cleaned(content), str(sent.get("stop_reason") or "none"))
    return Reply(
        content=content,
        stop_reason=stop_reason,
        stop_detail=cleaned(_stop_detail(sent.get("stop_details"))),
        usage=_usage(usage),
        model=str(sent.get("model") or "unknown"),
        request_id=request_id,
    )


def _refuse(sent: Json) -> NoReturn:
    if isinstance(sent.get("error"), dict):
        raise _error_inside(sent, billed=False)
    what = _("The model's server answered in a form that is not a message's.")
    raise ModelUnavailable(
        _("{what} It is tried again by itself; if it lasts: {not_messages}").format(
            what=what, not_messages=_(_NOT_MESSAGES)
        ),
        billed_unknown=True,
    )


def _error_inside(sent: Any, *, billed: bool) -> ModelUnavailable | ModelRejected:
    """What an error means that came after the status had said that all is well."""
    error = sent.get("error") if isinstance(sent, dict) else None
    error = error if isinstance(error, dict) else {}
    failure = failures.of_status(200, kind=str(error.get("type") or ""), said=str(error.get("message") or ""))
    failure.billed_unknown = billed or failure.billed_unknown
    return failure


def _is_block(block: object) -> bool:
    """Whether later code may rely on the fields that it reads of this block."""
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    if block["type"] == "text":
        return isinstance(block.get("text"), str)
    if block["type"] == "tool_use":
        return isinstance(block.get("id"), str) and isinstance(block.get("name"), str)
    return True


def _bounded(content: list[Json], stop_reason: str) -> tuple[list[Json], str]:
    """The content as it is, or the beginning of its text when it is larger than any model's answer."""
    if stop_reason != TOO_LARGE and sum(len(str(block)) for block in content) <= MAX_CONTENT_CHARS:
        return content, stop_reason
    text = "".join(block["text"] for block in content if block["type"] == "text")
    return [{"type": "text", "text": text[:MAX_CONTENT_CHARS]}], TOO_LARGE


def _stop_detail(details: object) -> str:
    """The category, a colon and the explanation where one is given."""
    if not isinstance(details, dict):
        return ""
    category, explanation = (str(details.get(part) or "") for part in ("category", "explanation"))
    return f"{category}: {explanation}" if explanation else category


def _usage(sent: Json) -> Usage:
    """Missing and null counts are 0; writes that aren't split by lifetime are of the short one."""
    split = sent.get("cache_creation")
    split = split if isinstance(split, dict) else {}
    hour = _count(split.get("ephemeral_1h_input_tokens"))
    written = _count(sent.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=_count(sent.get("input_tokens")),
        cache_read_tokens=_count(sent.get("cache_read_input_tokens")),
        cache_write_5m_tokens=max(written - hour, _count(split.get("ephemeral_5m_input_tokens")), 0),
        cache_write_1h_tokens=hour,
        output_tokens=_count(sent.get("output_tokens")),
        batch=sent.get("service_tier") == "batch",
        web_searches=_count((sent.get("server_tool_use") or {}).get("web_search_requests")),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _no_answer(error: "anthropic.APIConnectionError", *, unsent: bool) -> str:
    import anthropic

    if unsent:
        what = _("The model's server cannot be reached.")
    elif isinstance(error, anthropic.APITimeoutError):
        what = _("The model's server did not answer in time.")
    else:
        what = _("The connection to the model's server broke off before its answer came.")
    return f"{what} It is tried again by itself."
