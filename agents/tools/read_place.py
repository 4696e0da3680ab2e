"""Read what is the owner's own: a page of their Notion, an issue or a file of one of their repositories."""

from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from agents.access import Access
from agents.contracts import Brief, Desk, Json, ToolError
from agents.tools import github_place, notion_page
from agents.tools.guard import Refused
from agents.tools.places import NotionPage, Place, Places, Repository

SHOWN_CHARS = 60_000
_MOST_READ = 30


class PlaceWanted(BaseModel):
    """What the model gives."""

    source: str = Field(description="The source, exactly as it stands in the task")


class ReadPlace:
    """The tool for own places. It asks Notion and GitHub alone, and only for what was named, or is listed there."""

    name = "read_place"
    description = (
        "Read a page of the owner's Notion, or a repository of theirs: one of its issues, a file or a folder, or, "
        "by its name alone, a list of what there is. Give the source exactly as it stands in the task, or as a "
        "page or list that you have read names it. Returns the text with the time it was read."
    )
    replay = False
    access = Access(untrusted=True, private=True, reaches_out=False)
    Input: type[BaseModel] = PlaceWanted

    def __init__(self, named: set[Place], places: Places, *, now: Callable[[], datetime]) -> None:
        self._may = set(named)
        self._places = places
        self._now = now
        self._left = _MOST_READ
        self.shown: dict[str, str] = {}  # what the model has read in this Run, by the source it gave

    @classmethod
    def for_task(cls, brief: Brief, desk: Desk) -> "ReadPlace":
        """The tool for one Run: what may be read is what the owner named."""
        places = Places(desk.options)
        return cls(allowed(brief, places), places, now=desk.now)

    def remember(self, shown: Mapping[str, str]) -> None:
        """What an earlier Run of this round was shown: what that lists may still be read."""
        for text in shown.values():
            self._may |= self._listed(text)

    def run(self, given: PlaceWanted) -> str:
        """The text under a head of source, title and time; raise ToolError for all that went wrong."""
        place = self._places.find(given.source)
        if place is None or not self._may_read(place):
            raise Refused("This place is not named in the task. Read only what is named there, word for word.")
        if self._left <= 0:
            raise ToolError(f"{_MOST_READ} places were read. Work with what you have.")
        self._left -= 1
        title, text = _read(place, self._places)
        self._may |= self._listed(text)
        self.shown[given.source] = self._with_head(given.source, title, text)
        return self.shown[given.source]

    def _may_read(self, place: Place) -> bool:
        """With a repository all of it was named."""
        return bool({place, _whole(place)} & self._may)

    def _listed(self, text: str) -> set[Place]:
        found = [self._places.find(link) for link in notion_page.linked(text)]
        return {place for place in found if isinstance(place, NotionPage)}

    def _with_head(self, source: str, title: str, text: str) -> str:
        head = [f"Source: {source}", f"Title: {title or '(none)'}"]
        head.append(f"Fetched: {self._now().isoformat(timespec='seconds')}")
        shown = text[:SHOWN_CHARS]
        if len(text) > len(shown):
            head.append(f"Cut: the first {len(shown):,} of {len(text):,} characters")
        return "\n".join(head) + "\n\n" + shown


def named_in(given: Json, places: Places) -> dict[str, Place]:
    """The own places among the sources of a task's input, by the words that name them."""
    sources = given.get("sources")
    found = {str(one): places.find(str(one)) for one in (sources if isinstance(sources, list) else [])}
    return {source: place for source, place in found.items() if place}


def allowed(brief: Brief, places: Places) -> set[Place]:
    """The own places that this Task may read: those that it names, as far as the owner's words name them, too."""
    named = set(named_in(brief.input, places).values())
    if brief.owners_words is None:
        return named
    theirs = {place for word in _words(brief.owners_words) if (place := places.find(word))}
    return {place for place in named if {place, _whole(place)} & theirs}


def unnamed(brief: Brief, places: Places) -> list[str]:
    """The own places of a task that only strangers asked for, in its order."""
    may = allowed(brief, places)
    return [source for source, place in named_in(brief.input, places).items() if place not in may]


def _read(place: Place, places: Places) -> tuple[str, str]:
    if isinstance(place, NotionPage):
        return notion_page.read(place.page, places.notion)
    return github_place.read(place, places.github)


def _whole(place: Place) -> Place | None:
    """The repository that the place lies in."""
    return Repository(place.name, place.full_name) if isinstance(place, Repository) else None


def _words(text: str) -> list[str]:
    words = text.split()
    return [*words, *(word.strip("\"'`<>()[].,;:!?“”") for word in words)]
