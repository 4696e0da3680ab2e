"""manage.py review: the inbox in a terminal. The same verbs, bound to what was shown, with the same hold."""

import datetime
import os
import shlex
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from jobs import membership, policy, queries, terms
from jobs.inbox.deciding import REFUSALS
from jobs.inbox.forms import AGAIN
from jobs.inbox.reading import Pane, pane
from jobs.lifecycle import approval, restoration
from jobs.lifecycle import review as verbs
from jobs.models import Review
from jobs.states import ReviewKind

_VERBS = ("list", "show", "approve", "edit", "revise", "decline", "answer", "undo")


class Command(BaseCommand):
    """As a named person. What cannot be taken back shows its facts and asks once more."""

    help = "Read and decide what waits: list, show 12, approve 12, edit, revise, decline, answer, undo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The verb, the item, and its words."""
        parser.add_argument("verb", nargs="?", default="list", choices=_VERBS)
        parser.add_argument("number", nargs="?", type=int, help="the item, as list shows it")
        parser.add_argument(
            "words", nargs="?", default="", help="note, reason or answer; for edit a file, - for stdin"
        )
        parser.add_argument(
            "--as", dest="name", default="", help="who decides; default: the owner, if there is one alone"
        )
        parser.add_argument("--shown", type=int, help="the version that show told; else it is asked")
        parser.add_argument(
            "--yes", action="store_true", help="ask nothing; needs --shown for what cannot be undone"
        )

    def handle(self, *args: Any, verb: str, number: int | None, **options: Any) -> None:
        """Read, or decide."""
        if verb == "list":
            self._list()
            return
        review = queries.review(number) if number else None
        if review is None:
            raise CommandError(_("Say which: manage.py review list shows the numbers."))
        if verb == "show":
            self._show(review)
            return
        try:
            self._decide(verb, review, _person(options["name"]), options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal

    def _decide(self, verb: str, review: Review, by: User, options: dict[str, Any]) -> None:
        words, shown = options["words"], options["shown"]
        if verb == "undo":
            verbs.undo(review, by=by)
            self.stdout.write(_("Taken back: {title}. Nothing was sent.").format(title=review.title))
            return
        if verb == "approve":
            self._approve(review, by, shown, is_silent=options["yes"])
            return
        acts: dict[str, Callable[..., Any]] = {
            "revise": lambda version: verbs.revise(review, by=by, version=version, note=words),
            "decline": lambda version: verbs.decline(review, by=by, version=version, reason=words),
            "answer": lambda version: verbs.answer(review, by=by, version=version, text=_answer(review, words)),
            "edit": lambda version: verbs.edit(review, by=by, version=version, text=_edited(review, words)),
        }
        acts[verb](shown or review.version)
        said = {
            "revise": _("Sent back"),
            "decline": _("Declined"),
            "answer": _("Answered"),
            "edit": _("Your version is kept"),
        }
        self.stdout.write(f"{said[verb]}: {review.title}")

    def _approve(self, review: Review, by: User, shown: int | None, *, is_silent: bool) -> None:
        """What is high in consequence is told first, and asked; the answer counts for exactly what was told."""
        version, digest, doubt = review.version, review.digest, restoration.in_doubt(review)
        self._facts(pane(review))
        wanted = AGAIN if doubt else "yes"
        if doubt:
            self.stdout.write(self.style.ERROR(doubt))
        if is_silent:
            if shown is None:
                raise CommandError(_("With --yes, say by --shown which version was shown to you."))
            if doubt:
                raise CommandError(
                    _("With --yes it is not approved: somebody has to write that it is to be sent again.")
                )
            version = shown
        elif shown is not None and shown != version:
            raise verbs.Stale(
                _("This item was changed since you looked at it. Nothing was done; please look again.")
            )
        elif not _typed(_("Approve exactly this? Type {wanted}: ").format(wanted=wanted), wanted):
            raise CommandError(_("Nothing was done."))
        if review.kind == ReviewKind.MERGE:
            _prove(by)
        leaves_at = verbs.approve(review, by=by, version=version, digest=digest, again=bool(doubt))
        self._approved(review, leaves_at)

    def _approved(self, review: Review, leaves_at: datetime.datetime | None) -> None:
        self.stdout.write(_("Approved: {title}.").format(title=review.title))
        if leaves_at:
            said = _("It leaves at {at}; until then: manage.py review undo {number}")
            self.stdout.write(said.format(at=f"{timezone.localtime(leaves_at):%H:%M:%S}", number=review.pk))

    def _list(self) -> None:
        rows = queries.open_reviews(timezone.now())
        for row in rows:
            client = row.job.client if row.job else None
            whose = client.name if client else row.about or _("our own work")
            when = f"{timezone.localtime(row.created_at):%d %b %H:%M}"
            self.stdout.write(f"{row.pk:>5}  {terms.kind(row.kind):<15} {when}  {whose}: {_plain(row.title)}")
            if says := _plain(f"{_due(row)}{row.consequence}"):
                self.stdout.write(f"{'':>22} {says}")
        self.stdout.write(
            _("{number} to decide.").format(number=len(rows)) if rows else _("All clear: nothing waits for you.")
        )

    def _show(self, review: Review) -> None:
        made, version = pane(review), _("version {number}").format(number=review.version)
        self.stdout.write(
            f"{_plain(review.title)}\n{terms.kind(review.kind)}, {terms.state(review.state)}, {version}\n"
        )
        self._facts(made)
        for key, word in (("question", _("Question")), ("cause", _("Cause")), ("fix", _("Fix"))):
            if text := review.payload.get(key):
                self.stdout.write(f"{word}: {_plain(text)}")
        for number, choice in enumerate(review.payload.get("suggestions") or [], start=1):
            self.stdout.write(f"  {number}  {_plain(choice)}")
        if made.text:
            self.stdout.write(f"\n{_plain(made.text)}")
        if made.problem:
            self.stdout.write(self.style.ERROR(made.problem))

    def _facts(self, made: Pane) -> None:
        """Where it goes, to whom and what: before the question, whatever it is."""
        review = made.review
        self.stdout.write(_plain(review.consequence))
        row = made.delivery
        if review.kind == ReviewKind.MESSAGE and row is not None:
            number = len(row.files[1:])
            files = ngettext(", with %d file", ", with %d files", number) % number if number else ""
            self._fact(_("To"), ", ".join(row.fields.get("to", [])) or _("nobody"))
            self._fact(_("Subject"), _plain(row.fields.get("subject", review.title)))
            self._fact(pgettext("way", "By"), f"{row.target}{files}")
        if review.kind == ReviewKind.MERGE:
            self._fact(_("Branch"), _plain(review.payload.get("branch", "")))
            self._fact(_("Commit"), review.payload.get("commit", ""))
        if review.kind in (ReviewKind.MESSAGE, ReviewKind.MERGE):
            high = any(policy.is_high_risk(one.kind) for one in review.deliveries.all())
            warning = _("(cannot be taken back once it has left)")
            self._fact(_("Digest"), f"{review.digest}{'  ' + warning if high else ''}")

    def _fact(self, label: str, value: str) -> None:
        self.stdout.write(f"{label + ':':<9}{value}")


def _due(review: Review) -> str:
    """Until when, before what it does; empty where no time is set."""
    if not review.deadline:
        return ""
    return _("Due {at}.").format(at=f"{timezone.localtime(review.deadline):%d %b %H:%M}") + " "


def _prove(by: User) -> None:
    """Before a merge the person proves anew that it is them, as on its page; in the demo nobody has a password."""
    if settings.DEMO:
        return
    if not by.has_usable_password():
        raise CommandError(
            _("{username} has no password to prove a merge with: approve it on its page.").format(
                username=by.username
            )
        )
    if not sys.stdin.isatty():
        raise CommandError(_("A merge asks for a password, and nobody can be asked here: approve it on its page."))
    if not by.check_password(getpass(_("Password of {name}: ").format(name=by.username))):
        raise CommandError(_("That is not the password. Nothing was done."))


def _typed(question: str, wanted: str) -> bool:
    return sys.stdin.isatty() and input(question).strip().lower() == wanted


def _person(name: str) -> User:
    """Who decides: as named, or the only owner there is."""
    people = User.objects.filter(is_active=True, **({"username": name} if name else {})).order_by("pk")
    found = [user for user in people if name or membership.is_owner(user)]
    if len(found) != 1:
        raise CommandError(_("Say with --as who you are."))
    if not approval.may_decide(found[0]):
        raise CommandError(_("{username} may read this, not decide it.").format(username=found[0].username))
    return found[0]


def _answer(review: Review, words: str) -> str:
    """The words, or the suggestion of that number."""
    suggestions = review.payload.get("suggestions") or []
    if words.isdecimal() and 0 < int(words) <= len(suggestions):
        return str(suggestions[int(words) - 1])
    return words


def _edited(review: Review, place: str) -> str:
    """The person's own words: from a file, from stdin, or from their editor."""
    if place == "-":
        return sys.stdin.read()
    if place:
        try:
            return Path(place).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(_("{place} cannot be read: {error}").format(place=place, error=error)) from error
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor or not sys.stdin.isatty():
        raise CommandError(_("Name a file with your words, - for stdin, or set EDITOR."))
    with tempfile.NamedTemporaryFile("w+", suffix=".md", encoding="utf-8") as draft:
        draft.write(pane(review).text)
        draft.flush()
        subprocess.run([*shlex.split(editor), draft.name], check=True)  # noqa: S603 - the person's own editor
        return Path(draft.name).read_text(encoding="utf-8")


def _plain(text: str) -> str:
    """Without what would speak to the terminal: agents read strangers' words."""
    return "".join(char for char in str(text) if char in "\n\t" or char.isprintable())
