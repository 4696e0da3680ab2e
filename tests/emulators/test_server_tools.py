"""The service's own tools, as the strict client reads them and as the service refuses them."""

from collections.abc import Iterator
from typing import Any, get_args

import anthropic
import pytest
from anthropic.types.tool_union_param import ToolUnionParam

from tests.emulators import server_tools
from tests.emulators.anthropic import TOKEN, AnthropicEmulator
from tests.emulators.server_tools import Page

SEARCH: Any = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
FETCH: Any = {"type": "web_fetch_20250910", "name": "web_fetch", "citations": {"enabled": True}}
FEES = "https://city.example/fees"
BODY: Any = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 500,
    "messages": [{"role": "user", "content": "What does a permit cost?"}],
}


@pytest.fixture
def service() -> Iterator[AnthropicEmulator]:
    emulator = AnthropicEmulator().start()
    emulator.web.pages = {
        FEES: Page("Fees", "A permit costs 120 francs. It takes a week."),
        "https://blog.example/permit": Page("A blog", "My permit story"),
    }
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


@pytest.fixture
def client(service: AnthropicEmulator) -> Iterator[anthropic.Anthropic]:
    made = anthropic.Anthropic(api_key=TOKEN, base_url=service.url, max_retries=0, _strict_response_validation=True)
    yield made
    made.close()


def says(service: AnthropicEmulator, *server: list[Any], **more: Any) -> None:
    service.rule(lambda body, turn, results: {"server": list(server), "text": "", **more})


def test_a_search_and_a_page_are_blocks_with_citations_and_are_billed_by_the_search(
    service: AnthropicEmulator, client: anthropic.Anthropic
) -> None:
    says(
        service,
        ["web_search", {"query": "permit"}],
        ["web_fetch", {"url": FEES}],
        cited=[
            ["It costs 120 francs.", FEES, "A permit costs 120 francs."],
            ["A blog.", "https://blog.example/permit", "My"],
        ],
    )
    page = {**BODY, "messages": [{"role": "user", "content": f"Read {FEES}"}]}
    message = client.messages.create(**page, tools=[SEARCH, FETCH])
    kinds = [block.type for block in message.content]
    assert kinds[1:] == [
        "server_tool_use", "web_search_tool_result", "server_tool_use", "web_fetch_tool_result", "text", "text",
    ]  # fmt: skip
    cited = [block.citations[0] for block in message.content if block.type == "text" and block.citations]
    assert [citation.type for citation in cited] == ["char_location", "web_search_result_location"]
    assert message.usage.server_tool_use
    assert message.usage.server_tool_use.web_search_requests == 1
    (line,) = service.bill.lines
    assert line.usd > 0.01


def test_streamed_they_are_the_same(service: AnthropicEmulator, client: anthropic.Anthropic) -> None:
    says(service, ["web_search", {"query": "permit"}], cited=[["It costs.", FEES, "120 francs"]])
    whole = client.messages.create(**BODY, tools=[SEARCH])
    with client.messages.stream(**BODY, tools=[SEARCH]) as stream:
        streamed = stream.get_final_message()
    assert [block.type for block in streamed.content] == [block.type for block in whole.content]
    assert streamed.content[-1].to_dict()["citations"] == whole.content[-1].to_dict()["citations"]
    assert streamed.content[1].to_dict()["input"] == {"query": "permit"}


def test_more_than_its_uses_are_an_error_that_costs_nothing(
    service: AnthropicEmulator, client: anthropic.Anthropic
) -> None:
    says(service, *[["web_search", {"query": "permit"}]] * 3)
    message = client.messages.create(**BODY, tools=[SEARCH])
    last = message.content[-1].to_dict()
    assert last["content"] == {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}
    assert message.usage.server_tool_use
    assert message.usage.server_tool_use.web_search_requests == 2


@pytest.mark.parametrize(
    ("url", "tool", "code"),
    [
        ("https://evil.example/leak?q=1", FETCH, "url_not_in_prior_context"),
        (FEES, {**FETCH, "blocked_domains": ["city.example"]}, "url_not_allowed"),
        (FEES, {**FETCH, "allowed_domains": ["other.example"]}, "url_not_allowed"),
        ("https://gone.example/", FETCH, "url_not_accessible"),
    ],
)
def test_a_page_that_nobody_named_or_allowed_is_not_fetched(
    service: AnthropicEmulator, client: anthropic.Anthropic, url: str, tool: Any, code: str
) -> None:
    says(service, ["web_fetch", {"url": url}])
    body = {**BODY, "messages": [{"role": "user", "content": f"Read {FEES} and https://gone.example/"}]}
    message = client.messages.create(**body, tools=[tool])
    assert message.content[-1].to_dict()["content"]["error_code"] == code


def test_only_allowed_domains_are_found(service: AnthropicEmulator, client: anthropic.Anthropic) -> None:
    says(service, ["web_search", {"query": "permit"}])
    within: Any = {**SEARCH, "allowed_domains": ["city.example"]}
    found: Any = client.messages.create(**BODY, tools=[within]).content[-1].to_dict()
    assert [one["url"] for one in found["content"]] == [FEES]


@pytest.mark.parametrize(
    "tool",
    [
        {**SEARCH, "type": "web_search_20240101"},
        {**SEARCH, "name": "search"},
        {**SEARCH, "response_inclusion": "full"},
        {**FETCH, "use_cache": False},
        {**SEARCH, "type": "web_search_20260318"},
        {**SEARCH, "max_uses": 0},
        {**SEARCH, "allowed_domains": ["https://city.example"]},
        {**SEARCH, "allowed_domains": ["a.example"], "blocked_domains": ["b.example"]},
    ],
)
def test_what_no_version_knows_is_refused(client: anthropic.Anthropic, tool: Any) -> None:
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(**BODY, tools=[tool])


def test_the_newer_versions_are_taken_where_only_the_model_calls_them(client: anthropic.Anthropic) -> None:
    newer: Any = {**SEARCH, "type": "web_search_20260318", "allowed_callers": ["direct"]}
    assert client.messages.create(**BODY, tools=[newer]).stop_reason == "end_turn"


def test_a_form_and_citations_exclude_each_other(client: anthropic.Anthropic) -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    form: Any = {"format": {"type": "json_schema", "schema": schema}}
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(**BODY, tools=[SEARCH], output_config=form)


def test_a_paused_turn_goes_on_when_it_is_sent_back_unchanged_and_no_other(
    service: AnthropicEmulator, client: anthropic.Anthropic
) -> None:
    service.rule(
        lambda body, turn, results: (
            {"text": "done"}
            if turn
            else {"server": [["web_search", {"query": "permit"}]], "text": "", "stop": "pause_turn"}
        )
    )
    message = client.messages.create(**BODY, tools=[SEARCH])
    assert message.stop_reason == "pause_turn"
    content: Any = [block.to_dict() for block in message.content]
    more = {**BODY, "messages": [*BODY["messages"], {"role": "assistant", "content": content}]}
    assert client.messages.create(**more, tools=[SEARCH]).stop_reason == "end_turn"
    content[-1]["content"][0]["encrypted_content"] = "forged"
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(**more, tools=[SEARCH])


def test_every_version_is_one_of_the_installed_clients_and_the_other_way_round() -> None:
    known = {member.__name__ for member in get_args(ToolUnionParam)}
    ours = {
        f"{_camel(name)}Tool{date}Param" for name, _, date in (v.rpartition("_") for v in server_tools.VERSIONS)
    }
    assert ours == {name for name in known if name.startswith(("WebSearchTool", "WebFetchTool"))}


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
