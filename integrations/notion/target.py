"""Notion: briefs as rows of the owner's data source, and the open items of the inbox as rows of another."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar

from integrations.contracts import DeliveryError, Json, Landed, Marked, OutcomeUnknown, Outgoing, TargetClosed
from integrations.notion import board, briefs
from integrations.notion.client import Notion, Visit
from integrations.notion.columns import Column, Columns
from integrations.notion.rows import Row, Rows
from integrations.words import _


class NotionTarget:
    """Writes rows: a brief that was revised, and an item that was decided, is the row that it was."""

    slug: ClassVar[str] = "notion"
    kinds: ClassVar[frozenset[str]] = frozenset({"brief", "notice"})
    # Queries may lag behind what was made; how long is not promised.
    lag_seconds: ClassVar[float] = 10.0

    def __init__(
        self,
        *,
        token: str,
        site: str,
        data_source: str = "",
        review_data_source: str = "",
        base_url: str = "https://api.notion.com",
        per_second: float = 3.0,
    ) -> None:
        self._notion = Notion(token=token, base_url=base_url, per_second=per_second)
        self._site = site
        self._sources = {"brief": data_source, "notice": review_data_source}
        self._schemas: dict[str, Json] = {}

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Make the row or bring it up to date. Raises DeliveryError or OutcomeUnknown."""
        row, shown = self._row(outgoing), outgoing.previous
        must_prove = _must_prove(outgoing)
        # What may be approved there is written anew, unless it is known how what was written reads there.
        proof = board.carried_over(shown.detail, row) if shown and must_prove else ""
        with self._rows(outgoing.kind) as rows:
            page, text = rows.put(row, known_as=shown.external_id if shown else "", afresh=must_prove and not proof)
        return _landed(page, board.proof_of(row, text) if text and must_prove else proof)

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The row, if it shows exactly this. Raises OutcomeUnknown if that cannot be seen."""
        row = self._row(outgoing)
        if _must_prove(outgoing):
            return None  # it is brought up to date once more, and what it shows is kept
        try:
            with self._rows(outgoing.kind) as rows:
                page = rows.find(row.external_id)
                return _landed(page, "") if page and rows.shows(page, row) else None
        except DeliveryError as error:
            raise OutcomeUnknown(str(error)) from error

    def listing(self, since: datetime) -> list[Marked]:
        """The rows that were made since then, doubles too. Raises DeliveryError or OutcomeUnknown."""
        found = []
        for kind, given in self._sources.items():
            if given:
                with self._rows(kind) as rows:
                    found += [
                        Marked(key=key, external_id=page["id"], url=page["url"]) for key, page in rows.since(since)
                    ]
        return found

    def withdraw(self, double: Marked) -> None:
        """Into the trash, from which its owner can take it back. Raises DeliveryError or OutcomeUnknown."""
        with self._notion.visit() as visit:
            visit.discard(double.external_id)

    def _row(self, outgoing: Outgoing) -> Row:
        if outgoing.kind not in self.kinds:
            raise DeliveryError(
                _("Notion takes briefs and notices, not a {kind}.").format(kind=outgoing.kind), permanent=True
            )
        if outgoing.kind == "brief":
            return briefs.row(outgoing, site=self._site)
        if "review" not in outgoing.fields:
            raise DeliveryError(
                _("Notion shows the items of the inbox, and this notice is about none."), permanent=True
            )
        return board.row(outgoing)

    @contextmanager
    def _rows(self, kind: str) -> Iterator[Rows]:
        """The rows of a data source whose columns fit. Raises DeliveryError."""
        given = self._sources[kind]
        wanted: Sequence[Column] = briefs.COLUMNS if kind == "brief" else board.COLUMNS
        with self._notion.visit() as visit:
            try:
                source = self._schema(visit, given)
                columns = Columns(source, wanted)
                columns.check()
                yield Rows(visit, source["id"], columns)
            except DeliveryError as error:
                if error.permanent or isinstance(error, TargetClosed):
                    # Its owner may have mended it before the next try.
                    self._schemas.pop(given, None)
                raise

    def _schema(self, visit: Visit, given: str) -> Json:
        """The data source as it was at first sight."""
        if given not in self._schemas:
            self._schemas[given] = visit.source(given)
        return self._schemas[given]


def _must_prove(outgoing: Outgoing) -> bool:
    """Whether a decision on the row may send something."""
    return outgoing.kind == "notice" and board.is_approvable(outgoing)


def _landed(page: Json, proof: str) -> Landed:
    return Landed(external_id=page["id"], url=page["url"], detail=proof or "a row in Notion")
