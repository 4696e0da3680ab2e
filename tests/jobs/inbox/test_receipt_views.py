"""The pages of what came in, over HTTP."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from jobs import arrivals
from jobs.lifecycle.intake import accept
from jobs.models import Artifact, Job
from tests.jobs.conftest import a_received_file, a_rule, an_event

pytestmark = pytest.mark.django_db


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    return str(response.content.decode())


def test_the_list_shows_what_came_and_what_became_of_it(desk: Browser) -> None:
    accept(an_event(summary="Lea asks"), [a_rule("contact")])
    accept(an_event(external_id="2", summary="Nobody wants it"), [])
    text = text_of(desk.get("/receipts/"))
    assert "Contact: Lea asks" in text
    assert "Nobody wants it" in text
    unmatched = text_of(desk.get("/receipts/?show=unmatched"))
    assert "Nobody wants it" in unmatched
    assert "Lea asks" not in unmatched
    assert "Nothing here." in text_of(desk.get("/receipts/?show=fault"))
    assert "Lea asks" in text_of(desk.get("/receipts/?show=rubbish&before=x"))


def test_pages_go_on(desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "PAGE_SIZE", 1)
    _, new = (accept(an_event(external_id=str(n), summary=f"No {n}"), []).receipt for n in range(2))
    assert f"before={new.pk}" in text_of(desk.get("/receipts/?show=unmatched"))
    assert "No 0" in text_of(desk.get(f"/receipts/?show=unmatched&before={new.pk}"))


def test_as_many_queries_for_many_receipts_as_for_few(desk: Browser) -> None:
    def read() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get("/receipts/")
        return len(queries)

    rule = a_rule("contact")
    accept(an_event(), [rule])
    few = read()
    for number in range(9):
        accept(an_event(external_id=str(number)), [rule])
    assert read() == few <= 10


def test_a_receipt_shows_its_values_its_bytes_and_what_the_rules_of_today_would_do(desk: Browser) -> None:
    receipt = accept(an_event(body=b"<b>raw</b>\xff", data={"text": "Do you deliver?"}), []).receipt
    a_rule("contact", title_template="Answer the question")
    text = text_of(desk.get(f"/receipts/{receipt.pk}/"))
    for words in ("Do you deliver?", "&lt;b&gt;raw&lt;/b&gt;\ufffd", "It would open: Answer the question"):
        assert words in text
    assert not Job.objects.exists()


def test_a_giant_body_is_shown_in_part(desk: Browser) -> None:
    receipt = accept(an_event(body=b"x" * 2_000_000, data={"text": "y" * 500_000}), []).receipt
    assert len(text_of(desk.get(f"/receipts/{receipt.pk}/"))) < 100_000


def test_a_replay_opens_what_is_not_opened_yet_and_says_so(desk: Browser) -> None:
    receipt = accept(an_event(), []).receipt
    address = f"/receipts/{receipt.pk}/replay/"
    assert "meets no rule that is on" in text_of(desk.post(address, follow=True))
    a_rule("contact")
    assert "Contact: opened job" in text_of(desk.post(address, follow=True))
    assert "Contact: had opened before job" in text_of(desk.post(address, follow=True))
    assert Job.objects.get().created_by == "owner"


def test_a_test_event_is_not_replayed(desk: Browser) -> None:
    receipt = accept(an_event(is_test=True), []).receipt
    assert "today's rules</button>" not in text_of(desk.get(f"/receipts/{receipt.pk}/"))
    assert "This was a test" in text_of(desk.post(f"/receipts/{receipt.pk}/replay/"), 409)


def test_a_fault_leads_to_its_rule_even_when_that_has_gone(desk: Browser) -> None:
    receipt = accept(an_event(), [], problems={"contact": "It broke.", "not a slug": "Odd."}).receipt
    text = text_of(desk.get(f"/receipts/{receipt.pk}/"))
    assert '<a href="/triggers/contact/">contact</a>: It broke.' in text
    assert "Odd." in text


@pytest.mark.parametrize("number", ["9" * 19, "9" * 40])
def test_a_number_that_no_receipt_can_have_is_not_found(desk: Browser, number: str) -> None:
    assert desk.get(f"/receipts/{number}/").status_code == 404


def test_files_that_came_along_are_shown_as_untrusted_with_the_event_and_its_job(
    desk: Browser,
) -> None:
    accepted = accept(an_event(files=[a_received_file(), a_received_file("<b>.html")]), [a_rule("contact")])
    sha256 = Artifact.objects.earliest("id").sha256
    for page in (f"/receipts/{accepted.receipt.pk}/", f"/jobs/{accepted.jobs[0].uid}/"):
        text = text_of(desk.get(page))
        assert f'<a class="file" href="/artifacts/{sha256}/">menu.csv</a>' in text
        assert "&lt;b&gt;.html" in text
        assert ">untrusted</span>" in text
    assert desk.get(f"/artifacts/{sha256}/").content == b"soup,7"
    assert desk.get("/admin/jobs/artifact/").status_code == 200
    other = accept(an_event(external_id="2"), []).receipt
    assert "untrusted" not in text_of(desk.get(f"/receipts/{other.pk}/"))
