"""The rehearsal sorts a request: each clause by what it asks for. What asks for nothing is context."""

import re
from dataclasses import dataclass, field

from agents.llm.rehearsal import vocabulary as say
from agents.llm.rehearsal.reading import Told, items, urls

_GIT_ADDRESS = re.compile(r"\S+\.git\b|https?://github\.com/[\w.-]+/[\w.-]+(?=[\s.,;)]|$)")
_NAMED_REPOSITORY = (
    re.compile(r"\b(?:repository|repo|repositorio)(?: called| named|:)? [`\"']?([\w.-]+(?:/[\w.-]+)*\w)", re.I),
    re.compile(r"([\w.-]+(?:/[\w.-]+)?)[`\"']? (?:repository|repo)\b", re.I),
)
_NO_NAME = set(
    re.findall(r"\w+", "the our a this that their its is and in of to has git code your my for on it im das")
)
_SHORT = 2
_BARE_WISH = re.compile(r"^(?:an?|one|eine?n?|une?|una|uno|un)\s+(?:\S+\s+){0,3}")
_COMMAS = re.compile(r",\s*(?:(?:and|und|et|y|e)\s+)?|\s+(?:and|und)\s+(?=(?:an?|the|eine?n?|das|die|der)\s)")
_REPLIED = re.compile(r"^(?:re|aw|fwd?|wg|tr|rv)\s*:", re.I)


@dataclass(frozen=True)
class Wanted:
    """A request, sorted. `texts` and `code` are the clauses that each want something made."""

    texts: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    tell: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    judge: list[str] = field(default_factory=list)
    hands: list[str] = field(default_factory=list)  # what no agent can do
    hostile: list[str] = field(default_factory=list)  # what is passed on to nobody
    context: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    repository: str = ""
    rests_on: list[int] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether no agent is asked for anything."""
        return not (self.texts or self.code or self.tell or self.read or self.judge)


def sort(told: Told, offered: set[str]) -> Wanted:
    """Each clause of the request under what it asks for; `offered` are the agents that there are."""
    said = items(told.text) or items(told.title)
    for answer in told.answers:
        # "None of these: write a report" asks behind its colon.
        said += [item for part in re.split(r":\s+", answer) for item in items(part) if item not in said]
    found: dict[str, list[str]] = {}
    for clause in (clause for item in said for clause in clauses(item)):
        found.setdefault(_sorted_under(clause, told), []).append(clause)
    if not offered & {"code"}:
        found.setdefault("context", []).extend(found.pop("code", []))
    if not (told.reachable and "communication" in offered):
        found.setdefault("context", []).extend(found.pop("tell", []))
    if found.get("code") and not urls(told.text):
        # To look into a fault is a part of mending it.
        found.setdefault("context", []).extend(found.pop("read", []))
    repository, rests_on = _repository(told)
    if told.answers and not repository:
        found.setdefault("context", []).extend(found.pop("code", []))
    if not set(found) - {"context"} and "code" in offered and _in_words(told) in told.repositories:
        # What names a repository of the owner's and asks for nothing else is about its code.
        found["code"] = found.pop("context", [])
    wanted = Wanted(**found, sources=_sources(told, found), repository=repository, rests_on=rests_on)
    return _by_its_title(told, wanted) if wanted.is_nothing and not wanted.hands else wanted


def clauses(item: str) -> list[str]:
    """Where one sentence asks for several things, "write a report and tell the client", each of them.

    So does a list behind a colon: "we need: a page, a leaflet and a form".
    """
    head, _, tail = item.partition(":")
    if say.NEED.search(say.plain(head)) and tail.startswith(" "):
        listed = [part.strip() for part in _COMMAS.split(tail) if part.strip()]
        if len(listed) > 1:
            return [head, *listed]
    parts = say.AND.split(item)
    joints = [found[0] for found in say.AND.finditer(item)]
    made: list[str] = []
    for number, part in enumerate(parts):
        asks = _verb_of(part, at_start=True) or _ends_with_verb(part)
        if made and asks and (_verb_of(made[-1]) or _tells_client(part)):
            made.append(part.strip())
        elif made:
            made[-1] += joints[number - 1] + part
        else:
            made.append(part.strip())
    return [part for part in made if part]


def kind_of(item: str) -> str:
    """The kind of text that a clause names first; "other" if none."""
    words = say.plain(item)
    places = {kind: found.start() for kind, pattern in say.KINDS.items() if (found := pattern.search(words))}
    return min(places, key=lambda kind: places[kind], default="other")


_GROUPS = {
    "tell": say.TELL,
    "reply": say.REPLY,
    "text": say.WRITE,
    "code": say.FIX,
    "read": say.READ,
    "judge": say.JUDGE,
    "change": say.CHANGE,
    "hands": say.HANDS,
}


def _verb_of(clause: str, *, at_start: bool = False) -> str:
    """The group of the verb that asks: at the clause's start, or, where it is a wish, the first one in it."""
    words = say.MOMENT.sub("", say.plain(clause))
    rest = say.POLITE.sub("", words)
    if say.NOT.match(rest):
        return ""
    for group, pattern in _GROUPS.items():
        if pattern.match(rest):
            return group
    if at_start or not (say.WISH.search(words) or say.NEED.search(words)):
        return ""
    places = {group: found.start() for group, pattern in _GROUPS.items() if (found := pattern.search(rest))}
    return min(places, key=lambda group: places[group], default="")


def _tells_client(clause: str) -> bool:
    """It can only be a wish of its own, whatever stands before it."""
    words = say.POLITE.sub("", say.plain(clause))
    return bool(say.TELL.match(words) and say.PERSON.search(words))


def _ends_with_verb(clause: str) -> bool:
    """As German wishes do: "und den Kunden informieren"."""
    last = re.findall(r"[\w-]+", say.plain(clause))[-1:]
    return bool(last) and last[0].endswith("en") and any(pattern.fullmatch(last[0]) for pattern in _GROUPS.values())


def _sorted_under(clause: str, told: Told) -> str:
    words = say.plain(clause)
    if say.HOSTILE.search(words):
        return "hostile"
    if say.LENGTH.match(words) or say.NOT.match(say.POLITE.sub("", words)):
        return "context"
    verb = _verb_of(clause)
    if verb == "tell" and told.reachable and say.TELL_NAMED.search(clause):
        return "tell"  # whoever is named is somebody at the client: a message can go nowhere else
    decide = {
        "text": _written,
        "tell": _told,
        "reply": lambda words, told: "tell",
        "code": _fixed,
        "read": lambda words, told: "read",
        "judge": lambda words, told: "judge" if told.files else "read",
        "change": _fixed,
        "hands": _by_hand,
    }.get(verb, _unasked)
    return decide(words, told)


def _written(words: str, told: Told) -> str:
    """A message to the client is written by the agent that sends it."""
    if told.reachable and (kind_of(words) == "email" or say.WRITE_TO.search(words)):
        return "tell"
    return (
        "tell"
        if kind_of(words) == "other" and (say.TO_PERSON.search(words) or _names_client(words, told))
        else "texts"
    )


def _told(words: str, told: Told) -> str:
    return "tell" if say.PERSON.search(words) or _names_client(words, told) else _unasked(words, told)


def _fixed(words: str, told: Told) -> str:
    whole = say.plain(told.request)
    # "Please fix it." is about what was told before; and where there is code, what is broken may be in it.
    is_fault = _verb_of(words) == "code" and told.repositories
    about = whole if is_fault or len(say.POLITE.sub("", words).split()) <= _SHORT else words
    if say.CODE.search(words) or say.SOFTWARE.search(about) or say.CODE.search(whole):
        return "code"
    return "hands"


def _by_hand(words: str, told: Told) -> str:
    return "hands"


def _unasked(words: str, told: Told) -> str:
    """What stands in a request without a verb that asks: a fault that is told of, a need, or context."""
    if say.CODE.search(words):
        return "code"
    if say.PAYMENT.search(words):
        return "hands"
    bare = _BARE_WISH.match(words)
    needed = say.NEED.search(words) or bare
    return "texts" if needed and kind_of(words) != "other" else "context"


def _names_client(words: str, told: Told) -> bool:
    names = [name for name in re.findall(r"\w+", say.plain(told.client)) if len(name) > 3]
    return any(re.search(rf"\b(?:to |an |a |al )?{re.escape(name)}\b", words) for name in names)


def _by_its_title(told: Told, wanted: Wanted) -> Wanted:
    """A title such as "Spring newsletter" is a wish by itself; one that replies is not."""
    if not told.title or not told.text or _REPLIED.match(told.title) or kind_of(told.title) in {"other", "email"}:
        return wanted
    return (
        Wanted(
            texts=[told.title],
            context=wanted.context,
            hostile=wanted.hostile,
            sources=wanted.sources,
            repository=wanted.repository,
        )
        if wanted.context
        else wanted
    )


def _sources(told: Told, found: dict[str, list[str]]) -> list[str]:
    words = say.plain(told.request)
    named = [url for url in urls(told.request) if not _GIT_ADDRESS.fullmatch(url)]
    reads = found.get("read") or re.search(r"summari[sz]|zusammenfass|resum", words)
    return named + [name for name in told.files if reads and not found.get("judge")]


def _repository(told: Told) -> tuple[str, list[int]]:
    """The repository that data, words or earlier answers name, with the numbers of those answers; else ""."""
    named = _in_data(told) or _in_words(told)
    if named:
        return named, []
    for number, (question, answer) in enumerate(told.known, start=1):
        is_about = "repositor" in say.plain(question)
        if answer in told.repositories or (is_about and re.fullmatch(r"[\w./:@-]+", answer)):
            return answer, [number]
    return (told.repositories[0], []) if len(told.repositories) == 1 else ("", [])


def _in_data(told: Told) -> str:
    for key in ("repository", "repo", "full_name", "clone_url"):
        named = told.data.get(key)
        if isinstance(named, dict):
            named = named.get("full_name") or named.get("name")
        if isinstance(named, str) and named:
            return named
    return ""


def _in_words(told: Told) -> str:
    address = _GIT_ADDRESS.search(told.request)
    if address:
        return address[0]
    answered = [answer for answer in told.answers if re.fullmatch(r"[\w./:@-]+", answer)]
    names = [name for pattern in _NAMED_REPOSITORY for name in pattern.findall(told.request)]
    listed = [name for name in told.repositories if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told.text)]
    fitting = [name for name in names if name in told.repositories]
    plausible = [name for name in names if name.lower() not in _NO_NAME]
    return next(iter([*answered, *fitting, *plausible, *listed]), "")
