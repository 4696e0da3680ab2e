"""Places of the owner's own: pages of their Notion; repositories of theirs at GitHub, their issues and files.

They are private, so whoever reads them has no tool that reaches out (agents.access). A place is known by its
address, or, of a repository, by the owner's name for it: `site`, `site#12`, `site:docs/hours.md`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from agents.contracts import Json

_NOTION_HOSTS = ("notion.so", "notion.site", "notion.com")
_NOTION_ID = re.compile(r"([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[?#/].*)?$", re.IGNORECASE)
_ISSUE = re.compile(r"(?:issues|pull)/(\d+)")
_FILE = re.compile(r"(?:blob|tree)/([^/]+)/(.+)")
_SHORT = re.compile(r"([\w.-]+)(?:#(\d+)|:(?!//)(\S+))?")


@dataclass(frozen=True)
class NotionPage:
    """A page, by its id."""

    page: str


@dataclass(frozen=True)
class Repository:
    """One of the owner's repositories at GitHub, or one issue or file of it. A pull request is an issue, too."""

    name: str  # as the owner calls it
    full_name: str
    issue: int = 0
    path: str = ""
    ref: str = ""


Place = NotionPage | Repository


class Places:
    """Which places are connected. `options` is what the installation gives agents, as in Desk.options."""

    def __init__(self, options: Json) -> None:
        connected: Mapping[str, Any] = options.get("places") or {}
        self.notion: Json = connected.get("notion") or {}
        self.github: Json = connected.get("github") or {}
        self._repositories: dict[str, str] = self.github.get("repositories") or {}

    def repositories(self) -> list[str]:
        """The repositories that can be read, by the owner's names."""
        return sorted(self._repositories)

    def find(self, source: str) -> Place | None:
        """The place that a source names; None for the web, a file of the job, or what is not connected."""
        source = source.strip()
        if not source.lower().startswith(("https://", "http://")):
            return self._short(source)
        try:
            parts = urlsplit(source)
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            return None
        if self.notion and any(host == known or host.endswith(f".{known}") for known in _NOTION_HOSTS):
            found = _NOTION_ID.search(unquote(f"{parts.path}"))
            return NotionPage(found[1].replace("-", "").lower()) if found else None
        return self._at_github(parts.netloc.rpartition("@")[2], parts.path) if self.github else None

    def _short(self, source: str) -> Repository | None:
        found = _SHORT.fullmatch(source)
        if not found or found[1] not in self._repositories:
            return None
        return Repository(found[1], self._repositories[found[1]], int(found[2] or 0), found[3] or "")

    def _at_github(self, host: str, path: str) -> Repository | None:
        if host != self.github.get("site"):
            return None
        owner, _, rest = path.strip("/").partition("/")
        name, _, inside = rest.partition("/")
        full_name = f"{owner}/{name.removesuffix('.git')}"
        ours = next((one for one, full in self._repositories.items() if full.lower() == full_name.lower()), "")
        if not ours:
            return None
        if issue := _ISSUE.match(inside):
            return Repository(ours, full_name, issue=int(issue[1]))
        file = _FILE.fullmatch(unquote(inside))
        return Repository(ours, full_name, path=file[2] if file else "", ref=file[1] if file else "")
