"""What a page has to stand: axe, the strict policy, a phone's width, and a weight."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

MAX_BYTES, MAX_REQUESTS, MAX_SCRIPT = 25_000, 6, 5_000
# How wide the page is beyond what the window shows.
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What axe knows about colours: all of it that another theme can change.
COLOURS = ("color-contrast", "link-in-text-block")


@cache
def _axe() -> str:
    return next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")


def faults(page: Page, *, only: Sequence[str] = ()) -> list[str]:
    """What axe finds by all its rules, or by these only.

    It runs in a world of its own, so that the page's policy stays as strict as it is.
    """
    session = page.context.new_cdp_session(page)
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})["executionContextId"]
    session.send("Runtime.evaluate", {"expression": _axe(), "contextId": world})
    wanted = {"resultTypes": ["violations"]} | ({"runOnly": list(only)} if only else {})
    asked = {
        "expression": f"axe.run(document, {json.dumps(wanted)})",
        "contextId": world,
        "awaitPromise": True,
        "returnByValue": True,
    }
    result = session.send("Runtime.evaluate", asked)["result"]["value"]
    session.detach()
    # A rule that could not be run proves nothing.
    assert result["testEngine"]["name"] == "axe-core"
    return [f"{one['id']}: {node['html'][:200]}" for one in result["violations"] for node in one["nodes"]]


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate(_TOO_WIDE))


@dataclass(frozen=True)
class Load:
    """What came over the line for one address, in bytes: as it was compressed, without and with its headers."""

    body: int
    whole: int


def loads(page: Page, address: str) -> dict[str, Load]:
    """What a first visit loads until the page stands, by address."""
    page.goto("about:blank")
    session = page.context.new_cdp_session(page)
    begun: dict[str, dict[str, Any]] = {}
    ended: dict[str, int] = {}
    session.on("Network.responseReceived", lambda told: begun.update({told["requestId"]: told["response"]}))
    session.on("Network.loadingFinished", lambda told: ended.update({told["requestId"]: told["encodedDataLength"]}))
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(address, wait_until="load")
    # What the page fetches ahead comes after it stands.
    found = [(begun[one], size) for one, size in ended.items() if begun[one]["url"].startswith("http")]
    session.detach()
    return {told["url"]: Load(size - told["encodedDataLength"], size) for told, size in found}


def is_heavy(loaded: dict[str, Load]) -> bool:
    """Whether a page loads more than it may."""
    whole = sum(load.whole for load in loaded.values())
    script = sum(load.body for url, load in loaded.items() if url.endswith(".js"))
    return whole > MAX_BYTES or script > MAX_SCRIPT or len(loaded) > MAX_REQUESTS
