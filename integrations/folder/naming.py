"""Names that are safe on any disk: no path, no hidden file, no control character, bounded length."""

import re
import unicodedata

MAX_NAME_BYTES = 120
MAX_SLUG_CHARS = 40

_UNSAFE = re.compile(r'[\s<>:"|?*\\/]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The last part of `name` as a file name of at most 120 bytes; its ending is kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # Category C: control, format (also marks that turn the direction of writing), unassigned, surrogates.
    visible = "".join(" " if unicodedata.category(char).startswith("C") else char for char in last)
    clean = _UNSAFE.sub("-", visible.strip()).strip(".- ")
    if not clean:
        return "file"
    if _RESERVED.match(clean):
        clean = f"file-{clean}"
    return _shortened(clean)


def versioned(name: str, number: int) -> str:
    """The name of version `number`: draft.md, draft-v2.md, draft-v3.md."""
    if number == 1:
        return name
    stem, ending = split(name)
    return f"{stem}-v{number}{ending}"


def split(name: str) -> tuple[str, str]:
    """Stem and ending with its dot; what is too long to be an ending belongs to the stem."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and 0 < len(ending.encode()) <= 16 else (name, "")


def slug(title: str) -> str:
    """The title in lower-case ASCII letters, digits and hyphens, at most 40 characters; `job` if none is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG_CHARS].strip("-") or "job"


def _shortened(name: str) -> str:
    stem, ending = split(name)
    room = MAX_NAME_BYTES - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(".- ") + ending
