"""The last net: no secret of a process leaves it in anything that was made or is sent, however it got there.

Searched for as it stands and in the writings that a text is usually carried out in: base64, hex, percent signs.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote

# What is shorter stands in texts by chance.
_SHORTEST = 12


def found_in(contents: Iterable[bytes], secrets: Mapping[str, Iterable[str]]) -> str:
    """The name of the first secret that one of the contents holds; empty if none does."""
    forms = [(name, form) for name, values in secrets.items() for value in values for form in _forms(value)]
    for content in contents:
        lowered = content.lower()
        for name, form in forms:
            if form in content or (form.isalnum() and form in lowered):
                return name
    return ""


@lru_cache(maxsize=256)
def _forms(value: str) -> tuple[bytes, ...]:
    if len(value) < _SHORTEST:
        return ()
    raw = value.encode()
    quoted = quote(value, safe="").encode()
    return tuple(dict.fromkeys([raw, raw.hex().encode(), quoted, *_in_base64(raw)]))


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """Wherever it begins in what was encoded: what its neighbours decide too is left out."""
    for before in range(3):
        code = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
        inner = code[-(-before * 8 // 6) : len(code) - bool((before + len(raw)) % 3)]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")
