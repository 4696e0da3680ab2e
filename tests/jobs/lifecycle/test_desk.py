"""An item about the desk itself: it stands at no job, is shown by its name everywhere, and is taken back again."""

from importlib import import_module
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from integrations import notices
from integrations.notion import board
from integrations.slack import review_card
from jobs import digest
from jobs.lifecycle import alarm, desk
from jobs.lifecycle import review as reviews
from jobs.lifecycle import token as tokens
from jobs.lifecycle.item import open_review
from jobs.models import Delivery, Event, Job, Review
from jobs.models.token import SCOPES
from jobs.states import ReviewKind
from tests.jobs.conftest import told
from tests.jobs.test_nights import MORNING, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(settings: Settings) -> Review:
    """A target that is down; a board is told of it."""
    settings.NOTICES = {"board": {"events": ["review.*"], "cards": ["job", "review"]}}
    return desk.raise_item(alarm.down("folder", "It may not be written to."))


def test_it_is_an_item_without_a_job(item: Review) -> None:
    assert (item.job, item.about, item.kind, item.priority) == (None, "folder", "alarm", 2)
    line = Event.objects.get(name="review.opened")
    assert (line.job_id, line.row) == (None, item.pk)
    with pytest.raises(LookupError, match="about the desk itself"):
        item.own_job_id  # noqa: B018 - reading it is what is refused


def test_the_inbox_shows_it_by_its_name(item: Review, owner: User, client: Browser) -> None:
    client.force_login(owner)
    for address in ("/inbox/", f"/inbox/{item.pk}/"):
        page = client.get(address).content.decode()
        assert '<span class="client">folder</span>' in page
        assert "folder is down: what goes there waits" in page
        assert "The whole job" not in page
        assert "Try it now" in page


def test_the_terminal_lists_and_shows_it(item: Review) -> None:
    out = StringIO()
    call_command("review", "list", stdout=out)
    call_command("review", "show", str(item.pk), stdout=out)
    assert "folder: folder is down: what goes there waits" in out.getvalue()
    assert "Cause: It may not be written to." in out.getvalue()


def test_the_api_says_that_it_has_no_job_and_what_it_is_about(item: Review, owner: User, client: Browser) -> None:
    headers = {"Authorization": f"Bearer {tokens.make(name='n8n', user=owner, scopes=SCOPES).text}"}
    (listed,) = client.get("/api/v1/reviews/", headers=headers).json()["results"]
    shown = client.get(f"/api/v1/reviews/{item.pk}/", headers=headers).json()
    assert (listed["job"], listed["about"]) == (shown["job"], shown["about"]) == (None, "folder")
    said = {"version": item.version, "digest": item.digest}
    undone = client.post(f"/api/v1/reviews/{item.pk}/undo/", said, "application/json", headers=headers)
    assert undone.status_code == 409
    noted = client.post(f"/api/v1/reviews/{item.pk}/acknowledge/", said, "application/json", headers=headers)
    assert (noted.status_code, noted.json()["state"]) == (200, "answered")


def test_slack_and_notion_show_it_by_its_name(item: Review) -> None:
    outgoing = notices.compose(Delivery.objects.get(kind="notice"))
    assert (outgoing.card, outgoing.job_uid, outgoing.job_title) == (f"review:{item.pk}", "", "")
    review = outgoing.fields["review"]
    _, blocks = review_card.show(review, [], about=review["about"])
    assert "folder · Alarm · waits for a decision" in str(blocks[-1])
    assert board.row(outgoing).values["Client"] == "folder"


def test_the_digest_of_the_night_tells_it(item: Review) -> None:
    told("review.opened", item.pk, at(3))
    found = digest.compose(MORNING, now=at(11))
    assert f"inbox/{item.pk}/): It may not be written to." in found.text
    assert "1 alarm" in found.text


@pytest.mark.parametrize("verb", [reviews.acknowledge, reviews.decline])
def test_a_person_decides_it(item: Review, owner: User, verb: object) -> None:
    verb(item, by=owner, version=item.version)  # type: ignore[operator]
    item.refresh_from_db()
    assert item.decided_by == owner
    with_a_decision = item.state
    desk.take_back(item, by="breaker", note="It is back.")
    item.refresh_from_db()
    assert item.state == with_a_decision, "what a person decided stays"


def test_it_is_put_off_and_taken_back(item: Review, owner: User) -> None:
    reviews.snooze(item, by=owner, version=item.version, until=timezone.now())
    desk.take_back(item, by="breaker", note="It is back.")
    item.refresh_from_db()
    assert (item.state, item.note) == ("superseded", "It is back.")


def test_what_stood_at_some_job_before_stands_alone(job: Job) -> None:
    old = open_review(job, ReviewKind.ALARM, **alarm.down("folder", "x"))
    other = open_review(job, ReviewKind.ALARM, title="Silent", consequence="", payload={"alarm": "silent"})
    import_module("jobs.migrations.0028_desk_items").stand_alone(apps, None)
    old.refresh_from_db()
    other.refresh_from_db()
    assert (old.job, old.about, other.job) == (None, "folder", job)
