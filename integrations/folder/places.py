"""Where documents lie: on a disk, or in a bucket that speaks S3. Either gives a name once and never again."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from integrations import disk
from integrations.contracts import OutcomeUnknown
from integrations.words import _

# Puts staged bytes at a path; False, and nothing done, if something is there already.
Putting = Callable[[str], bool]


class Place(Protocol):
    """Paths are relative, with slashes. Faults come as DeliveryError or OutcomeUnknown."""

    shown: str  # the place as a person knows it

    def prepare(self) -> None:
        """Be there. Raises DeliveryError."""
        ...

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None if there is none. Raises OutcomeUnknown where that cannot be seen."""
        ...

    def names(self, folder: str) -> list[str]:
        """The paths of all files in the folder and below, sorted. Raises OutcomeUnknown."""
        ...

    def staged(self, contents: list[bytes]) -> AbstractContextManager[list[Putting]]:
        """Have these bytes ready: what cannot be done for want of room is known before the first name appears."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Put the bytes there, in place of what is there: for pages of our own alone."""
        ...

    def remove(self, path: str) -> None:
        """Take it away if it is there: for what was put there to try alone."""
        ...


class Disk:
    """A folder of this machine, which is made where it is missing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.shown = str(root)

    def prepare(self) -> None:
        """As promised."""
        with self._writing():
            disk.make_folder(self._root)

    def read(self, path: str) -> bytes | None:
        """As promised."""
        with self._looking():
            try:
                return (self._root / path).read_bytes()
            except (FileNotFoundError, IsADirectoryError):
                return None

    def names(self, folder: str) -> list[str]:
        """As promised."""
        with self._looking():
            found = (self._root / folder).rglob("*")
            return sorted(path.relative_to(self._root).as_posix() for path in found if path.is_file())

    @contextlib.contextmanager
    def staged(self, contents: list[bytes]) -> Iterator[list[Putting]]:
        """As promised."""
        parts = self._root / ".nightdesk" / "parts"
        with self._writing(), contextlib.ExitStack() as stack:
            files = [stack.enter_context(disk.staged(parts, content)) for content in contents]
            yield [self._putting(file) for file in files]

    def write(self, path: str, content: bytes) -> None:
        """As promised; whole or not at all."""
        with self._writing(), disk.staged(self._root / ".nightdesk" / "parts", content) as part:
            disk.make_folder((self._root / path).parent)
            part.replace(self._root / path)

    def remove(self, path: str) -> None:
        """As promised."""
        with self._writing():
            (self._root / path).unlink(missing_ok=True)

    def _putting(self, part: Path) -> Putting:
        def put(path: str) -> bool:
            disk.make_folder((self._root / path).parent)
            return disk.place(part, self._root / path)

        return put

    @contextlib.contextmanager
    def _looking(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutcomeUnknown(
                _("{root} cannot be read: {strerror}.").format(root=self._root, strerror=error.strerror or error)
            ) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise disk.refusal(error, self._root) from error
