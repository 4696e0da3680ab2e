"""What comes from outside is made storable: a database refuses what JSON and Python let through."""

import math
import re
from typing import Any

# Keys by their beginnings, keys in PEM, and what stands before the @ of an address.
_SECRET = re.compile(
    r"(?:sk-ant-|gh[pousr]_|github_pat_|xox[abeprs]-|xapp-|ntn_|secret_|whsec_)[\w+/=.-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.DOTALL,
)


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


def without_secrets(text: str) -> str:
    """The text with everything that looks like a credential taken out, whoever's it is."""
    return _SECRET.sub("[secret]", text)


def _cleaned_text(text: str) -> str:
    text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
