"""The text of a PDF, read in a process of its own: whoever made the file wrote a program, and it may be a trap.

The process has no environment, so no key; it may use so much time and memory, and then is gone.
https://pypdf.readthedocs.io/en/stable/user/extract-text.html
"""

import io
import resource
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

MAGIC = b"%PDF-"
MAX_CHARS = 200_000
SECONDS = 20
_MEMORY_BYTES = 1_000_000_000
_ROOT = Path(__file__).parent.parent.parent


class Unreadable(Exception):
    """It holds no text that could be read; the message says why."""


@lru_cache(maxsize=8)
def text_of(content: bytes) -> str:
    """The text of all pages, a blank line between them, at most MAX_CHARS of it. Raises Unreadable."""
    command = [sys.executable, "-m", "agents.tools.pdf"]
    try:
        read = subprocess.run(command, input=content, capture_output=True, env={}, cwd=_ROOT, timeout=SECONDS)  # noqa: S603 - ours
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"it could not be read within {SECONDS} seconds") from error
    text = read.stdout.decode("utf-8", errors="replace").strip()
    if read.returncode:
        raise Unreadable("it is broken, locked by a password, or too large to be read")
    if not text:
        raise Unreadable("its pages are pictures without text")
    return text


def main() -> None:
    """Read a PDF from standard input, write its text to standard output; any failure is an exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # Here alone: the library is not for the process that holds the keys.
    from pypdf import PdfReader

    left = MAX_CHARS
    for page in PdfReader(io.BytesIO(sys.stdin.buffer.read())).pages:
        text = page.extract_text().replace("\x00", "")[:left]
        sys.stdout.buffer.write(f"{text}\n\n".encode("utf-8", errors="replace"))
        left -= len(text)
        if left <= 0:
            return


if __name__ == "__main__":
    main()
