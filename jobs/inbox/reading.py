"""What the reading pane shows of one item: first what will leave the house, then what it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from jobs import branches, queries
from jobs.inbox import risks
from jobs.inbox.comparing import Piece, compare
from jobs.inbox.effects import Preview, preview
from jobs.inbox.rendering import DiffFile, has_hidden_characters, links, parse_diff, to_html
from jobs.lifecycle import alarm, pace
from jobs.lifecycle import artifact as artifacts
from jobs.models import Artifact, Delivery, Review
from jobs.states import DeliveryState, ReviewKind, ReviewState

# Of a text that is only evidence, this much is shown; the whole is one click away.
_EVIDENCE_CHARS = 20_000
_SHORT_LINES = 15
_APPROVED = {ReviewKind.MESSAGE, ReviewKind.MERGE}
_REMEDIES = {
    alarm.RUN: "Run it now",
    alarm.AGAIN: "Run it again",
    alarm.INSTEAD: "End it and run it again",
    alarm.TRY: "Try it now",
    alarm.LET_IN: "Let all of them begin",
}


@dataclass(frozen=True)
class Exhibit:
    """A file beside the thing itself, shown as text."""

    name: str
    sha256: str
    text: str
    is_cut: bool = False

    @property
    def html(self) -> SafeString | str:
        """The text as a page shows it, if it is Markdown."""
        return to_html(self.text) if self.name.endswith(".md") else ""

    @property
    def is_short(self) -> bool:
        """Whether it can stand open."""
        return self.text.count("\n") < _SHORT_LINES


@dataclass(frozen=True)
class Choice:
    """A suggested answer, the key that chooses it, and whether its agent would take it."""

    key: int
    text: str
    is_recommended: bool


@dataclass(frozen=True)
class Change:
    """What became of a text since an earlier version: `said` is what was asked for, where somebody asked."""

    title: str
    said: str
    pieces: list[Piece]


@dataclass
class Pane:
    """One item as a person reads it. `problem` says why it cannot be approved, though it is open."""

    review: Review
    delivery: Delivery | None = None
    merge: Delivery | None = None  # what merges the branch once it is approved
    checks: list[branches.Check] = field(default_factory=list)
    remarks: list[branches.Remark] = field(default_factory=list)
    text: str = ""
    paper: SafeString | str = ""
    links: list[str] = field(default_factory=list)
    has_hidden: bool = False
    change: Change | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    diff: list[DiffFile] = field(default_factory=list)
    step: list[DiffFile] = field(default_factory=list)  # of a revision: what it alone changed
    risks: list[str] = field(default_factory=list)
    exhibits: list[Exhibit] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    made: list[Artifact] = field(default_factory=list)
    retry: str = ""
    preview: Preview | None = None  # what approving does, where it can be approved
    parked: int = 0  # how many deliveries wait for a target that is down
    waiting: int = 0  # how many jobs wait for their turn
    remedy: str = ""  # what can be run because of an alarm
    problem: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.review.state == ReviewState.OPEN

    @property
    def remedy_word(self) -> str:
        """The remedy as a button says it."""
        return _REMEDIES.get(self.remedy, "")

    @property
    def can_undo(self) -> bool:
        """Whether an approval may still be taken back."""
        held = any(row.state == DeliveryState.PENDING for row in self.review.deliveries.all())
        return held and self.review.state == ReviewState.APPROVED

    @property
    def verdict(self) -> str:
        """The branch's checks in a word."""
        return branches.verdict(self.checks)

    @property
    def can_merge(self) -> bool:
        """Whether approving merges, and does not only record that the branch was taken."""
        return self.merge is not None and self.merge.state == DeliveryState.HELD

    @property
    def recipients(self) -> list[str]:
        """Who gets it."""
        return self.delivery.fields.get("to", []) if self.delivery else []

    @property
    def lines_added(self) -> int:
        """Over all files of the diff."""
        return sum(file.added for file in self.diff)

    @property
    def lines_removed(self) -> int:
        """Over all files of the diff."""
        return sum(file.removed for file in self.diff)


def pane(review: Review) -> Pane:
    """The pane of one item, its bytes loaded and checked against their sums."""
    made = Pane(review=review, made=_newest(review.job.artifacts.all()))
    fill = {
        ReviewKind.MESSAGE: _message,
        ReviewKind.MERGE: _merge,
        ReviewKind.QUESTION: _question,
        ReviewKind.FAILURE: _failure,
        ReviewKind.ALARM: _alarm,
    }
    fill[ReviewKind(review.kind)](made)
    if made.is_open and not made.problem and review.kind in _APPROVED:
        made.preview = preview(review)
    return made


def _message(pane: Pane) -> None:
    deliveries = list(pane.review.deliveries.all())
    if not deliveries:
        pane.problem = "Its message is gone."
        return
    pane.delivery = deliveries[-1]
    _read_message(pane, pane.delivery)
    if not pane.recipients:
        pane.problem = "There is no recipient: add a trusted address to the client, then ask for a revision."


def _read_message(pane: Pane, delivery: Delivery) -> None:
    try:
        pane.text = artifacts.load(delivery.files[0]["sha256"]).decode("utf-8", errors="replace")
    except (artifacts.Corrupt, FileNotFoundError, IndexError) as error:
        pane.problem = f"The message cannot be read, so it cannot be approved. {error}"
        return
    pane.paper = to_html(pane.text)
    pane.links = links(pane.text)
    pane.has_hidden = has_hidden_characters(pane.text + str(delivery.fields.get("subject", "")))
    pane.change = _change(pane, delivery)
    pane.attachments = delivery.files[1:]


def _change(pane: Pane, delivery: Delivery) -> Change | None:
    """The message against the version before: a person's edit against the agent's, a revision against its last."""
    name = delivery.files[0]["name"]
    versions = [
        row for row in pane.review.job.artifacts.all() if row.name == name and row.task_id == delivery.task_id
    ]
    place = next((n for n, row in enumerate(versions) if row.sha256 == delivery.files[0]["sha256"]), 0)
    now, earlier = versions[place : place + 1], versions[:place]
    if not now or not earlier:
        return None
    if _is_agents(now[0]):
        said = delivery.task.revision_note if delivery.task else ""
        return Change("Changed since your note", said, compare(_text(earlier[-1]), pane.text))
    of_agent = next((row for row in reversed(earlier) if _is_agents(row)), earlier[0])
    return Change("Your words against the agent's", "", compare(_text(of_agent), pane.text))


def _is_agents(row: Artifact) -> bool:
    return row.made_by.startswith("agent:")


def _merge(pane: Pane) -> None:
    pane.delivery = queries.delivery(pane.review.payload.get("delivery"))
    pane.merge = next(iter(reversed(pane.review.deliveries.all())), None)
    pane.checks = branches.checks(pane.review.job_id, str(pane.review.payload.get("commit", "")))
    pane.remarks = branches.remarks(pane.review.job_id)
    for row in pane.made:
        if row.task_id != pane.review.task_id:
            continue
        text = _text(row)
        diff = parse_diff(text) if row.kind in {"patch", "revision"} else []
        if diff and row.kind == "patch":
            pane.diff += diff
        elif diff:
            pane.step += diff
        else:
            pane.exhibits.append(
                Exhibit(row.name, row.sha256, text[:_EVIDENCE_CHARS], is_cut=len(text) > _EVIDENCE_CHARS)
            )
    output = pane.review.task.output if pane.review.task else None
    pane.risks = risks.notes(pane.diff, tests=str((output or {}).get("tests", "")))


def _question(pane: Pane) -> None:
    recommended = pane.review.payload.get("recommended")
    suggestions = pane.review.payload.get("suggestions", [])
    pane.choices = [Choice(key, text, key - 1 == recommended) for key, text in enumerate(suggestions, start=1)]


def _failure(pane: Pane) -> None:
    payload = pane.review.payload
    pane.delivery = queries.delivery(payload.get("delivery"))
    if pane.delivery and pane.delivery.kind == "client_message":
        _read_message(pane, pane.delivery)
        pane.problem = ""
    if payload.get("unknown"):
        pane.retry = "Not before you know: sent again, it may arrive twice."
    elif pane.delivery:
        pane.retry = "Safe: the same bytes go out under the same key; nothing is made anew."
    elif payload.get("written"):
        pane.retry = "Look first: a part of it was delivered already and would be made again."
    else:
        pane.retry = "Safe: only what failed starts again; what is finished stays."


def _alarm(pane: Pane) -> None:
    pane.remedy = alarm.remedy(pane.review)
    if pane.is_open and (target := pane.review.payload.get("target")):
        pane.parked = queries.parked(target)
    if pane.review.payload.get("paced") and pane.review.job.trigger:
        pane.waiting = pace.waiting(pane.review.job.trigger)


def _newest(rows: Iterable[Artifact]) -> list[Artifact]:
    """The last version of each artifact, in the order of the tasks that made them."""
    newest: dict[tuple[int | None, str], Artifact] = {}
    for row in rows:
        newest[row.task_id, row.name] = row
    return list(newest.values())


def _text(row: Artifact) -> str:
    try:
        return artifacts.load(row.sha256).decode("utf-8", errors="replace")
    except (artifacts.Corrupt, FileNotFoundError) as error:
        return f"[{error}]"
