"""One row for each thing that is shown, brought up to date in place: looked for before it is made, never doubled.

The column Digest says which text the row's page holds, and by which delivery; while it is being written it says so.
Thus a page that is half written is known as such and finished at the next try, and a text that is there already is
not written again.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from integrations.contracts import DeliveryError, Json
from integrations.notion.client import NotThere, Visit
from integrations.notion.columns import DIGEST, EXTERNAL_ID, TITLE, Columns
from integrations.words import _

# Of what Notion takes in one call (1,000 blocks, 500 KB) with room for what it counts as blocks and we don't.
MAX_LINES = 400
MAX_BYTES = 200_000
_MAX_TITLE = 200
BEING_WRITTEN = "being written"


@dataclass(frozen=True)
class Row:
    """What a row shows. `external_id` is the same over all its versions, and no other row has it."""

    external_id: str
    title: str
    blocks: Sequence[str]
    values: Mapping[str, str] = field(default_factory=dict)  # column -> text
    key: str = ""  # of the delivery that made it as it is, where what is there is to be listed by it

    @property
    def digest(self) -> str:
        """Of the page's text."""
        return hashlib.sha256("\n\n".join(self.blocks).encode()).hexdigest()[:32]

    @property
    def mark(self) -> str:
        """What Digest says once all of it is there."""
        return f"{self.digest} {self.key}".strip()

    def texts(self) -> dict[str, str]:
        """Every column but Digest."""
        return {TITLE.name: self.title[:_MAX_TITLE], EXTERNAL_ID.name: self.external_id, **self.values}


class Rows:
    """The rows of one data source, seen on one visit."""

    def __init__(self, visit: Visit, source: str, columns: Columns) -> None:
        self._visit = visit
        self._source = source
        self._columns = columns

    def put(self, row: Row, *, known_as: str = "", afresh: bool = False) -> tuple[Json, Json | None]:
        """Make the row, or bring it up to date; return its page, and its text if that was written.

        `known_as` is the page's id, where it is known; `afresh`: write the text even if it should be there.
        """
        parts = list(_parts(row.blocks))
        page = self._known(row, known_as) or self.find(row.external_id)
        if page is None:
            page = self._create(row, parts)
            return page, self._visit.text(page["id"]) if afresh else None
        text = None
        if afresh or self._columns.text(page, DIGEST.name).split(" ")[0] != row.digest:
            page = self._change(page, {DIGEST.name: BEING_WRITTEN})
            text = self._append(page, parts[1:], self._visit.replace_text(page["id"], parts[0]))
        return self._change(page, {**row.texts(), DIGEST.name: row.mark}), text

    def find(self, external_id: str) -> Json | None:
        """The page of this row, or None. Of several the oldest counts, and the others go into the trash."""
        found = self._visit.rows(self._source, self._columns.equals(EXTERNAL_ID.name, external_id))
        for double in found[1:]:
            self._visit.discard(double["id"])
        return found[0] if found else None

    def since(self, moment: datetime) -> Iterator[tuple[str, Json]]:
        """Every row of ours that was made since then and is whole, with its key, the oldest first."""
        made = {"timestamp": "created_time", "created_time": {"on_or_after": moment.isoformat()}}
        for page in self._visit.every_row(self._source, {"and": [made, self._columns.is_set(DIGEST.name)]}):
            mark = self._columns.text(page, DIGEST.name)
            if mark != BEING_WRITTEN and " " in mark:
                yield mark.split(" ", 1)[1], page

    def shows(self, page: Json, row: Row) -> bool:
        """Whether the page is this row, whole."""
        texts = {**row.texts(), DIGEST.name: row.mark}
        return not self._columns.differing(page, texts)

    def _known(self, row: Row, page: str) -> Json | None:
        """The page with this id, if it still is this row and not in the trash."""
        if not page:
            return None
        try:
            found = self._visit.page(page)
        except NotThere:
            return None
        is_it = self._columns.text(found, EXTERNAL_ID.name) == row.external_id
        return found if is_it and not found["in_trash"] else None

    def _create(self, row: Row, parts: list[str]) -> Json:
        """In one call where the text fits into one; else it is marked as whole at the end."""
        mark = row.mark if len(parts) == 1 else BEING_WRITTEN
        values = self._columns.values({**row.texts(), DIGEST.name: mark})
        page = self._visit.create(self._source, values, parts[0])
        self._append(page, parts[1:], {})
        return page if len(parts) == 1 else self._change(page, {DIGEST.name: row.mark})

    def _append(self, page: Json, parts: Sequence[str], text: Json) -> Json:
        """Add the parts; return the page's text after the last."""
        for part in parts:
            text = self._visit.append_text(page["id"], part)
        return text

    def _change(self, page: Json, texts: Mapping[str, str]) -> Json:
        """Write what differs; nothing if nothing does."""
        differing = self._columns.differing(page, texts)
        return self._visit.change(page["id"], self._columns.values(differing)) if differing else page


def _parts(blocks: Sequence[str]) -> Iterator[str]:
    """The text in parts that one call may carry; one empty part where there is none. Raises DeliveryError."""
    part: list[str] = []
    lines = size = 0
    for block in blocks:
        more_lines, more_bytes = block.count("\n") + 1, len(block.encode()) + 2
        if more_lines > MAX_LINES or more_bytes > MAX_BYTES:
            raise DeliveryError(_("A paragraph, list or table of it is too long for Notion."), permanent=True)
        if part and (lines + more_lines > MAX_LINES or size + more_bytes > MAX_BYTES):
            yield "\n\n".join(part)
            part, lines, size = [], 0, 0
        part.append(block)
        lines, size = lines + more_lines, size + more_bytes
    yield "\n\n".join(part)
