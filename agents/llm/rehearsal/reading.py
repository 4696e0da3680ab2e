"""What a rehearsal knows of a call: the opening of every agent, taken apart again."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agents.contracts import Ask, Json

_FENCE = re.compile(r'<(data-[0-9a-f]{16}) name="([^"]*)">\n(.*?)\n</\1>', re.DOTALL)
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_STEP = re.compile(r"Step (\d+), done by (\w+): (.*)")
_ANSWER = re.compile(r"^Asked: (.*?)\nAnswer: (.*?)(?=\n\nAsked: |\Z)", re.MULTILINE | re.DOTALL)
_KNOWN = re.compile(r"^\d+\. Asked: (.*?)\nAnswer: (.*?)\nSaid on \S+$", re.MULTILINE | re.DOTALL)
_LISTED = re.compile(r"^- (.+)$", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.*)$")
_MONTH = (
    r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"  # "3. Mai"
)
_SENTENCE = re.compile(
    rf"(?!(?<=\d\.)\s+{_MONTH})"
    r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bNr\.)(?<=[.!?])[\"')]?\s+(?=[A-Z0-9\"'(])"
)
# A line of marks sets what follows it apart, and so does a new sentence behind one.
_MARKED = r"\n(?=-{3})|(?<=---)\n"
_URL = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w'-]{2,}")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "about after also and any are but can could for from get give had has have her his how into its let like "
        "make may more need not one our out please she should some something stuff than that the their them then "
        "there they thing things this those too want was what when where which who will with would you your",
    )
)


@dataclass(frozen=True)
class DoneStep:
    """An earlier step of the same plan and what it made."""

    position: int
    agent: str
    title: str
    text: str


@dataclass(frozen=True)
class Used:
    """One tool call of this conversation, with its answer."""

    name: str
    given: Json
    text: str
    failed: bool


@dataclass(frozen=True)
class Told:
    """Everything that the call says, by its place in the opening; empty where nothing was said."""

    agent: str
    title: str = ""
    text: str = ""
    task: str = ""
    given: Json = field(default_factory=dict)
    data: Json = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    client: str = ""
    reachable: bool = False
    files: dict[str, str] = field(default_factory=dict)
    steps: list[DoneStep] = field(default_factory=list)
    previous: str = ""
    note: str = ""
    rubric: list[str] = field(default_factory=list)
    known: list[tuple[str, str]] = field(default_factory=list)  # question and answer of earlier jobs
    repositories: list[str] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)

    @property
    def request(self) -> str:
        """Title, brief and the owner's answers: all that was wanted, in the words of who wants it."""
        return "\n".join(part for part in (self.title, self.text, *self.answers) if part)

    @property
    def name(self) -> str:
        """What this is about, on one line."""
        return self.task or self.title or next(iter(sentences(self.text)), "the request")


def read(ask: Ask) -> Told:
    """Take the call apart. An opening of another shape is all request."""
    opening = _opening(ask.messages)
    sections = _sections(opening)
    request = sections.get("The request") or ("" if sections else opening)
    title, _, text = request.partition("\n")
    task, _, given = sections.get("Your task", "").partition("\n")
    client, reachable = _client(sections)
    return Told(
        agent=ask.agent,
        title=title.strip(),
        text=text.strip(),
        task=task.strip(),
        given=_object(given),
        data=_object(sections.get("Data that came with the request", "")),
        answers=[said.strip() for _, said in _ANSWER.findall(sections.get("What the owner answered", ""))],
        client=client,
        reachable=reachable,
        files=_files(sections),
        steps=_steps(sections),
        previous=sections.get("What you made before", ""),
        note=sections.get("What the owner wants changed in it")
        or sections.get("What a review found wrong in it: mend that", ""),
        rubric=items(sections.get("The rubric", "")),
        known=_KNOWN.findall(sections.get("What the owner said in earlier jobs for this client", "")),
        repositories=_LISTED.findall(sections.get("Repositories that can be worked on", "")),
        used=list(_used(ask.messages)),
    )


def items(text: str) -> list[str]:
    """The bullets and sentences of a text, one line each, in order."""
    found: list[str] = []
    for paragraph in re.split(rf"\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)|{_MARKED}", text):
        bullet = _BULLET.match(paragraph.replace("\n", " "))
        found += [" ".join(bullet[1].split())] if bullet else sentences(paragraph)
    return [item for item in found if item]


def sentences(text: str) -> list[str]:
    """The sentences of a text, each on one line."""
    return [" ".join(sentence.split()) for sentence in _SENTENCE.split(text.strip()) if sentence.strip()]


def urls(text: str) -> list[str]:
    """Every address once, without the punctuation of the sentence around it."""
    return list(dict.fromkeys(found.rstrip(".,;:!?)]}*|") for found in _URL.findall(text)))


def words(text: str) -> list[str]:
    """The meaningful words of a text in lower case, each once, addresses left out."""
    plain = _URL.sub(" ", text).lower()
    return list(dict.fromkeys(word for word in _WORD.findall(plain) if word not in _STOP))


def cut(text: str, most: int) -> str:
    """The text on one line, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def headline(text: str, most: int) -> str:
    """The text as a title: on one line, without addresses and the mark at its end, cut at a word."""
    return cut(_URL.sub("", text), most).rstrip(" .,:;")


def _opening(messages: list[Json]) -> str:
    content = messages[0]["content"] if messages else ""
    return content if isinstance(content, str) else _block_text(content)


def _block_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "\n\n".join(block["text"] for block in blocks if isinstance(block.get("text"), str))


def _sections(opening: str) -> dict[str, str]:
    """Sections by heading. Fenced text is set aside first: a heading inside it is not one of the opening's."""
    fenced: list[str] = []

    def aside(found: re.Match[str]) -> str:
        fenced.append(found[3])
        return f"\0{len(fenced) - 1}\0"

    parts = _HEADING.split(_FENCE.sub(aside, opening))
    bodies = [re.sub(r"\0(\d+)\0", lambda found: fenced[int(found[1])], body).strip() for body in parts[2::2]]
    return dict(zip(parts[1::2], bodies, strict=True))


def _client(sections: dict[str, str]) -> tuple[str, bool]:
    """Name, and whether somebody can be written to: an agent that writes is only asked where there is."""
    facts = _object(sections.get("The client it is for", ""))
    if facts:
        return str(facts.get("name", "")), True
    said = sections.get("The client", "")
    name, _, rest = said.partition(" (")
    return ("", False) if said.startswith("None") else (name, rest.startswith("has a trusted"))


def _files(sections: dict[str, str]) -> dict[str, str]:
    whole = {
        heading.removeprefix("File: "): body for heading, body in sections.items() if heading.startswith("File: ")
    }
    listed = sections.get("Files of this job", "") + "\n" + sections.get("Files", "")
    names = re.findall(r"^- (.+?)(?: \([\d,]+ characters\))?$", listed, re.MULTILINE)
    return {**dict.fromkeys(names, ""), **whole}


def _steps(sections: dict[str, str]) -> list[DoneStep]:
    found = [(_STEP.fullmatch(heading), body) for heading, body in sections.items()]
    return [DoneStep(int(step[1]), step[2], step[3], body) for step, body in found if step]


def _used(messages: list[Json]) -> Iterator[Used]:
    calls: dict[str, Json] = {}
    for message in messages:
        blocks = message["content"] if isinstance(message["content"], list) else []
        for block in blocks:
            if block.get("type") == "tool_use":
                calls[block["id"]] = block
            elif block.get("type") == "tool_result" and block["tool_use_id"] in calls:
                call = calls[block["tool_use_id"]]
                text = _block_text(block.get("content", ""))
                yield Used(call["name"], call["input"], text, bool(block.get("is_error")))


def _object(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
