"""manage.py review: the inbox in a terminal."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from pytest_django import Settings

from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import restoration
from jobs.models import Client, Delivery, Event, Review
from tests.jobs.inbox.conftest import failure, merge, message, question, several
from tests.jobs.people import PASSWORD, person

__all__ = ["failure", "merge", "message", "question"]

pytestmark = pytest.mark.django_db


def run(*arguments: object, **options: Any) -> str:
    """What it says."""
    out = StringIO()
    call_command("review", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that says what the person types."""

    def say(words: str, password: str = "") -> None:
        monkeypatch.setattr("jobs.management.commands.review.getpass", lambda question: password)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda question: words)

    return say


def test_the_list_and_an_item_can_be_read(message: Review, owner: User) -> None:
    listed = run()
    assert f"{message.pk:>5}  Client message" in listed
    assert "1 to decide." in listed
    shown = run("show", message.pk)
    for words in ("marta@example.com", "Status", "Hello Marta", "version 1", message.digest):
        assert words in shown


def test_the_list_says_what_is_due_and_has_the_order_of_the_inbox(trattoria: Client, owner: User) -> None:
    older, younger = several(trattoria, 2)
    due_at = timezone.localtime() + timedelta(hours=3)
    Review.objects.filter(pk=younger.pk).update(due_at=due_at)
    listed = run()
    assert f"Due {due_at:%d %b %H:%M}. Sends to" in listed
    assert listed.index(younger.title) < listed.index(older.title)


def test_the_terminal_speaks_the_language_of_the_house(message: Review, owner: User) -> None:
    with translation.override("de"):
        assert "Kundennachricht" in run()
        shown = run("show", message.pk)
        refused = pytest.raises(CommandError, match="Sagen, welcher")
        with refused:
            run("approve")
    for words in ("Kundennachricht, offen, Fassung 1", "An:      marta@example.com", "Betreff: Status"):
        assert words in shown


def test_an_empty_inbox_is_told(owner: User) -> None:
    assert "All clear" in run()


def test_facts_are_shown_before_it_is_asked_and_the_hold_is_told(message: Review, owner: User, types: Any) -> None:
    types("yes")
    said = run("approve", message.pk)
    assert said.index("marta@example.com") < said.index("Approved")
    assert f"manage.py review undo {message.pk}" in said
    row = Delivery.objects.get()
    assert row.state == "pending"
    assert row.ready_at > timezone.now() + timedelta(seconds=20)
    assert Event.objects.filter(name="review.approved", actor="owner").exists()
    assert "Taken back" in run("undo", message.pk)
    assert Delivery.objects.get().state == "held"


@pytest.mark.parametrize("words", ["", "y", "no"])
def test_anything_but_yes_approves_nothing(message: Review, owner: User, types: Any, words: str) -> None:
    types(words)
    with pytest.raises(CommandError, match="Nothing was done"):
        run("approve", message.pk)
    assert Delivery.objects.get().state == "held"


def test_without_a_terminal_nothing_is_approved_by_accident(message: Review, owner: User) -> None:
    with pytest.raises(CommandError, match="Nothing was done"):
        run("approve", message.pk)
    with pytest.raises(CommandError, match="--shown"):
        run("approve", message.pk, yes=True)
    assert "Approved" in run("approve", message.pk, yes=True, shown=1)


def test_an_item_that_changed_is_not_approved(message: Review, owner: User, types: Any) -> None:
    types("yes")
    with pytest.raises(CommandError, match="was changed since you looked"):
        run("approve", message.pk, yes=True, shown=9)
    with pytest.raises(CommandError, match="was changed since you looked"):
        run("approve", message.pk, shown=9)
    assert Delivery.objects.get().state == "held"


def test_what_changes_while_it_is_asked_is_not_approved(
    message: Review, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(question: str) -> str:
        Review.objects.update(version=2)
        return "yes"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", change)
    with pytest.raises(CommandError, match="was changed"):
        run("approve", message.pk)
    assert Delivery.objects.get().state == "held"


def test_own_words_are_kept_from_a_file(message: Review, owner: User, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("Dear Marta")
    assert "kept" in run("edit", message.pk, tmp_path / "mine.md")
    assert artifacts.load(Delivery.objects.get().files[0]["sha256"]) == b"Dear Marta\n"
    with pytest.raises(CommandError, match="cannot be read"):
        run("edit", message.pk, tmp_path / "gone.md")


def test_own_words_are_kept_from_the_editor(
    message: Review, owner: User, types: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    types("")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/Hello/Dear/")
    run("edit", message.pk)
    assert artifacts.load(Delivery.objects.get().files[0]["sha256"]) == b"Dear Marta\n"


def test_the_other_verbs(message: Review, owner: User) -> None:
    with pytest.raises(CommandError, match="Say in the note"):
        run("revise", message.pk)
    assert "Sent back" in run("revise", message.pk, "Shorter")
    with pytest.raises(CommandError, match="Already revising"):
        run("decline", message.pk)


def test_a_question_is_answered_by_number_or_in_own_words(question: Review, owner: User) -> None:
    assert "2  The calendar" in run("show", question.pk)
    run("answer", question.pk, "2")
    question.refresh_from_db()
    assert (question.state, question.note, question.decided_by) == ("answered", "The calendar", owner)


def test_a_failure_is_read_and_declined(failure: Review, owner: User) -> None:
    assert "The source answered 403." in run("show", failure.pk)
    run("decline", failure.pk, "Not needed")
    failure.refresh_from_db()
    assert failure.state == "declined"


def test_a_merge_shows_its_branch_and_commit(merge: Review, owner: User, types: Any) -> None:
    types("yes", password=PASSWORD)
    said = run("approve", merge.pk)
    assert "agent/a-branch" in said
    assert "9f1c2e" in said
    merge.refresh_from_db()
    assert merge.state == "approved"


def test_a_merge_asks_for_the_password(merge: Review, owner: User, types: Any) -> None:
    types("yes", password="a guess")
    with pytest.raises(CommandError, match="not the password"):
        run("approve", merge.pk)
    owner.set_unusable_password()
    owner.save()
    with pytest.raises(CommandError, match="owner has no password"):
        run("approve", merge.pk)
    merge.refresh_from_db()
    assert merge.state == "open"


def test_a_merge_is_not_approved_where_nobody_can_be_asked(merge: Review, owner: User) -> None:
    with pytest.raises(CommandError, match="nobody can be asked here"):
        run("approve", merge.pk, shown=merge.version, yes=True)
    merge.refresh_from_db()
    assert merge.state == "open"


def test_in_the_demo_nobody_has_a_password(merge: Review, owner: User, types: Any, settings: Settings) -> None:
    settings.DEMO = True
    owner.set_unusable_password()
    owner.save()
    types("yes")
    assert "Approved: " in run("approve", merge.pk)


def test_somebody_decides(message: Review, owner: User, types: Any) -> None:
    types("yes")
    person("read-only", "reader")
    person("owner", "partner")
    with pytest.raises(CommandError, match="--as"):
        run("approve", message.pk)
    with pytest.raises(CommandError, match="may read this, not decide"):
        run("approve", message.pk, name="reader")
    run("approve", message.pk, name="partner")
    message.refresh_from_db()
    assert message.decided_by is not None
    assert message.decided_by.username == "partner"


def test_an_item_that_is_not_there_is_told(owner: User) -> None:
    with pytest.raises(CommandError, match="Say which"):
        run("show", 99)


def test_words_of_strangers_do_not_speak_to_the_terminal(message: Review, owner: User) -> None:
    Review.objects.update(consequence="\x1b[2Jgone\u202e")
    assert "\x1b[2J" not in run("show", message.pk)


def test_what_may_have_gone_is_approved_by_its_own_words_alone(message: Review, owner: User, types: Any) -> None:
    restoration.settle(made_at=timezone.now(), archive="nightdesk-a")
    for words in ("yes", "again"):
        types(words)
        with pytest.raises(CommandError, match=r"Nothing was done"):
            run("approve", message.pk)
    with pytest.raises(CommandError, match="somebody has to write"):
        run("approve", message.pk, shown=2, yes=True)
    types("send it again")
    said = run("approve", message.pk)
    assert "It may already have gone: a backup of " in said
    assert "Approved: " in said
