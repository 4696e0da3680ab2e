"""The tools that the Messages service runs itself: web search and web fetch, over a small web of the test's own.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool
https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.emulators.messages_rules import Refused

Json = dict[str, Any]

_COMMON = {
    "type", "name", "allowed_callers", "allowed_domains", "blocked_domains", "cache_control", "defer_loading",
    "max_uses", "strict",
}  # fmt: skip
_SEARCH = _COMMON | {"user_location"}
_FETCH = _COMMON | {"citations", "max_content_tokens", "url_sources"}
# Version -> the fields that it knows.
VERSIONS: dict[str, set[str]] = {
    "web_search_20250305": _SEARCH,
    "web_search_20260209": _SEARCH,
    "web_search_20260318": _SEARCH | {"response_inclusion"},
    "web_fetch_20250910": _FETCH,
    "web_fetch_20260209": _FETCH,
    "web_fetch_20260309": _FETCH | {"use_cache"},
    "web_fetch_20260318": _FETCH | {"use_cache", "response_inclusion"},
}
# These filter by code of the model's, unless only the model itself may call them.
_WITH_CODE = ("20260209", "20260309", "20260318")
_RETRIEVED = "2026-11-27T02:00:00Z"


def is_server_tool(tool: Json) -> bool:
    """Whether the service runs it; a tool of the caller's has no type, or `custom`."""
    return bool(tool.get("type", "custom") != "custom")


def check_tool(tool: Json, others: list[Json]) -> None:
    """Raise Refused for a version, a name or a field that there is not."""
    version, name = str(tool.get("type")), tool.get("name")
    if version not in VERSIONS:
        raise Refused(f"tools: there is no tool of the type {version!r}")
    if not version.startswith(f"{name}_"):
        raise Refused(f"tools.{version}.name: must be {version.rpartition('_')[0]!r}")
    if extra := tool.keys() - VERSIONS[version]:
        raise Refused(f"tools.{version}: Extra inputs are not permitted {sorted(extra)}")
    _check_domains(tool, version)
    most = tool.get("max_uses")
    if most is not None and (not isinstance(most, int) or most < 1):
        raise Refused(f"tools.{version}.max_uses: must be at least 1")
    has_code = any(str(other.get("type")).startswith("code_execution_") for other in others)
    if version.endswith(_WITH_CODE) and not has_code and tool.get("allowed_callers") != ["direct"]:
        raise Refused(f"tools.{version}: needs code execution, or allowed_callers ['direct']")


def check_output(body: Json) -> None:
    """Citations and a form exclude each other, and a search always cites."""
    tools = body.get("tools") or []
    cites = [
        tool for tool in tools if tool.get("name") == "web_search" or (tool.get("citations") or {}).get("enabled")
    ]
    if any(is_server_tool(tool) for tool in cites) and (body.get("output_config") or {}).get("format"):
        raise Refused("output_config.format: is not supported together with citations")


def _check_domains(tool: Json, version: str) -> None:
    lists = [tool[name] for name in ("allowed_domains", "blocked_domains") if tool.get(name)]
    if len(lists) > 1:
        raise Refused(f"tools.{version}: allowed_domains and blocked_domains exclude each other")
    for domain in lists[0] if lists else []:
        if not isinstance(domain, str) or "://" in domain or "*" in domain.partition("/")[0]:
            raise Refused(f"tools.{version}: {domain!r} is not a domain")


@dataclass
class Page:
    """What lies at an address."""

    title: str
    text: str


@dataclass
class Web:
    """All pages there are, by their addresses; `issued` are the contents that were handed out encrypted.

    `asked` is what left towards strangers: each query and each address, as the model gave it.
    """

    pages: dict[str, Page] = field(default_factory=dict)
    issued: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def check(self, messages: list[Json]) -> None:
        """Raise Refused for a result that was not handed out, or that answers nothing."""
        asked: set[str] = set()
        for index, message in enumerate(messages):
            for block in message["content"] if isinstance(message["content"], list) else []:
                kind = block["type"]
                if kind == "server_tool_use":
                    asked.add(block["id"])
                elif kind.endswith("_tool_result") and kind != "tool_result":
                    self._check_result(block, asked, f"messages.{index}")

    def play(self, body: Json, answer: Json, new_id: Callable[[], str]) -> tuple[list[Json], Json]:
        """The blocks of what the model asks the service for and is given, and how much of it is billed."""
        blocks: list[Json] = []
        counts = {"web_search_requests": 0, "web_fetch_requests": 0}
        tools = {tool["name"]: tool for tool in body.get("tools") or [] if is_server_tool(tool)}
        for name, given in answer.get("server", []):
            use = {"type": "server_tool_use", "id": new_id(), "name": name, "input": given}
            self.asked.append(json.dumps(given, ensure_ascii=False))
            count = f"{name}_requests"
            is_over = counts[count] >= (tools[name].get("max_uses") or 100)
            content = _failed(name, "max_uses_exceeded") if is_over else self._found(name, given, tools[name], body)
            counts[count] += not is_over
            result = {"type": f"{name}_tool_result", "tool_use_id": use["id"], "content": content}
            blocks += [use, result]
        cited = [self._cited(text, url, quote, blocks) for text, url, quote in answer.get("cited", [])]
        return [*blocks, *cited], counts

    def _found(self, name: str, given: Json, tool: Json, body: Json) -> Any:
        if name == "web_search":
            return self._search(str(given["query"]), tool)
        return self._fetch(str(given["url"]), tool, body)

    def _search(self, query: str, tool: Json) -> list[Json]:
        words = set(query.casefold().split())
        hits = [
            (url, page)
            for url, page in self.pages.items()
            if words & set(f"{page.title} {page.text}".casefold().split()) and _is_allowed(url, tool)
        ]
        return [
            {
                "type": "web_search_result",
                "url": url,
                "title": page.title,
                "encrypted_content": self._issue(page.text),
                "page_age": None,
            }
            for url, page in hits
        ]

    def _fetch(self, url: str, tool: Json, body: Json) -> Json:
        if url not in json.dumps(body["messages"], ensure_ascii=False):
            return _failed("web_fetch", "url_not_in_prior_context")
        if not _is_allowed(url, tool):
            return _failed("web_fetch", "url_not_allowed")
        page = self.pages.get(url)
        if page is None:
            return _failed("web_fetch", "url_not_accessible")
        source = {"type": "text", "media_type": "text/plain", "data": page.text}
        document = {"type": "document", "source": source, "title": page.title, "citations": {"enabled": True}}
        return {"type": "web_fetch_result", "url": url, "content": document, "retrieved_at": _RETRIEVED}

    def _cited(self, text: str, url: str, quote: str, blocks: list[Json]) -> Json:
        """A text of the model's with one citation: of a page that it was given whole, else of a search's result."""
        page = self.pages[url]
        fetched = [block for block in blocks if block["type"] == "web_fetch_tool_result"]
        urls = [block["content"].get("url") for block in fetched]
        if url in urls:
            start = page.text.index(quote)
            where = {
                "type": "char_location",
                "document_index": urls.index(url),
                "document_title": page.title,
                "start_char_index": start,
                "end_char_index": start + len(quote),
                "file_id": None,
            }
        else:
            index = self._issue(quote)
            where = {
                "type": "web_search_result_location",
                "url": url,
                "title": page.title,
                "encrypted_index": index,
            }
        return {"type": "text", "text": text, "citations": [{**where, "cited_text": quote}]}

    def _issue(self, text: str) -> str:
        sealed = hashlib.sha256(text.encode()).hexdigest()
        self.issued.add(sealed)
        return sealed

    def _check_result(self, block: Json, asked: set[str], where: str) -> None:
        if block["tool_use_id"] not in asked:
            raise Refused(f"{where}: {block['type']} for no server_tool_use: {block['tool_use_id']}")
        results = block["content"] if isinstance(block["content"], list) else []
        if any(result["encrypted_content"] not in self.issued for result in results):
            raise Refused(f"{where}: an encrypted_content that was not handed out like this")


def _failed(name: str, code: str) -> Json:
    return {"type": f"{name}_tool_result_error", "error_code": code}


def _is_allowed(url: str, tool: Json) -> bool:
    host = urlsplit(url).hostname or ""
    allowed, blocked = tool.get("allowed_domains"), tool.get("blocked_domains") or []
    return (not allowed or _is_in(host, allowed)) and not _is_in(host, blocked)


def _is_in(host: str, domains: list[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
