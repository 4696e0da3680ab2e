"""Which web addresses the person who asked has named: only those may be opened.

An address that a model puts together itself can carry out whatever the model has read, in its path or its query.
"""

import re
from collections.abc import Iterator
from typing import Any

from agents.contracts import Brief

_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
# Around a named address: nothing that could be a part of it, so that https://a.example isn't in https://a.example.org.
_BEFORE = r"(?<![\w:/?&=%.@+-])"
_AFTER = r"(?=$|[\s<>\"'`)\]},;*|]|[.!?:]+(?:$|[\s<>\"'`)\]]))"


def requested(brief: Brief, *, with_input: bool = False) -> str:
    """The request in its own words: title, brief, data, a person's answers and note; not what an agent wrote.

    Of a request that an agent wrote, what people had asked before it: else it could name an address for its own
    successor to open, with whatever it had read. `with_input` adds the Task's input, which the orchestrator wrote
    under the same rule or a person gave directly.
    """
    whole = [brief.job_title, brief.job_brief, *strings(brief.data)] if brief.asked is None else [brief.asked]
    words = [*whole, *(answer.answer for answer in brief.answers)]
    if brief.revision and brief.revision.by == "owner":
        words.append(brief.revision.note)
    if with_input:
        words += strings(brief.input)
    return "\n".join(words)


def is_named(url: str, words: str) -> bool:
    """True when `words` holds exactly this address; an https address may stand there without its scheme."""
    bare = url.removeprefix("https://").removesuffix("/")
    return bool(bare) and (_stands_in(url, words) or (bare != url and _stands_in(bare, words)))


def invented(given: Any, words: str) -> list[str]:
    """The addresses anywhere in `given` (text, or nested lists and dicts) that `words` does not name."""
    found = dict.fromkeys(url for text in strings(given) for url in addresses(text))
    return [url for url in found if not is_named(url, words)]


def addresses(text: str) -> list[str]:
    """Every http or https address in a text, without the punctuation of the sentence around it."""
    return [found.rstrip(".,;:!?)]}*|") for found in _ADDRESS.findall(text)]


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys left out, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def _stands_in(address: str, words: str) -> bool:
    return re.search(_BEFORE + re.escape(address) + _AFTER, words) is not None
