"""A notice says how things stand when it is sent, with what its target shows of them already."""

from typing import Any

import pytest
from pytest_django import Settings

from integrations import notices
from jobs.lifecycle import job as jobs
from jobs.lifecycle import notice, planning
from jobs.models import Client, Delivery, Event, Review
from tests.jobs.conftest import STEP, claimed, done, message_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(trattoria: Client, settings: Settings) -> Review:
    """A message that waits for its owner; a board shows it and its job, a ledger is told each event."""
    settings.NOTICES = {
        "board": {"events": ["job.*", "review.*"], "cards": ["job", "review"]},
        "ledger": {"events": ["review.opened"], "cards": []},
    }
    jobs.open_job(title="Winter page", brief="Write it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result("Hello Marta"))
    return Review.objects.get()


def said(**columns: Any) -> Delivery:
    found = Delivery.objects.filter(kind="notice", **columns).order_by("id").last()
    assert found
    return found


def test_the_card_of_a_review_brings_the_whole_text_that_would_leave(review: Review) -> None:
    outgoing = notices.compose(said(card=f"review:{review.pk}"))
    assert (outgoing.kind, outgoing.card, outgoing.previous) == ("notice", f"review:{review.pk}", None)
    assert (outgoing.job_uid, outgoing.job_title) == (str(review.own_job.uid), "Winter page")
    assert outgoing.client == "Trattoria Lume"
    assert [file.content for file in outgoing.files] == [b"Hello Marta"]
    shown = outgoing.fields["review"]
    assert (shown["digest"], shown["version"], shown["state"]) == (review.digest, review.version, "open")
    assert shown["deliveries"][0]["facts"]["to"] == ["marta@example.com"]
    assert outgoing.fields["event"]["name"] == "review.opened"


def test_the_card_of_a_job_shows_it_as_it_is_now(review: Review) -> None:
    first = Delivery.objects.filter(card=f"job:{review.job_id}").order_by("id").first()
    assert first
    outgoing = notices.compose(first)
    assert outgoing.fields["event"]["name"] == "job.opened"
    assert outgoing.fields["job"]["state"] == "needs_review"
    assert "review" not in outgoing.fields
    assert not outgoing.files


def test_an_event_by_itself_brings_its_review_and_job(review: Review) -> None:
    outgoing = notices.compose(said(target="ledger"))
    assert outgoing.card == ""
    assert outgoing.fields["review"]["id"] == review.pk
    assert outgoing.fields["job"]["id"] == str(review.own_job.uid)
    assert Event.objects.get(pk=outgoing.fields["event"]["id"]).name == "review.opened"


def test_what_is_shown_already_comes_along(review: Review) -> None:
    card = f"review:{review.pk}"
    shown = said(card=card)
    Delivery.objects.filter(pk=shown.pk).update_state(state="delivered", external_id="C1:17.2", url="https://x/17")
    later = notice.enter("board", key="later", card=card)
    outgoing = notices.compose(later)
    assert outgoing.previous
    assert (outgoing.previous.external_id, outgoing.previous.url) == ("C1:17.2", "https://x/17")


def test_a_notice_may_be_about_no_job() -> None:
    outgoing = notices.compose(notice.enter("board", key="digest:1", fields={"text": "All quiet."}))
    assert (outgoing.fields, outgoing.job_uid, outgoing.files) == ({"text": "All quiet."}, "", [])
