"""The scripted model: what the Messages service says is a function of the request alone, so that a second attempt,
and a second look at a batch, get the same.

Rules of the test first; then <emu>{…}</emu> directives in the user's texts (the n-th assistant turn plays the
n-th); then the rehearsal's wits, where they are wanted; then a value for the output schema; then an echo.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from agents import prompts
from agents.contracts import Ask
from agents.llm.filling import fill
from agents.llm.rehearsal import RehearsalLLM

# Keys: text, json, tools [[name, input]], refusal (a category), explanation, cut (characters: then max_tokens),
# stop, thinking (False: no thinking block), usage (overrides), raw_content (blocks as they are); server
# [[name, input]] and cited [[text, url, quote]]: what the service's own tools are asked, and what is said of it.
Answer = dict[str, Any]
Rule = Callable[[dict[str, Any], int, list[dict[str, Any]]], Answer | None]

_DIRECTIVE = re.compile(r"<emu>(\{.*?\})</emu>", re.DOTALL)


class Script:
    """Rules in order; with `wits` it answers the agents of this house as the rehearsal does."""

    def __init__(self, *, wits: bool = False) -> None:
        self.rules: list[Rule] = []
        self.wits = wits

    def answer(self, body: dict[str, Any]) -> Answer:
        """What the model says to this request."""
        turn = sum(1 for message in body["messages"] if message["role"] == "assistant")
        results = tool_results(body["messages"][-1])
        for rule in self.rules:
            answer = rule(body, turn, results)
            if answer is not None:
                return answer
        texts = user_texts(body)
        directives: list[Answer] = [json.loads(found) for text in texts for found in _DIRECTIVE.findall(text)]
        if turn < len(directives):
            return directives[turn]
        if self.wits and (agent := agent_of(body)):
            return _rehearsed(body, agent)
        form = (body.get("output_config") or {}).get("format")
        if form:
            return {"json": fill(form["schema"], seed="\n".join(texts))}
        return {"text": f"{len(results)} tool results. You said: {texts[-1][-200:] if texts else ''}"}


def blocks_of(answer: Answer, *, new_id: Callable[[], str], signature: str) -> list[dict[str, Any]]:
    """The content blocks of an answer."""
    if "raw_content" in answer:
        return list(answer["raw_content"])
    content: list[dict[str, Any]] = []
    if answer.get("thinking", True):
        content.append({"type": "thinking", "thinking": "", "signature": signature})
    text = json.dumps(answer["json"]) if "json" in answer else answer.get("text", "")
    text = text[: answer["cut"]] if "cut" in answer else text
    if text:
        content.append({"type": "text", "text": text, "citations": None})
    for name, given in answer.get("tools", []):
        content.append({"type": "tool_use", "id": new_id(), "name": name, "input": given})
    return content


def stop_of(answer: Answer) -> str:
    """The stop reason of an answer."""
    if "refusal" in answer:
        return "refusal"
    if "cut" in answer:
        return "max_tokens"
    return answer.get("stop") or ("tool_use" if answer.get("tools") else "end_turn")


def stop_details(answer: Answer) -> dict[str, Any] | None:
    """What a refusal says of itself."""
    if "refusal" not in answer:
        return None
    return {"type": "refusal", "category": answer["refusal"], "explanation": answer.get("explanation")}


def user_texts(body: dict[str, Any]) -> list[str]:
    """The user's texts of a request, in order, tool results left out."""
    texts: list[str] = []
    for message in body["messages"]:
        if message["role"] == "user":
            content = message["content"]
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            texts += [block["text"] for block in blocks if block["type"] == "text"]
    return texts


def tool_results(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool results of one message."""
    content = message["content"] if isinstance(message["content"], list) else []
    return [block for block in content if block["type"] == "tool_result"]


def agent_of(body: dict[str, Any]) -> str:
    """The agent of this house whose prompt the system text begins with; empty for a stranger's."""
    system = body.get("system") or ""
    text = system if isinstance(system, str) else "".join(block["text"] for block in system)
    return next((agent for agent, beginning in _beginnings() if text.startswith(beginning)), "")


def _rehearsed(body: dict[str, Any], agent: str) -> Answer:
    form = (body.get("output_config") or {}).get("format") or {}
    system = body["system"] if isinstance(body["system"], str) else body["system"][0]["text"]
    ask = Ask(
        agent=agent,
        model=body["model"],
        system=system,
        messages=body["messages"],
        tools=body.get("tools") or [],
        output_schema=form.get("schema"),
    )
    reply = RehearsalLLM().complete(ask)
    if reply.tool_uses:
        return {"tools": [[use["name"], use["input"]] for use in reply.tool_uses]}
    return {"text": reply.text}


@cache
def _beginnings() -> list[tuple[str, str]]:
    """The fixed beginning of every prompt there is, the longest first."""
    found = [
        (path.parent.name, path.read_text(encoding="utf-8").partition("${")[0])
        for path in sorted(prompts.FOLDER.glob("*/*.md"))
    ]
    return sorted(((agent, text) for agent, text in found if text), key=lambda pair: -len(pair[1]))
