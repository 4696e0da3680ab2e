"""What approving an item does is listed before anybody approves it."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from jobs.inbox.effects import preview
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import task as tasks
from jobs.lifecycle.planning import PlannedStep
from jobs.models import Delivery, Job, Review
from tests.jobs.conftest import a_file, branch_result, done, sending

pytestmark = pytest.mark.django_db

MAIL = PlannedStep("communication", "Tell Marta", {})
AFTER = PlannedStep("drafting", "Note it down", {}, needs=[1])
CODE = PlannedStep("code", "Fix it", {})


@pytest.fixture(autouse=True)
def known(settings: Any) -> None:
    """The windows that the pages speak of."""
    settings.UNDO_CLIENT = datetime.timedelta(seconds=30)


@pytest.fixture
def page(client: Browser, owner: User) -> Callable[[], str]:
    """A function that returns the page of the one open item, as a browser without JavaScript shows it."""
    client.force_login(owner)

    def read() -> str:
        review = Review.objects.get(state="open")
        text = client.get(f"/inbox/{review.pk}/").content.decode()
        return " ".join(text.partition('aria-label="What approving does"')[2].partition("</section>")[0].split())

    return read


def test_a_message_says_to_whom_with_what_when_and_what_follows(
    planned: Callable[..., Job], page: Callable[[], str]
) -> None:
    job = planned(MAIL, AFTER)
    job.client.recipients = ["marta@example.com", "office@example.com"]  # type: ignore[union-attr]
    job.client.save()  # type: ignore[union-attr]
    effect = tasks.WantedEffect("client_message", {"subject": "Status"}, ["message.md", "plan.md"])
    files = [a_file(), a_file("plan.md", "The plan")]
    done(tasks.Result(output={}, summary="one", files=files, effects=[effect]))
    Job.objects.update(budget_microusd=2_000_000, spent_microusd=300_000)
    review, delivery = Review.objects.get(), Delivery.objects.get()
    (listed,) = preview(review, [delivery]).effects
    assert (listed.to, listed.files) == (["marta@example.com", "office@example.com"], ["plan.md"])
    said = page()
    assert "Sends “Status”" in said
    assert "to marta@example.com, office@example.com, by mail, with plan.md" in said
    assert "leaves 30 seconds after you approve" in said
    assert f"<code>{delivery.digest[:12]}</code>" in said
    assert "Then “Note it down” may begin, by the drafting agent" in said
    assert "$1.70" in said


def test_a_step_that_waits_for_another_one_too_is_not_promised(
    planned: Callable[..., Job], page: Callable[[], str]
) -> None:
    planned(MAIL, CODE, PlannedStep("drafting", "Note both", {}, needs=[1, 2]))
    effect = tasks.WantedEffect("client_message", {"subject": "Status"}, ["message.md"])
    done(tasks.Result(output={}, summary="one", files=[a_file()], effects=[effect]))
    assert "Note both" not in page()


def test_a_merge_that_nightdesk_does_not_make_says_that_nothing_leaves(
    planned: Callable[..., Job], page: Callable[[], str]
) -> None:
    planned(CODE)
    done(branch_result())
    deliveries.land(sending(), external_id="abc", url="", detail="agent/x", by="deliveries")
    said = page()
    assert "Nothing leaves" in said
    assert Review.objects.get().digest[:12] in said


def test_a_merge_that_nightdesk_makes_says_what_into_what_and_that_it_can_be_undone(
    planned: Callable[..., Job], page: Callable[[], str]
) -> None:
    planned(CODE)
    done(branch_result())
    pushed = sending()
    fields = {"repository": "site", "branch": "agent/x", "into": "main", "commit": "abc" * 13, "number": 3}
    deliveries.land(pushed, external_id="abc", url="", detail="agent/x", by="deliveries", merging=fields)
    said = page()
    assert "Merges agent/x into main, at exactly abcabcabcabc" in said
    assert "by git: site" in said
    assert "until then you can take it back" in said


def test_a_decided_item_promises_nothing(planned: Callable[..., Job], client: Browser, owner: User) -> None:
    planned(MAIL)
    effect = tasks.WantedEffect("client_message", {"subject": "Status"}, ["message.md"])
    done(tasks.Result(output={}, summary="one", files=[a_file()], effects=[effect]))
    client.force_login(owner)
    review = Review.objects.get()
    client.post(f"/inbox/{review.pk}/decline/", {"version": review.version})
    assert "What approving does" not in client.get(f"/inbox/{review.pk}/").content.decode()
