"""Whether documents can be written where they are to lie: a folder of this machine, or a bucket."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from integrations.contracts import DeliveryError, Finding, OutcomeUnknown
from integrations.folder.places import Place
from integrations.folder.target import place_at
from integrations.words import _, gettext_noop

_FIX = gettext_noop("Look at NIGHTDESK_FOLDER: its name, and what this user or key may do there.")


class FolderProbe:
    """Looks at the place with the options of its target."""

    slug: ClassVar[str] = "folder"

    def __init__(self, *, root: Path | str, options: Mapping[str, str] | None = None, pages: str = "") -> None:
        self._root, self._options = str(root), options or {}

    def look(self) -> list[Finding]:
        """Whether it can be read. Nothing is written."""
        try:
            place = place_at(self._root, self._options)
            place.read(_path())
        except (OutcomeUnknown, ValueError) as error:
            return [Finding(ok=False, says=str(error), fix=_(_FIX))]
        return [Finding(ok=True, says=_("Documents lie in {shown}.").format(shown=place.shown))]

    def try_out(self) -> list[Finding]:
        """Write a file, read it, and take it away again."""
        try:
            place = place_at(self._root, self._options)
            _round_trip(place)
        except (DeliveryError, OutcomeUnknown, ValueError) as error:
            return [Finding(ok=False, says=str(error), fix=_(_FIX))]
        return [
            Finding(
                ok=True,
                says=_("A file was written into {shown}, read, and taken away again.").format(shown=place.shown),
            )
        ]


def _round_trip(place: Place) -> None:
    path, content = _path(), secrets.token_bytes(16)
    place.prepare()
    with place.staged([content]) as (put,):
        put(path)
    try:
        if place.read(path) != content:
            raise OutcomeUnknown(
                _("{shown} does not give back what was written into it.").format(shown=place.shown)
            )
    finally:
        place.remove(path)


def _path() -> str:
    return f".nightdesk/trial-{secrets.token_hex(8)}"
