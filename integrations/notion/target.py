"""Notion: briefs as rows of the owner's data source."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from integrations.contracts import DeliveryError, Json, Landed, OutcomeUnknown, Outgoing
from integrations.notion import briefs
from integrations.notion.client import Notion, Visit
from integrations.notion.columns import Column, Columns
from integrations.notion.rows import Row, Rows


class NotionTarget:
    """Writes rows into the owner's data source; a brief that was revised is the same row."""

    slug: ClassVar[str] = "notion"
    kinds: ClassVar[frozenset[str]] = frozenset({"brief"})
    # Queries may lag behind what was made; how long is not promised.
    lag_seconds: ClassVar[float] = 10.0

    def __init__(
        self,
        *,
        token: str,
        site: str,
        data_source: str = "",
        base_url: str = "https://api.notion.com",
        per_second: float = 3.0,
    ) -> None:
        self._notion = Notion(token=token, base_url=base_url, per_second=per_second)
        self._site = site
        self._data_source = data_source
        self._schemas: dict[str, Json] = {}

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Make the row or bring it up to date. Raises DeliveryError or OutcomeUnknown."""
        row = self._row(outgoing)
        known_as = outgoing.previous.external_id if outgoing.previous else ""
        with self._rows(self._data_source, briefs.COLUMNS) as rows:
            return _landed(rows.put(row, known_as=known_as))

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The row, if it shows exactly this. Raises OutcomeUnknown if that cannot be seen."""
        row = self._row(outgoing)
        try:
            with self._rows(self._data_source, briefs.COLUMNS) as rows:
                page = rows.find(row.external_id)
                return _landed(page) if page and rows.shows(page, row) else None
        except DeliveryError as error:
            raise OutcomeUnknown(str(error)) from error

    def _row(self, outgoing: Outgoing) -> Row:
        if outgoing.kind not in self.kinds:
            raise DeliveryError(f"Notion takes briefs, not a {outgoing.kind}.", permanent=True)
        return briefs.row(outgoing, site=self._site)

    @contextmanager
    def _rows(self, source: str, wanted: Sequence[Column]) -> Iterator[Rows]:
        """The rows of a data source whose columns fit. Raises DeliveryError."""
        with self._notion.visit() as visit:
            try:
                schema = self._schema(visit, source)
                columns = Columns(schema, wanted)
                columns.check()
                yield Rows(visit, schema["id"], columns)
            except DeliveryError as error:
                if error.permanent:
                    # Its owner may have mended it before the next try.
                    self._schemas.pop(source, None)
                raise

    def _schema(self, visit: Visit, source: str) -> Json:
        """The data source as it was at first sight."""
        if source not in self._schemas:
            self._schemas[source] = visit.source(source)
        return self._schemas[source]


def _landed(page: Json) -> Landed:
    return Landed(external_id=page["id"], url=page["url"], detail="a row in Notion")
