"""The reading pane of each kind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import queries
from jobs.inbox.reading import Pane, pane
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.artifact import File
from jobs.models import Artifact, Client, Delivery, Job, Review
from tests.jobs.conftest import STEP, a_file, branch_result, done, message_result, sending
from tests.jobs.inbox.conftest import PATCH

pytestmark = pytest.mark.django_db


def of(review: Review) -> Pane:
    """The pane as a page reads it."""
    found = queries.review(review.pk)
    assert found is not None
    return pane(found)


def test_a_message_is_read_from_the_bytes_that_leave(message: Review) -> None:
    shown = of(message)
    assert (shown.text, shown.recipients, shown.problem) == ("Hello Marta", ["marta@example.com"], "")
    assert shown.is_open
    assert shown.leaving is None


def test_what_was_approved_can_be_taken_back_until_it_is_due(message: Review, owner: User) -> None:
    reviews.approve(message, by=owner, version=1, digest=message.digest)
    leaving = of(message).leaving
    assert leaving is not None
    assert leaving.review_id == message.pk
    Delivery.objects.update(ready_at=timezone.now())
    assert of(message).leaving is None


def test_the_sums_that_a_message_names_stand_out(message: Review, owner: User) -> None:
    reviews.edit(
        message, by=owner, version=1, subject="Only €90", text="It is 1,200.50 EUR, not 1,200.50 EUR or $7."
    )
    assert of(message).sums == ["€90", "1,200.50 EUR", "$7"]


def test_what_was_delivered_is_named_with_its_place(merge: Review) -> None:
    assert of(merge).places == []
    Delivery.objects.update(url="https://github.com/acme/shop/pull/13")
    assert [row.url for row in of(merge).places] == ["https://github.com/acme/shop/pull/13"]


def test_an_edit_is_what_is_read_then(message: Review, owner: User) -> None:
    reviews.edit(message, by=owner, version=1, text="Mine")
    shown = of(message)
    assert shown.text == "Mine\n"
    assert [row.version for row in shown.made] == [2], "only the newest version of a file"


def test_links_and_hidden_characters_are_pointed_out(message: Review, owner: User) -> None:
    reviews.edit(message, by=owner, version=1, text="[bank](https://evil.example/)\u202e")
    shown = of(message)
    assert shown.links == ["https://evil.example/"]
    assert shown.has_hidden


def test_a_message_to_nobody_cannot_be_approved(message: Review) -> None:
    Delivery.objects.update(fields={"subject": "x", "to": []})
    assert "no recipient" in of(message).problem


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_bytes_that_are_not_the_ones_are_not_shown(message: Review, tmp_path: Path, harm: str) -> None:
    sha256 = Artifact.objects.get().sha256
    path = tmp_path / "artifacts" / sha256[:2] / sha256
    path.write_text("other") if harm == "changed" else path.unlink()
    shown = of(message)
    assert "cannot be approved" in shown.problem
    assert not shown.paper


def test_a_branch_shows_what_changed_and_what_the_tests_said(merge: Review) -> None:
    shown = of(merge)
    assert [(file.path, file.added, file.removed) for file in shown.diff] == [("shop/vat.py", 1, 1)]
    assert [(exhibit.name, exhibit.text) for exhibit in shown.exhibits] == [("tests.txt", "1 passed in 0.1s")]
    assert (shown.lines_added, shown.lines_removed) == (1, 1)
    assert shown.exhibits[0].is_short
    assert not shown.exhibits[0].html


def test_a_revised_branch_shows_the_whole_and_its_own_step(merge: Review, owner: User) -> None:
    reviews.revise(merge, by=owner, version=1, note="Round down.")
    whole, step = (
        PATCH.replace("ceil", "floor"),
        PATCH.replace("round", "ceil", 1).replace("+    return ceil", "+    return floor"),
    )
    files = [
        File("patch", "changes.patch", "text/x-diff", whole.encode()),
        File("revision", "revision.patch", "text/x-diff", step.encode()),
    ]
    result = branch_result()
    effects = [tasks.WantedEffect("branch", result.effects[0].fields, ["revision.patch"])]
    done(tasks.Result({"tests": "none"}, "+1 -1", files, effects))
    deliveries.land(sending(), external_id="c2", url="", detail="agent/a-branch", by="deliveries")
    shown = of(Review.objects.get(state="open"))
    assert [line.text for line in shown.diff[0].lines if line.sign == "+"] == ["    return floor(net)"]
    assert [line.text for line in shown.step[0].lines if line.sign == "-"] == ["    return ceil(net)"]
    assert shown.risks == ["No test was run.", "What handles money changes: shop/vat.py."]


def test_a_question_numbers_its_suggestions(question: Review) -> None:
    choices = of(question).choices
    assert [(choice.key, choice.text, choice.is_recommended) for choice in choices] == [
        (1, "The prints", False),
        (2, "The calendar", True),
        (3, "Both", False),
    ]


@pytest.mark.parametrize(
    ("payload", "says"),
    [({}, "Safe: only what failed"), ({"written": True}, "Look first"), ({"unknown": True}, "Not before")],
)
def test_a_failure_says_whether_a_retry_is_safe(failure: Review, payload: dict[str, bool], says: str) -> None:
    Review.objects.update(payload={"cause": "c", "fix": "f", **payload})
    assert of(failure).retry.startswith(says)


def test_a_message_of_unknown_fate_is_shown(unknown: Review) -> None:
    shown = of(unknown)
    assert shown.text == "Hello Marta"
    assert shown.recipients == ["marta@example.com"]


def test_what_belongs_to_no_client_is_read_as_well(failure: Review, trattoria: Client) -> None:
    failure.own_job.client = None
    failure.own_job.save()
    assert of(failure).review.own_job.client is None


@pytest.mark.parametrize(
    ("kind", "word"), [("silent", "Run it now"), ("empty", "Run it again"), ("hanging", "End it and run it again")]
)
def test_an_alarm_says_what_can_be_run(kind: str, word: str, request: pytest.FixtureRequest) -> None:
    shown = of(request.getfixturevalue(kind))
    assert shown.remedy_word == word


def test_a_message_has_nothing_that_can_be_run(message: Review) -> None:
    assert (of(message).remedy, of(message).remedy_word) == ("", "")


def test_an_edit_stands_against_the_agents_words(message: Review, owner: User) -> None:
    assert of(message).change is None
    reviews.edit(message, by=owner, version=1, text="Hello dear Marta")
    reviews.edit(Review.objects.get(), by=owner, version=2, text="Hello dear Marta, welcome")
    change = of(message).change
    assert change
    assert change.title == "Your words against the agent's"
    assert "".join(piece.text for piece in change.pieces if piece.kind != "added") == "Hello Marta"
    assert "".join(piece.text for piece in change.pieces if piece.kind != "removed") == "Hello dear Marta, welcome"


def test_a_revision_stands_against_what_was_sent_back_with_the_note(message: Review, owner: User) -> None:
    reviews.edit(message, by=owner, version=1, text="We open on Tuesday at 7.")
    reviews.revise(Review.objects.get(), by=owner, version=2, note="It is Friday.")
    done(message_result("We open on Friday at 7."))
    change = of(Review.objects.latest("id")).change
    assert change
    assert (change.title, change.said) == ("Changed since your note", "It is Friday.")
    assert [(piece.kind, piece.text) for piece in change.pieces if piece.kind != "same"] == [
        ("removed", "Tuesday"),
        ("added", "Friday"),
    ]


def test_what_an_item_rests_on_is_read_beside_it(planned: Callable[..., Job]) -> None:
    planned(STEP, STEP)
    found = a_file("brief.md", "# Found\n\nFive tables free." + "x" * 7_000, "brief")
    done(tasks.Result(output={}, summary="a brief", files=[found, a_file("draft.md", "Draft", "draft")]))
    done(message_result())
    (beside,) = of(Review.objects.get()).rests_on
    assert (beside.name, len(beside.text), beside.is_cut) == ("brief.md", 6_000, True)
    assert "<h1>Found</h1>" in beside.html
