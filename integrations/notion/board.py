"""The inbox as rows of a data source: each open item with its whole text, and what a person decided on its row."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, Literal

from integrations.bodies import one_line
from integrations.contracts import Json, OutFile, Outgoing, Verdict
from integrations.notion import markdown
from integrations.notion.client import Notion, NotThere, Visit
from integrations.notion.columns import DIGEST, EXTERNAL_ID, TITLE, Column, Columns
from integrations.notion.rows import Row

WAITING, APPROVED, DECLINED = "Waiting", "Approved", "Declined"
_STATES = {
    "open": WAITING,
    "revising": "In revision",
    "approved": APPROVED,
    "declined": DECLINED,
    "answered": "Answered",
    "superseded": "Closed",
}
STATUS = Column("Status", ("select", "status"), also=("State",), options=tuple(_STATES.values()), needed=True)
# What a decision on this row is bound to; a row without it is closed.
CODE = Column("Code", ("rich_text",), needed=True)
KIND = Column("Kind", ("select", "rich_text"))
CLIENT = Column("Client", ("rich_text", "select"), also=("Customer",))
DUE = Column("Due", ("date",))
LINK = Column("Link", ("url",))
OUTCOME = Column("Outcome", ("rich_text",))
COLUMNS = (TITLE, EXTERNAL_ID, DIGEST, STATUS, CODE, KIND, CLIENT, DUE, LINK, OUTCOME)
_DECISIONS: dict[str, Literal["approve", "decline"]] = {APPROVED: "approve", DECLINED: "decline"}


class NotionBoard:
    """What people decided on the rows. `approvers`: the id of a Notion user -> the name of a Nightdesk user."""

    slug: ClassVar[str] = "notion"

    def __init__(
        self,
        *,
        token: str,
        data_source: str,
        approvers: Mapping[str, str],
        base_url: str = "https://api.notion.com",
        per_second: float = 3.0,
    ) -> None:
        self._notion = Notion(token=token, base_url=base_url, per_second=per_second)
        self._data_source = data_source
        self.approvers = {person.replace("-", "").lower(): user for person, user in approvers.items()}

    @staticmethod
    def code(version: int, digest: str) -> str:
        """What the row of such an item shows."""
        return code(version, digest)

    def verdicts(self, row: str = "") -> list[Verdict]:
        """The decisions that stand on rows, or on this row. Raises DeliveryError.

        Who decided is who edited the row last: Notion names nobody else.
        """
        with self._notion.visit() as visit:
            source = visit.source(self._data_source)
            columns = Columns(source, COLUMNS)
            columns.check()
            pages = _one(visit, row, source["id"]) if row else visit.rows(source["id"], _decided(columns))
            found = [_verdict(visit, page, columns) for page in pages]
        return [verdict for verdict in found if verdict]


def row(outgoing: Outgoing) -> Row:
    """The row of the review that a notice is about."""
    review: Json = outgoing.fields["review"]
    values = {
        STATUS.name: _STATES[review["state"]],
        CODE.name: code(review["version"], review["digest"]) if review["state"] == "open" else "",
        KIND.name: str(review["kind"]).capitalize(),
        CLIENT.name: outgoing.client or review.get("about", ""),
        DUE.name: str(review["snoozed_until"] or review["due_at"] or review["created_at"]).replace("Z", "+00:00"),
        LINK.name: review["page"],
        OUTCOME.name: _outcome(outgoing.fields, review),
    }
    return Row(outgoing.card, markdown.visible(review["title"]), _blocks(outgoing, review), values, outgoing.key)


def code(version: int, digest: str) -> str:
    """A short name of what is decided: another version or another byte has another."""
    return f"v{version}-{digest[:12]}"


def is_approvable(outgoing: Outgoing) -> bool:
    """Whether the row's page shows, whole, what approving the open item would send."""
    review: Json = outgoing.fields["review"]
    is_open_message = review["state"] == "open" and review["kind"] == "message" and not review.get("in_doubt")
    return is_open_message and bool(outgoing.files) and all(_is_text(file) for file in outgoing.files)


def proof_of(row: Row, text: Json) -> str:
    """What the row shows, its text as Notion gives it: kept when it is written, compared when it is decided."""
    return _proof(row.values[CODE.name], row.digest, _reads_as(text))


def carried_over(proof: str, row: Row) -> str:
    """The proof of an earlier version whose text is the same; empty if it was another, or none."""
    known = _PROOF.fullmatch(proof)
    return _proof(row.values[CODE.name], row.digest, known[2]) if known and known[1] == row.digest else ""


_PROOF = re.compile(r"\S+ ([0-9a-f]{32}) reads as ([0-9a-f]{32})")


def _proof(code_shown: str, digest: str, reads_as: str) -> str:
    return f"{code_shown} {digest} reads as {reads_as}" if reads_as else ""


def _reads_as(text: Json) -> str:
    """The sum of a page's text as Notion gives it; empty if it does not give all of it."""
    if text["truncated"] or text["unknown_block_ids"]:
        return ""
    return hashlib.sha256(text["markdown"].encode()).hexdigest()[:32]


def _one(visit: Visit, page: str, source: str) -> list[Json]:
    """The page, if it is a row of ours that is not in the trash."""
    with suppress(NotThere):
        found = visit.page(page)
        if found["parent"].get("data_source_id") == source and not found["in_trash"]:
            return [found]
    return []


def _decided(columns: Columns) -> Json:
    statuses = [columns.equals(STATUS.name, name) for name in _DECISIONS]
    return {"and": [columns.is_set(CODE.name), {"or": statuses}]}


def _verdict(visit: Visit, page: Json, columns: Columns) -> Verdict | None:
    decision = _DECISIONS.get(columns.text(page, STATUS.name))
    shown = columns.text(page, CODE.name)
    if decision is None or not shown:
        return None
    text = _reads_as(visit.text(page["id"])) if decision == "approve" else ""
    return Verdict(
        card=columns.text(page, EXTERNAL_ID.name),
        decision=decision,
        by=str(page["last_edited_by"]["id"]).replace("-", "").lower(),
        code=shown,
        proof=_proof(shown, columns.text(page, DIGEST.name).split(" ")[0], text),
    )


def _outcome(fields: Json, review: Json) -> str:
    if said := fields.get("said"):
        return str(said)
    if not review["decided_at"]:
        return ""
    when = str(review["decided_at"])[:16].replace("T", " ")
    words = f"{_STATES[review['state']]} by {review['decided_by'] or 'Nightdesk'}, {when} UTC."
    return f"{words} {one_line(review['note'], 500)}".strip()


def _blocks(outgoing: Outgoing, review: Json) -> list[str]:
    """All that a person has to know to decide."""
    found = [markdown.escaped(review["consequence"])] if review["consequence"] else []
    found += [markdown.escaped(review["in_doubt"])] if review.get("in_doubt") else []
    found += [f"- **{name}**: {markdown.escaped(text)}" for name, text in _facts(review)]
    for file in outgoing.files:
        found += ["---", *_whole(file)]
    return found


def _facts(review: Json) -> list[tuple[str, str]]:
    """What an effect is made with, and what a question, failure or alarm says."""
    facts = [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for delivery in review["deliveries"]
        for name, value in delivery["facts"].items()
    ]
    told = {name: review["payload"].get(name) for name in ("question", "suggestions", "cause", "fix", "branch")}
    facts += [
        (name, " / ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in told.items()
        if value
    ]
    return [(markdown.escaped(name), text) for name, text in facts]


def _whole(file: OutFile) -> Sequence[str]:
    """A text with all its words; of anything else its name, to be read elsewhere."""
    if not _is_text(file):
        facts = f"{file.media_type}, {len(file.content)} bytes, sha-256 {file.sha256}"
        return [markdown.escaped(f"{file.name} ({facts}) cannot be read here: decide it on its page.")]
    text = file.content.decode()
    return markdown.blocks(text) if file.media_type.startswith("text/markdown") else [markdown.literal(text)]


def _is_text(file: OutFile) -> bool:
    if not file.media_type.startswith(("text/markdown", "text/plain")):
        return False
    with suppress(UnicodeDecodeError):
        return bool(file.content.decode().strip())
    return False
