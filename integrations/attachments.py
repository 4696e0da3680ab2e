"""Files that come with an event: how many and how large they may be, and how a JSON body brings them."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from integrations import bodies
from integrations.contracts import Attached, Frozen, Json, Malformed, TooLarge

MAX_FILES = 10
MAX_FILE_BYTES = 5_000_000
MAX_TOTAL_BYTES = 10_000_000


class _Brought(Frozen):
    """One file in a JSON body."""

    name: str = Field(min_length=1, max_length=255)
    base64: str
    media_type: str = Field(default="", max_length=255)


def limits() -> str:
    """What is taken, as a sentence."""
    return f"Up to {MAX_FILES} files, {_size(MAX_FILE_BYTES)} each, {_size(MAX_TOTAL_BYTES)} together."


def problem(files: Sequence[tuple[str, int]]) -> str:
    """Why files of these names and sizes are not taken, as a sentence that says what to do; empty if they are."""
    if len(files) > MAX_FILES:
        return f"These are {len(files)} files: send at most {MAX_FILES}."
    for name, size in files:
        if size > MAX_FILE_BYTES:
            return f"“{bodies.one_line(name, 80)}” has {_size(size)}: one file may have {_size(MAX_FILE_BYTES)}."
    total = sum(size for _, size in files)
    if total > MAX_TOTAL_BYTES:
        return f"The files have {_size(total)} together: send at most {_size(MAX_TOTAL_BYTES)}."
    return ""


def taken_out(data: Json) -> tuple[Json, list[Attached]]:
    """The data with the names of its files in their place, and the files.

    Files are {"files": [{"name": …, "base64": …, "media_type": …}, …]}; anything else of that name is an ordinary
    value. Raises Malformed for a file that cannot be read, TooLarge for more than is taken.
    """
    given = data.get("files")
    if not isinstance(given, list) or not any(isinstance(file, dict) and "base64" in file for file in given):
        return data, []
    files = [_read(number, file) for number, file in enumerate(given, start=1)]
    if said := problem([(file.name, len(file.content)) for file in files]):
        raise TooLarge(said)
    return {**data, "files": [file.name for file in files]}, files


def encoded_bytes(files: Sequence[Attached]) -> int:
    """How much of a JSON body the files were."""
    return sum(4 * -(-len(file.content) // 3) for file in files)


def _read(number: int, file: Any) -> Attached:
    try:
        brought = bodies.read_conditions(_Brought, file)
        content = base64.b64decode(brought.base64, validate=True)
    except binascii.Error as error:
        raise Malformed(f"File {number} is not base64 ({error}): encode its bytes, without any prefix.") from error
    except ValueError as error:
        raise Malformed(f"File {number} cannot be read: {error}") from error
    return Attached(name=brought.name, media_type=brought.media_type, content=content)


def _size(number: int) -> str:
    """In MB, as people say it; never less than it is."""
    return f"{-(-number // 100_000) / 10:g} MB"
