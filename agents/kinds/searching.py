"""A search of the web by the model's own server, before research begins: a conversation of its own.

What searches is told the question and the request, nothing else: no file, no page of the owner's, nothing that
another agent made. So there is little that an address or a query could carry out, whatever a page says. What was
cited comes back as sources; everything else that the model said there is not used.
https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agents import prompts
from agents.contracts import Brief, Desk, Json
from agents.kinds import section
from agents.loop import converse_freely, fence

NAME = "search"
PROMPT_VERSION = "v1"
# The versions that need no code of the model's to filter what they find.
_SEARCH = "web_search_20250305"
_FETCH = "web_fetch_20250910"
_PAGE_TOKENS = 20_000
_SHOWN_CHARS = 12_000


@dataclass(frozen=True)
class Read:
    """A source as the model saw it."""

    text: str
    fetched_at: str = ""
    title: str = ""


@dataclass
class _Source:
    title: str = ""
    at: str = ""
    page: str = ""  # all of it, where it was fetched
    quotes: list[str] = field(default_factory=list)

    def as_read(self) -> Read:
        return Read(self.page or "\n\n".join(dict.fromkeys(self.quotes)), self.at, self.title)


def may_search(brief: Brief, options: Json) -> bool:
    """Whether the owner allows it for this request: for all, or for those that no stranger wrote.

    Never for one that an agent wrote: it may have read what is private.
    """
    if brief.asked is not None:
        return False
    allowed = (options.get("web_search") or {}).get("for", "off")
    return allowed == "all" or (allowed == "own" and brief.owners_words is None)


def search(question: str, brief: Brief, desk: Desk) -> dict[str, Read]:
    """What was found and cited, by its address. Raises as the loop does."""
    request = fence("request", f"{brief.job_title}\n\n{brief.job_brief}")
    said = converse_freely(
        desk,
        agent=NAME,
        system=prompts.load(NAME, PROMPT_VERSION),
        opening="\n\n".join([section("The question", question), section("The request", request)]),
        tools=tools(desk.options),
    )
    return cited(said.turns)


def tools(options: Json) -> list[Json]:
    """The server's tools, within what the owner allows."""
    allowed: Json = options.get("web_search") or {}
    within: Json = {"max_uses": int(allowed.get("most", 5))}
    if allowed.get("domains"):
        within["allowed_domains"] = list(allowed["domains"])
    page = {"max_content_tokens": _PAGE_TOKENS, "citations": {"enabled": True}}
    return [
        {"type": _SEARCH, "name": "web_search", **within},
        {"type": _FETCH, "name": "web_fetch", **within, **page},
    ]


def cited(turns: Iterable[tuple[str, list[Json]]]) -> dict[str, Read]:
    """The sources that the turns cite, each with what was read of it: a whole page, or the passages cited.

    A page's citation names its number among all pages that were fetched, the first being 0.
    """
    sources: dict[str, _Source] = {}
    pages: list[str] = []
    for at, content in turns:
        for block in content:
            if block.get("type") == "web_fetch_tool_result":
                _take_page(block.get("content"), at, sources, pages)
            for citation in block.get("citations") or []:
                _take_citation(citation, at, sources, pages)
    return {url: source.as_read() for url, source in sources.items() if source.quotes}


def as_section(found: dict[str, Read]) -> str:
    """What was found, for whoever writes the findings."""
    if not found:
        return section("What a search of the web found", "Nothing.")
    texts = [fence(url, f"{read.title}\n\n{read.text[:_SHOWN_CHARS]}") for url, read in found.items()]
    return section("What a search of the web found", "\n\n".join(texts))


def _take_page(result: Any, at: str, sources: dict[str, _Source], pages: list[str]) -> None:
    """A page that could not be fetched counts as none."""
    if not isinstance(result, dict) or result.get("type") != "web_fetch_result":
        return
    document, url = result.get("content") or {}, str(result.get("url"))
    pages.append(url)
    source = sources.setdefault(url, _Source())
    source.title, source.at = str(document.get("title") or ""), str(result.get("retrieved_at") or at)
    body = document.get("source") or {}
    source.page = str(body.get("data", "")) if body.get("type") == "text" else ""


def _take_citation(citation: Json, at: str, sources: dict[str, _Source], pages: list[str]) -> None:
    number = citation.get("document_index")
    url = citation.get("url") or (pages[number] if isinstance(number, int) and 0 <= number < len(pages) else "")
    quote = str(citation.get("cited_text") or "")
    if url and quote.strip():
        source = sources.setdefault(str(url), _Source())
        source.title = source.title or str(citation.get("title") or "")
        source.at = source.at or at
        source.quotes.append(quote)
