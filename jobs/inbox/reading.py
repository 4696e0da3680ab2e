"""What the reading pane shows of one item: first what will leave the house, then what it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import branches, policy, queries, stakes
from jobs.inbox import risks
from jobs.inbox.comparing import Piece, compare
from jobs.inbox.effects import Preview, preview
from jobs.inbox.rendering import DiffFile, has_hidden_characters, links, parse_diff, to_html
from jobs.lifecycle import alarm, approval, pace, restoration
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle.job import OUT_OF_MONEY
from jobs.models import Artifact, Delivery, Review
from jobs.states import DeliveryState, ReviewKind, ReviewState

# What an item rests on is read beside it: what was found, and what was said of the draft.
_RESTS_ON, _MOST_READ, _READ_CHARS = {"brief", "critique"}, 3, 6_000
# Of a text that is only evidence, this much is shown; the whole is one click away.
_EVIDENCE_CHARS = 20_000
_SHORT_LINES = 15
_APPROVED = {ReviewKind.MESSAGE, ReviewKind.MERGE}
_REMEDIES = {
    alarm.RUN: gettext_lazy("Run it now"),
    alarm.AGAIN: gettext_lazy("Run it again"),
    alarm.INSTEAD: gettext_lazy("End it and run it again"),
    alarm.TRY: gettext_lazy("Try it now"),
    alarm.LET_IN: gettext_lazy("Let all of them begin"),
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
    deliveries: list[Delivery] = field(default_factory=list)  # its own, the oldest first
    delivery: Delivery | None = None
    merge: Delivery | None = None  # what merges the branch once it is approved
    checks: list[branches.Check] = field(default_factory=list)
    remarks: list[branches.Remark] = field(default_factory=list)
    text: str = ""
    paper: SafeString | str = ""
    links: list[str] = field(default_factory=list)
    has_hidden: bool = False
    is_tainted: bool = False  # words from outside went into it
    change: Change | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    diff: list[DiffFile] = field(default_factory=list)
    step: list[DiffFile] = field(default_factory=list)  # of a revision: what it alone changed
    risks: list[str] = field(default_factory=list)
    exhibits: list[Exhibit] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    made: list[Artifact] = field(default_factory=list)
    rests_on: list[Exhibit] = field(default_factory=list)  # of what was made, the texts to be read beside it
    retry: str = ""
    preview: Preview | None = None  # what approving does, where it can be approved
    parked: int = 0  # how many deliveries wait for a target that is down
    waiting: int = 0  # how many jobs wait for their turn
    remedy: str = ""  # what can be run because of an alarm
    problem: str = ""
    in_doubt: str = ""  # why it may have gone already, if it may

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.review.state == ReviewState.OPEN

    @property
    def is_safe(self) -> bool:
        """Whether one key is enough to say yes."""
        return policy.is_safe(self.review.kind, self.review.payload)

    @property
    def needs_money(self) -> int:
        """For a job that used up its budget: dollars that would do for as much again; else 0."""
        if self.review.payload.get("kind") != OUT_OF_MONEY:
            return 0
        return -(-self.review.own_job.budget_microusd * 2 // 1_000_000)

    @property
    def revision(self) -> int:
        """Which revision of its task the next one would be; 0 where no more are taken."""
        number = self.review.task.round + 1 if self.review.task else 0
        return number if number < policy.MAX_ROUNDS else 0

    @property
    def revisions(self) -> int:
        """How many are taken at most."""
        return policy.MAX_ROUNDS - 1

    @property
    def remedy_word(self) -> str:
        """The remedy as a button says it."""
        return str(_REMEDIES.get(self.remedy, ""))

    @property
    def leaving(self) -> Delivery | None:
        """What of an approved item has not left yet and is not due: so long it may be taken back."""
        rows = self.deliveries if self.review.state == ReviewState.APPROVED else []
        now = timezone.now()
        return next((row for row in rows if row.state == DeliveryState.PENDING and row.ready_at > now), None)

    @property
    def sums(self) -> list[str]:
        """The sums of money that the message names."""
        subject = str(self.delivery.fields.get("subject", "")) if self.delivery else ""
        return stakes.sums(f"{subject}\n{self.text}")

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
    def places(self) -> list[Delivery]:
        """What of its job was delivered to where it can be looked at."""
        return [row for row in _of_its_job(self.review) if row.url]

    @property
    def is_long(self) -> bool:
        """Whether a part of the diff starts folded."""
        return any(file.is_folded for file in self.diff)

    @property
    def lines_shown(self) -> int:
        """How many lines of the diff there are to read."""
        return sum(len(file.lines) for file in self.diff)

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
    own = [row for row in _of_its_job(review) if row.review_id == review.pk]
    made = Pane(review=review, deliveries=own, made=_newest(review.job.artifacts.all() if review.job else ()))
    fill = {
        ReviewKind.MESSAGE: _message,
        ReviewKind.MERGE: _merge,
        ReviewKind.QUESTION: _question,
        ReviewKind.FAILURE: _failure,
        ReviewKind.ALARM: _alarm,
    }
    fill[ReviewKind(review.kind)](made)
    if made.is_open and review.kind in _APPROVED:
        made.rests_on = _rests_on(made)
        made.preview = None if made.problem else preview(review, own)
    return made


def _message(pane: Pane) -> None:
    if not pane.deliveries:
        pane.problem = _("Its message is gone.")
        return
    pane.delivery = pane.deliveries[-1]
    _read_message(pane, pane.delivery)
    pane.in_doubt = restoration.in_doubt(pane.review)
    if not pane.recipients:
        pane.problem = _("There is no recipient: add a trusted address to the client, then ask for a revision.")
    elif pane.is_open and (others := approval.strangers(pane.delivery)):
        pane.problem = approval.not_to(others)
    elif pane.is_open and not pane.problem:
        pane.problem = approval.too_much(pane.delivery)


def _read_message(pane: Pane, delivery: Delivery) -> None:
    try:
        pane.text = artifacts.load(delivery.files[0]["sha256"]).decode("utf-8", errors="replace")
    except (artifacts.Corrupt, FileNotFoundError, IndexError) as error:
        pane.problem = _("The message cannot be read, so it cannot be approved. %(error)s") % {"error": error}
        return
    pane.paper = to_html(pane.text)
    files = {file["sha256"] for file in delivery.files}
    pane.is_tainted = any(row.tainted for row in pane.made if row.sha256 in files)
    pane.links = links(pane.text)
    pane.has_hidden = has_hidden_characters(pane.text + str(delivery.fields.get("subject", "")))
    pane.change = _change(pane, delivery)
    pane.attachments = delivery.files[1:]


def _change(pane: Pane, delivery: Delivery) -> Change | None:
    """The message against the version before: a person's edit against the agent's, a revision against its last."""
    name = delivery.files[0]["name"]
    versions = [
        row for row in pane.review.own_job.artifacts.all() if row.name == name and row.task_id == delivery.task_id
    ]
    place = next((n for n, row in enumerate(versions) if row.sha256 == delivery.files[0]["sha256"]), 0)
    now, earlier = versions[place : place + 1], versions[:place]
    if not now or not earlier:
        return None
    if _is_agents(now[0]):
        said = delivery.task.revision_note if delivery.task else ""
        return Change(_("Changed since your note"), said, compare(_text(earlier[-1]), pane.text))
    of_agent = next((row for row in reversed(earlier) if _is_agents(row)), earlier[0])
    return Change(_("Your words against the agent's"), "", compare(_text(of_agent), pane.text))


def _is_agents(row: Artifact) -> bool:
    return row.made_by.startswith("agent:")


def _merge(pane: Pane) -> None:
    pane.delivery = _told_of(pane.review)
    pane.merge = next(reversed(pane.deliveries), None)
    pane.checks, pane.remarks = branches.known(pane.review.own_job_id, str(pane.review.payload.get("commit", "")))
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
    pane.delivery = _told_of(pane.review)
    if pane.delivery and pane.delivery.kind == "client_message":
        _read_message(pane, pane.delivery)
        pane.problem = ""
    if payload.get("unknown"):
        pane.retry = _("Not before you know: sent again, it may arrive twice.")
    elif pane.delivery:
        pane.retry = _("Safe: the same bytes go out under the same key; nothing is made anew.")
    elif payload.get("written"):
        pane.retry = _("Look first: a part of it was delivered already and would be made again.")
    else:
        pane.retry = _("Safe: only what failed starts again; what is finished stays.")


def _told_of(review: Review) -> Delivery | None:
    """The delivery of its job that the item tells of."""
    pk = review.payload.get("delivery")
    return next((row for row in _of_its_job(review) if row.pk == pk), None)


def _of_its_job(review: Review) -> list[Delivery]:
    return list(review.job.deliveries.all()) if review.job else []


def _alarm(pane: Pane) -> None:
    pane.remedy = alarm.remedy(pane.review)
    if pane.is_open and (target := pane.review.payload.get("target")):
        pane.parked = queries.parked(target)
    if pane.review.payload.get("paced"):
        pane.waiting = pace.waiting(pane.review.payload["trigger"])


def _rests_on(pane: Pane) -> list[Exhibit]:
    """The last findings and critiques of other steps, cut where they are long."""
    rows = [row for row in pane.made if row.kind in _RESTS_ON and row.task_id != pane.review.task_id]
    texts = [(row, _text(row)) for row in rows[-_MOST_READ:]]
    return [Exhibit(row.name, row.sha256, text[:_READ_CHARS], len(text) > _READ_CHARS) for row, text in texts]


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
