"""What each page is given."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from jobs import events
from jobs.inbox import pages, reading, rendering
from jobs.inbox.rendering import DiffFile, DiffLine
from jobs.lifecycle import review as reviews
from jobs.models import Client, Delivery, Review
from tests.jobs.inbox.conftest import several
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def person_of() -> Callable[[str], Browser]:
    """A function that opens a browser for somebody of this group."""
    return lambda group: browser_of(person(group))


def page(desk: Browser, review: Review) -> str:
    return desk.get(reverse("inbox:item", args=[review.pk])).content.decode()


def test_an_item_knows_its_place_in_the_list(owner: User, trattoria: Client) -> None:
    first, second, third = several(trattoria, 3)
    context = pages.desk(owner, second)
    assert (context["before"], context["position"], context["after"]) == (first, 2, third)
    assert context["is_picked"]
    context = pages.desk(owner)
    assert (context["chosen"], context["before"], context["is_picked"]) == (first, None, False)


def test_an_item_that_was_decided_has_no_place(owner: User, question: Review) -> None:
    reviews.decline(question, by=owner, version=1)
    question.refresh_from_db()
    context = pages.desk(owner, question)
    assert (context["position"], context["before"], context["after"], context["waiting"]) == (None, None, None, 0)


def test_the_stamp_changes_with_the_job_it_is_of(message: Review) -> None:
    uid = str(message.own_job.uid)
    before, inbox = pages.stamp(uid), pages.stamp("")
    assert pages.stamp(uid) == before
    events.append("job.resumed", actor="test", noun="job", row=message.own_job_id, job_id=message.own_job_id)
    assert pages.stamp(uid) != before
    assert pages.stamp("") != inbox


def test_the_stamp_of_what_is_no_job_is_empty() -> None:
    assert pages.stamp("../../x") == ""


def test_the_bars_of_the_night_fit_their_box(owner: User) -> None:
    bars = pages.desk(owner)["bars"]
    assert len(bars) == 12
    assert all(bar["y"] >= 0 and bar["y"] + bar["height"] == 24 for bar in bars)


def test_what_starts_folded_is_not_in_the_page_until_it_is_asked_for(
    desk: Browser, merge: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "return ceil(net)" in page(desk, merge)
    monkeypatch.setattr(rendering, "LONG_DIFF", 3)
    text = page(desk, merge)
    assert "shop/vat.py" in text
    assert "It has 4 lines to read" in text
    assert "return ceil(net)" not in text
    address = f"{reverse('inbox:item', args=[merge.pk])}?show="
    for show, place in (("whole", "files"), ("file-1", "file-1")):
        assert f'href="{address}{show}#{place}"' in text
        assert "return ceil(net)" in desk.get(address + show).content.decode()


def test_a_file_that_is_opened_comes_by_itself(
    desk: Browser, merge: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [DiffFile(f"{n}.py", [DiffLine("+", f"line of {n}", new=1)], is_folded=n == 3) for n in (1, 2, 3)]
    monkeypatch.setattr(reading, "parse_diff", lambda patch: files)
    address = f"{reverse('inbox:item', args=[merge.pk])}?show="
    for shown, lines in (("", [1, 2]), ("whole", [1, 2, 3]), ("file-1", [1]), ("file-3", [3]), ("file-9", [])):
        text = desk.get(address + shown).content.decode()
        assert [n for n in (1, 2, 3) if f"line of {n}" in text] == lines, shown
        assert [n for n in (1, 2, 3) if f'href="{address}file-{n}#file-{n}"' in text] == [
            n for n in (1, 2, 3) if n not in lines
        ], "each that is folded leads to its lines"


def test_an_approved_item_has_its_own_undo_until_it_is_due(
    desk: Browser, message: Review, owner: User, person_of: Callable[[str], Browser]
) -> None:
    undo = f'action="{reverse("inbox:undo", args=[message.pk])}"'
    assert undo not in page(desk, message)
    reviews.approve(message, by=owner, version=1, digest=message.digest)
    # In the message that tells of it, and on the item.
    assert page(desk, message).count(undo) == 2
    assert page(person_of("reviewer"), message).count(undo) == 1
    assert undo not in page(person_of("read-only"), message)
    Delivery.objects.update(ready_at=timezone.now())
    assert undo not in page(desk, message)


def test_the_sums_are_among_the_facts_before_a_message_is_sent(desk: Browser, message: Review, owner: User) -> None:
    assert "It names" not in page(desk, message)
    reviews.edit(message, by=owner, version=1, text="That is 1,200 €.")
    assert "It names <b>1,200 €</b>." in page(desk, message)


def test_what_helps_after_a_failure_leads_to_the_set_up(
    desk: Browser, failure: Review, person_of: Callable[[str], Browser]
) -> None:
    leads = f'Renew the access. <a href="{reverse("inbox:setup")}">Setup</a>'
    assert leads in page(desk, failure)
    assert leads not in page(person_of("reviewer"), failure), "it is not for them to change"


def test_a_delivery_that_failed_leads_to_its_target(desk: Browser, unknown: Review) -> None:
    assert f'<a href="{reverse("inbox:setup")}#mail">Setup</a>' in page(desk, unknown)
