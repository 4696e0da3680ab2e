"""What comes from outside is made storable: a database refuses what JSON and Python let through."""

import math
from typing import Any


def cleaned(value: Any) -> Any:
    """The JSON value without NUL characters, lone surrogates, NaN and infinities, at any depth.

    PostgreSQL takes none of them in a JSON column, and lone surrogates cannot be sent in UTF-8 either.
    """
    if isinstance(value, str):
        return _cleaned_text(value)
    if isinstance(value, dict):
        return {_cleaned_text(str(key)): cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _cleaned_text(text: str) -> str:
    text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
