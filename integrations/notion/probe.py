"""Whether Notion can be worked with: the token, what is shared, the columns; a round trip that leaves nothing."""

import uuid
from collections.abc import Callable, Iterator
from typing import ClassVar

from integrations.contracts import DeliveryError, Finding, Json, OutcomeUnknown
from integrations.notion import board, briefs
from integrations.notion.client import Notion, Visit
from integrations.notion.columns import Columns
from integrations.notion.rows import Row, Rows
from integrations.words import _, gettext_noop

_UNSET = gettext_noop(
    "Set NOTION_DATA_SOURCE to the link of the database for briefs, and NOTION_REVIEW_DATA_SOURCE for the inbox."
)


class NotionProbe:
    """Looks at the data sources that are set; `mend` adds the columns that they lack."""

    slug: ClassVar[str] = "notion"

    def __init__(
        self,
        *,
        token: str,
        data_source: str = "",
        review_data_source: str = "",
        base_url: str = "https://api.notion.com",
        per_second: float = 3.0,
    ) -> None:
        self._notion = Notion(token=token, base_url=base_url, per_second=per_second)
        named = {
            gettext_noop("briefs"): (data_source, briefs.COLUMNS),
            gettext_noop("the inbox"): (review_data_source, board.COLUMNS),
        }
        self._sources = {what: given for what, given in named.items() if given[0]}

    def look(self) -> list[Finding]:
        """The login, what is shared, the columns that are missing or wrong."""
        return self._findings(self._looked_at)

    def try_out(self) -> list[Finding]:
        """Make a row in each data source, and put it into the trash."""
        return self._findings(self._tried)

    def mend(self) -> list[Finding]:
        """Add the columns that are missing; what is of a wrong type is left as it is, and named."""
        return self._findings(self._mended)

    def _findings(self, find: Callable[[Visit], Iterator[Finding]]) -> list[Finding]:
        """What was found until Notion refused; its refusal says what to do."""
        found: list[Finding] = []
        try:
            with self._notion.visit() as visit:
                found.extend(find(visit))
        except (DeliveryError, OutcomeUnknown) as error:
            found.append(Finding(ok=False, says=str(error), fix=_("Mend it in Notion, then look again.")))
        return found

    def _looked_at(self, visit: Visit) -> Iterator[Finding]:
        me = visit.me()
        workspace = me.get("bot", {}).get("workspace_name") or _("a workspace")
        yield Finding(
            ok=True,
            says=_("Connected to {workspace} as {name}.").format(
                workspace=workspace, name=me.get("name") or _("an integration")
            ),
        )
        if not self._sources:
            yield Finding(ok=False, says=_("No data source is named."), fix=_(_UNSET))
        for what, source, columns in self._read(visit):
            yield from _fits(what, source, columns)

    def _mended(self, visit: Visit) -> Iterator[Finding]:
        for what, source, columns in self._read(visit):
            if missing := columns.missing():
                source = visit.add_columns(source["id"], missing)
                yield Finding(
                    ok=True,
                    says=_("Added to the data source for {what}: {missing}.").format(
                        what=_(what), missing=", ".join(missing)
                    ),
                )
            yield from _fits(what, source, Columns(source, columns.wanted))

    def _tried(self, visit: Visit) -> Iterator[Finding]:
        for what, source, columns in self._read(visit):
            columns.check()
            row = Row(f"test:{uuid.uuid4()}", "A test, thrown away at once", ["Nothing to see here."])
            page, _made = Rows(visit, source["id"], columns).put(row)
            yield _thrown_away(visit, what, page)

    def _read(self, visit: Visit) -> Iterator[tuple[str, Json, Columns]]:
        for what, (given, wanted) in self._sources.items():
            source = visit.source(given)
            yield what, source, Columns(source, wanted)


def _fits(what: str, source: Json, columns: Columns) -> Iterator[Finding]:
    name = "".join(part.get("plain_text", "") for part in source.get("title", [])) or _("untitled")
    if not columns.problems:
        yield Finding(
            ok=True,
            says=_("The data source for {what}, “{name}”, has every column.").format(what=_(what), name=name),
        )
    for problem in columns.problems:
        yield Finding(
            ok=False,
            says=_("The data source for {what}, “{name}”: {says}").format(
                what=_(what), name=name, says=problem.says
            ),
            fix=problem.fix,
        )


def _thrown_away(visit: Visit, what: str, page: Json) -> Finding:
    try:
        visit.discard(page["id"])
    except (DeliveryError, OutcomeUnknown) as error:
        says = _("A row for {what}, made as a test, is left: {error}").format(what=_(what), error=error)
        return Finding(ok=False, says=says, fix=_("Delete {url} yourself.").format(url=page["url"]))
    return Finding(ok=True, says=_("A row for {what} was made and thrown away again.").format(what=_(what)))
