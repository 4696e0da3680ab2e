"""The inbox mirrored in Notion, and decided there: only by whom the owner named, only what the row shows whole."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from integrations import decisions, reconciler, workers
from integrations.notion import board
from integrations.notion.client import Notion
from integrations.notion.pace import pace_of
from jobs import pool, queue
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import notice, planning
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.models import Breaker, Client, Delivery, Event, Receipt, Review
from tests.emulators.notion import BOT, TOKEN, NotionEmulator, Page
from tests.jobs.conftest import STEP, a_file, branch_result, claimed, done, message_result

pytestmark = pytest.mark.django_db

ANNA = "a0000000-0000-4000-8000-000000000001"
PAUL = "a0000000-0000-4000-8000-000000000002"
TEXT = "Dear Marta,\n\nthe **winter page** is [ready](https://lume.example/winter).\n"


@pytest.fixture
def notion(settings: Any, owner: User) -> Iterator[NotionEmulator]:
    """Notion, where the inbox is shown and Anna may decide as the owner."""
    emulator = NotionEmulator().start()
    kinds = {column.name.replace(" ", "_"): column.kinds[0] for column in board.COLUMNS[1:]}
    source = emulator.add_source("Morning", **kinds)
    home: dict[str, Any] = {"token": TOKEN, "base_url": emulator.url, "per_second": 1e6}
    settings.TARGETS = {"notion": {**home, "review_data_source": source, "site": "http://127.0.0.1:8000"}}
    settings.NOTICES = {"notion": {"events": ["review.*"], "cards": ["review"], "digest": False}}
    settings.DESKS = {"notion": {**home, "data_source": source, "approvers": {ANNA.upper(): "owner"}}}
    workers._target.cache_clear()
    pace_of.cache_clear()
    yield emulator
    workers._target.cache_clear()
    pace_of.cache_clear()
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture
def message(notion: NotionEmulator, trattoria: Client) -> Review:
    """A message that waits, shown in Notion."""
    opened(trattoria, message_result(TEXT, subject="The winter page"))
    review = Review.objects.get()
    send()
    return review


def opened(client: Client, result: tasks.Result) -> None:
    jobs.open_job(title="Winter page", brief="Write it.", by="test", client=client)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(result)


def send() -> None:
    """Everything that is to be told is told."""
    Delivery.objects.filter(kind="notice", state="pending").update(
        ready_at=Review.objects.earliest("id").created_at
    )
    while delivery := queue.claim_delivery():
        workers.carry_out(delivery, pool.Pulse("deliveries"))


def send_one() -> None:
    delivery = queue.claim_delivery()
    assert delivery is not None
    workers.carry_out(delivery, pool.Pulse("deliveries"))


def row(notion: NotionEmulator) -> Page:
    (source,) = notion.sources
    (page,) = notion.rows(source)
    return page


def after(notion: NotionEmulator, review: Review) -> tuple[str, str, str]:
    """What came of it: the state here, and what the row says when all is told."""
    send()
    review.refresh_from_db()
    return review.state, row(notion).text("Status"), row(notion).text("Outcome")


def test_an_open_item_is_a_row_with_all_that_would_be_sent(notion: NotionEmulator, message: Review) -> None:
    page = row(notion)
    assert {name: page.text(name) for name in ("Name", "Status", "Kind", "Client", "External ID", "Outcome")} == {
        "Name": "The winter page",
        "Status": "Waiting",
        "Kind": "Message",
        "Client": "Trattoria Lume",
        "External ID": f"review:{message.pk}",
        "Outcome": "",
    }
    assert page.text("Link") == f"http://127.0.0.1:8000/inbox/{message.pk}/"
    assert page.text("Code") == f"v1-{message.digest[:12]}"
    assert page.text("Due").startswith(f"{message.created_at:%Y-%m-%dT%H:%M}")
    assert "marta@example.com" in page.markdown
    assert "Dear Marta,\n\nthe **winter page** is [ready](https://lume.example/winter)." in page.markdown


def test_an_approval_of_the_right_person_counts_and_shows(notion: NotionEmulator, message: Review) -> None:
    notion.edit(row(notion), ANNA, Status="Approved")
    assert decisions.look() == 1
    state, status, outcome = after(notion, message)
    assert (state, status) == ("approved", "Approved")
    assert outcome.startswith("Approved by owner, ")
    assert row(notion).text("Code") == ""
    (sent,) = Delivery.objects.filter(kind="client_message")
    assert (sent.state, sent.approved_digest) == ("pending", message.digest)
    assert sent.ready_at > timezone.now(), "it can be taken back"
    said = Event.objects.get(name="review.approved")
    assert said.actor == "notion:owner"
    assert decisions.look() == 0


def test_a_refusal_counts_too(notion: NotionEmulator, message: Review) -> None:
    notion.edit(row(notion), ANNA, Status="Declined")
    assert decisions.look() == 1
    assert after(notion, message)[:2] == ("declined", "Declined")


def test_what_was_decided_here_shows_there(notion: NotionEmulator, message: Review, owner: User) -> None:
    notion.journal.clear()
    reviews.decline(message, by=owner, version=1, reason="Too early, *Marta*")
    state, status, outcome = after(notion, message)
    assert (state, status) == ("declined", "Declined")
    assert "Too early, *Marta*" in outcome
    assert not [seen for seen in notion.journal if "markdown" in seen.req.path], "its text stays as it was"


@pytest.mark.parametrize("word", ["Approved", "Declined"])
def test_who_is_named_and_may_only_read_decides_nothing(
    notion: NotionEmulator, message: Review, owner: User, word: str
) -> None:
    User.objects.filter(pk=owner.pk).update(is_superuser=False)
    owner.groups.add(Group.objects.get_or_create(name="read-only")[0])
    notion.edit(row(notion), ANNA, Status=word)
    assert decisions.look() == 0
    assert after(notion, message) == (
        "open",
        "Waiting",
        "Nothing was done: whoever set this may not decide here.",
    )


@pytest.mark.parametrize(("who", "active"), [(PAUL, True), (BOT, True), (ANNA, False)])
@pytest.mark.parametrize("word", ["Approved", "Declined"])
def test_nobody_else_decides_and_the_row_says_so(
    notion: NotionEmulator, message: Review, owner: User, who: str, active: bool, word: str
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=active)
    for _ in range(2):
        notion.edit(row(notion), who, Status=word)
        assert decisions.look() == 0
        assert after(notion, message) == (
            "open",
            "Waiting",
            "Nothing was done: whoever set this may not decide here.",
        )
    assert Delivery.objects.get(kind="client_message").state == "held"


def test_a_version_that_is_not_shown_is_not_approved(notion: NotionEmulator, message: Review, owner: User) -> None:
    notion.edit(row(notion), ANNA, Status="Approved")
    reviews.edit(message, by=owner, version=1, text="Dear Marta, not yet.")
    assert decisions.look() == 0, "a row that is about to change decides nothing"
    state, status, outcome = after(notion, message)
    assert (state, status) == ("open", "Waiting")
    assert "changed since" in outcome, "whoever set it is told that it did not count"
    assert "not yet" in row(notion).markdown
    code = row(notion).text("Code")
    reviews.edit(message, by=owner, version=2, text="Dear Marta, never.")
    send()
    assert row(notion).text("Code") != code
    notion.edit(row(notion), ANNA, Status="Approved", Code=code)
    assert decisions.look() == 0
    state, status, outcome = after(notion, message)
    assert (state, status) == ("open", "Waiting")
    assert "changed since" in outcome


def test_a_decision_that_a_notice_would_overwrite_is_taken_first(notion: NotionEmulator, message: Review) -> None:
    notion.edit(row(notion), ANNA, Status="Approved")
    with transaction.atomic():
        notice.enter("notion", key="notion:late", card=f"review:{message.pk}")
    state, status, outcome = after(notion, message)
    assert (state, status) == ("approved", "Approved")
    assert outcome.startswith("Approved by owner, ")
    assert Delivery.objects.get(key="notion:late").state == "cancelled"


def test_a_decision_that_comes_after_another_is_told_that_it_did_not_count(
    notion: NotionEmulator, message: Review, owner: User
) -> None:
    reviews.decline(message, by=owner, version=1)
    notion.edit(row(notion), ANNA, Status="Approved")
    state, status, outcome = after(notion, message)
    assert (state, status) == ("declined", "Declined")
    assert outcome == "Approved was set when it was declined already: nothing was done."
    assert not Delivery.objects.filter(kind="notice", state="pending").exists()


def test_when_a_row_cannot_be_read_it_is_not_overwritten(notion: NotionEmulator, message: Review) -> None:
    notion.edit(row(notion), ANNA, Status="Declined")
    with transaction.atomic():
        notice.enter("notion", key="notion:late", card=f"review:{message.pk}")
    notion.fault("GET /v1/pages", "status", **vars(notion.error("service_unavailable")))
    send_one()
    assert row(notion).text("Status") == "Declined"
    assert Delivery.objects.get(key="notion:late").state == "pending"
    assert after(notion, message)[:2] == ("declined", "Declined")


SPOILT = {
    "other words": lambda page: setattr(page, "markdown", page.markdown.replace("winter", "summer")),
    "cut by Notion": lambda page: setattr(page, "truncated", True),
    "another digest": lambda page: page.properties["Digest"]["rich_text"].clear(),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_text_that_is_cut_or_changed_is_not_approved(notion: NotionEmulator, message: Review, spoil: Any) -> None:
    spoil(row(notion))
    notion.edit(row(notion), ANNA, Status="Approved")
    assert decisions.look() == 0
    row(notion).truncated = False
    state, status, outcome = after(notion, message)
    assert (state, status) == ("open", "Waiting")
    assert "whole and unchanged" in outcome
    notion.edit(row(notion), ANNA, Status="Declined")
    assert decisions.look() == 1, "what sends nothing needs no proof"


def test_an_approval_that_was_taken_back_waits_again_under_another_code(
    notion: NotionEmulator, message: Review, owner: User
) -> None:
    notion.edit(row(notion), ANNA, Status="Approved")
    decisions.look()
    send()
    message.refresh_from_db()
    reviews.undo(message, by=owner)
    assert after(notion, message) == ("open", "Waiting", "")
    assert row(notion).text("Code") == f"v2-{message.digest[:12]}"
    notion.edit(row(notion), ANNA, Status="Approved")
    assert decisions.look() == 1
    assert after(notion, message)[0] == "approved"


def test_a_message_with_a_file_that_cannot_be_read_there_is_decided_elsewhere(
    notion: NotionEmulator, trattoria: Client
) -> None:
    result = message_result(TEXT)
    menu = a_file("menu.pdf", "%PDF", "draft")
    result.files.append(type(menu)(menu.kind, menu.name, "application/pdf", menu.content))
    result.effects[0].files.append("menu.pdf")
    opened(trattoria, result)
    send()
    assert "menu.pdf (application/pdf" in row(notion).markdown
    notion.edit(row(notion), ANNA, Status="Approved")
    assert decisions.look() == 0
    assert "decide it on its page" in after(notion, Review.objects.get())[2]


def test_a_merge_is_decided_on_its_page(notion: NotionEmulator, trattoria: Client) -> None:
    opened(trattoria, branch_result())
    branch = queue.claim_delivery()
    assert branch is not None
    deliveries.land(branch, external_id="0" * 40, url="", detail="agent/x", by="test")
    send()
    assert row(notion).text("Kind") == "Merge"
    notion.edit(row(notion), ANNA, Status="Approved")
    assert decisions.look() == 0
    state, status, outcome = after(notion, Review.objects.get())
    assert (state, status) == ("open", "Waiting")
    assert "decided on its page" in outcome


def test_a_lost_answer_brings_no_second_row_and_no_approval_of_what_nobody_read(
    notion: NotionEmulator, trattoria: Client
) -> None:
    notion.fault("POST /v1/pages", "lost")
    opened(trattoria, message_result(TEXT))
    send()
    told = Delivery.objects.get(kind="notice")
    assert told.state == "unknown"
    assert decisions.look() == 0
    Delivery.objects.filter(pk=told.pk).update(ready_at=told.created_at)
    lookup = queue.claim_lookup()
    assert lookup is not None
    workers.carry_out(lookup, pool.Pulse("deliveries"))
    send()
    notion.edit(row(notion), ANNA, Status="Approved")
    assert decisions.look() == 1
    assert len(notion.pages) == 1


def test_what_was_open_before_notion_was_connected_is_shown(
    notion: NotionEmulator, trattoria: Client, settings: Any
) -> None:
    wishes, settings.NOTICES = settings.NOTICES, {}
    opened(trattoria, message_result(TEXT))
    settings.NOTICES = wishes
    decisions.look()
    decisions.look()
    send()
    assert row(notion).text("Status") == "Waiting"
    assert Delivery.objects.filter(kind="notice").count() == 1


def test_an_event_has_its_row_looked_at(notion: NotionEmulator, message: Review) -> None:
    def heard(page: str) -> int:
        receipt = Receipt.objects.create(
            source="notion", external_id=page[-4:], kind="page.properties_updated", body=b"", data={"page": page}
        )
        return decisions.heard(receipt.pk)

    notion.edit(row(notion), ANNA, Status="Approved")
    elsewhere = notion.add_source("Other")
    assert heard("10000000-0000-4000-8000-0000000000fe") == 0
    assert heard(row_of_another(notion, elsewhere)) == 0
    assert heard(row_in(notion, "Morning").id) == 1
    assert decisions.heard(0) == 0


def row_in(notion: NotionEmulator, name: str) -> Page:
    source = next(one.id for one in notion.sources.values() if one.name == name)
    return notion.rows(source)[0]


def row_of_another(notion: NotionEmulator, source: str) -> str:
    """A page of a data source that is not the board's."""
    with Notion(token=TOKEN, base_url=notion.url, per_second=1e6).visit() as visit:
        return str(visit.create(source, {}, "")["id"])


def test_a_row_that_somebody_made_is_left_alone(notion: NotionEmulator, message: Review) -> None:
    page = row(notion)
    before = Delivery.objects.count()
    for card in ("review:999", "job:1", "", "review:1; DROP TABLE"):
        notion.edit(page, ANNA, Status="Approved", External_ID=card)
        assert decisions.look() == 0
    assert Delivery.objects.count() == before
    assert Review.objects.get().state == "open"


def test_when_notion_is_away_nothing_is_decided_and_nothing_breaks(notion: NotionEmulator, message: Review) -> None:
    notion.edit(row(notion), ANNA, Status="Approved")
    notion.fault("POST", "status", **vars(notion.error("service_unavailable")))
    assert decisions.look() == 0
    assert Review.objects.get().state == "open"
    assert decisions.look() == 1


def test_a_notion_that_is_down_is_left_in_peace(notion: NotionEmulator, message: Review) -> None:
    notion.edit(row(notion), ANNA, Status="Approved")
    notion.journal.clear()
    Breaker.objects.create(target="notion", until=timezone.now())
    assert decisions.look() == 0
    assert notion.journal == []
    Breaker.objects.all().delete()
    assert decisions.look() == 1


def test_a_row_that_is_there_twice_is_found_and_taken_away(notion: NotionEmulator, message: Review) -> None:
    shown = row(notion)
    (source,) = notion.sources
    double = dataclasses.replace(shown, id="10000000-0000-4000-8000-0000000000fe")
    notion.pages[double.id] = double
    assert len(notion.rows(source)) == 2
    assert reconciler.look() == 0
    assert [page.id for page in notion.rows(source)] == [shown.id]


def test_without_a_board_nobody_is_asked(settings: Any) -> None:
    settings.DESKS = {"slack": {}}
    assert decisions.look() == 0
    assert notice.shown("notion", "review:1") is None
