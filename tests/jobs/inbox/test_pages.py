"""What each page is given."""

import pytest
from django.contrib.auth.models import User

from jobs import events
from jobs.inbox import pages
from jobs.lifecycle import review as reviews
from jobs.models import Client, Review
from tests.jobs.inbox.conftest import several

pytestmark = pytest.mark.django_db


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
    uid = str(message.job.uid)
    before, inbox = pages.stamp(uid), pages.stamp("")
    assert pages.stamp(uid) == before
    events.append("job.resumed", actor="test", noun="job", row=message.job_id, job_id=message.job_id)
    assert pages.stamp(uid) != before
    assert pages.stamp("") != inbox


def test_the_stamp_of_what_is_no_job_is_empty() -> None:
    assert pages.stamp("../../x") == ""


def test_the_bars_of_the_night_fit_their_box(owner: User) -> None:
    bars = pages.desk(owner)["bars"]
    assert len(bars) == 12
    assert all(bar["y"] >= 0 and bar["y"] + bar["height"] == 24 for bar in bars)
