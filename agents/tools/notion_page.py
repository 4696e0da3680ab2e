"""A page of the owner's Notion as text, read with a token that may do nothing else.

https://developers.notion.com/reference/retrieve-page-markdown
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from notion_client import Client
from notion_client.errors import HTTPResponseError, NotionClientErrorBase

from agents.contracts import Json, ToolError

API_VERSION = "2026-03-11"
_SECONDS = 15.0
_MOST_CHARS = 200_000
_LINKED = re.compile(r"https?://(?:[\w-]+\.)*notion\.(?:so|site|com)/[^\s)\"'<>\]]+")

log = logging.getLogger(__name__)


def read(page: str, access: Json) -> tuple[str, str]:
    """(title, Markdown) of the page with this id; raises ToolError with the next step. One attempt a call."""
    try:
        with asking(access) as client:
            shown: Any = client.request(path=f"pages/{page}", method="GET")
            text: Any = client.request(path=f"pages/{page}/markdown", method="GET")
    except HTTPResponseError as error:
        raise ToolError(_refused(error)) from None
    except (NotionClientErrorBase, httpx.HTTPError, ValueError):
        raise ToolError("Notion did not answer. Go on without the page, and name it under gaps.") from None
    return _title(shown), str(text.get("markdown") or "")[:_MOST_CHARS]


@contextmanager
def asking(access: Json) -> Iterator[Client]:
    """A client with the token that only reads; it tries nothing twice."""
    with httpx.Client(timeout=_SECONDS, trust_env=False) as wire:
        yield Client(
            client=wire,
            auth=access["token"],
            base_url=access["base_url"],
            notion_version=API_VERSION,
            retry=False,
            logger=log,
            log_level=logging.ERROR,
        )


def linked(markdown: str) -> list[str]:
    """The pages of Notion that a text leads to."""
    return _LINKED.findall(markdown)


def _refused(error: HTTPResponseError) -> str:
    """Notion does not tell what is not there from what was not shared."""
    if error.status in {401, 403}:
        return "Notion does not take the token that pages are read with. Go on without it, and say so under gaps."
    if error.status == 404:
        return "There is no such page, or it is not shared with the integration that reads. Name it under gaps."
    return f"Notion answered {error.status}. Go on without the page, and name it under gaps."


def _title(page: Json) -> str:
    """https://developers.notion.com/reference/page-property-values#title"""
    properties = page.get("properties") or {}
    titles = [one.get("title") or [] for one in properties.values() if one.get("type") == "title"]
    return "".join(item.get("plain_text", "") for parts in titles for item in parts)
