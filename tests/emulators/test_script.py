from typing import Any

from agents import prompts
from tests.emulators import script
from tests.emulators.script import Script


def body(text: str, system: str = "") -> dict[str, Any]:
    return {"model": "m", "max_tokens": 1, "system": system, "messages": [{"role": "user", "content": text}]}


def test_with_wits_it_knows_the_agents_of_the_house_by_their_prompts() -> None:
    system = prompts.load("review", "v1")
    assert script.agent_of(body("x", system)) == "review"
    assert script.agent_of(body("x", "You are somebody else's.")) == ""


def test_with_wits_it_works_as_the_rehearsal_does() -> None:
    request = body("# The request\n\nWrite a page about winter.", prompts.load("drafting", "v1"))
    request["output_config"] = {
        "format": {"type": "json_schema", "schema": {"type": "object", "properties": {"title": {"type": "string"}}}}
    }
    assert "Rehearsal" in Script(wits=True).answer(request)["text"]
    assert "json" in Script().answer(request)


def test_directives_go_before_wits() -> None:
    request = body('<emu>{"text": "as told"}</emu>', prompts.load("drafting", "v1"))
    assert Script(wits=True).answer(request) == {"text": "as told"}


def test_equal_requests_have_equal_answers() -> None:
    assert Script().answer(body("Hello")) == Script().answer(body("Hello"))
