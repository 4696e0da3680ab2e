"""The pages of clients over HTTP."""

import re

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from jobs import rights
from jobs.lifecycle import client as verbs
from jobs.models import Client, Delivery, KnownAnswer, Review
from tests.jobs.inbox.conftest import several
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db
PAGE, EDIT = "/clients/trattoria-lume/", "/clients/trattoria-lume/edit/"


def read(browser: Browser, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return str(answer.content.decode())


def filled(browser: Browser, **changes: str) -> dict[str, str]:
    """What a browser sends from the form of the client, with these fields changed."""
    seen = re.search(r'name="seen" value="(\w+)"', read(browser, EDIT))
    assert seen
    known = {"name": "Trattoria Lume", "recipients": "marta@example.com", "tone": "warm, brief", "seen": seen[1]}
    return known | changes


def test_the_list_says_who_can_be_written_to(desk: Browser, message: Review) -> None:
    Client.objects.create(name="Bergwerk", slug="bergwerk")
    text = read(desk, "/clients/")
    for words in (
        "Trattoria Lume",
        "marta@example.com",
        "1 waits",
        "No recipient yet: nothing can be sent.",
        "quiet",
    ):
        assert words in text


def test_without_a_client_the_list_says_what_that_means(desk: Browser) -> None:
    assert "No client yet." in read(desk, "/clients/")


def test_a_client_shows_all_that_is_known_of_them(desk: Browser, message: Review, trattoria: Client) -> None:
    known = {"client": trattoria, "question": "Which tone?", "digest": "d", "answer": "Dry.", "said_by": "owner"}
    answer = KnownAnswer.objects.create(**known, said_at=timezone.now(), job=message.job)
    text = read(desk, PAGE)
    for words in ("marta@example.com", "The only addresses", "warm, brief", "Which tone?", "Dry.", "Status mail"):
        assert words in text
    desk.post(f"{PAGE}answers/{answer.pk}/forget/")
    assert "Dry." not in read(desk, PAGE)
    assert desk.post(f"{PAGE}answers/{answer.pk}/forget/").status_code == 302, "twice is once"


def test_a_client_is_added_and_changed(desk: Browser) -> None:
    answer = desk.post("/clients/new/", {"name": "Bergwerk Outdoor", "recipients": "team@example.com"})
    assert answer.headers["Location"] == "/clients/bergwerk-outdoor/"
    answer = desk.post("/clients/new/", {"name": "Other", "recipients": "team at example"})
    assert answer.status_code == 409
    assert "“team at example” is no mail address" in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()
    assert Client.objects.get().recipients == ["team@example.com"]


def test_other_recipients_ask_what_becomes_of_what_waits(desk: Browser, message: Review) -> None:
    given = filled(desk, recipients="new@example.com")
    asked = desk.post(EDIT, given).content.decode()
    assert "1 message that waits is addressed otherwise. What becomes of it?" in asked
    assert Client.objects.get().recipients == ["marta@example.com"], "nothing was kept yet"
    assert desk.post(EDIT, given | {"do": "anew"}).status_code == 302
    assert Client.objects.get().recipients == ["new@example.com"]
    assert Delivery.objects.get().fields["to"] == ["new@example.com"]
    assert "goes to other addresses" not in read(desk, PAGE)


def test_what_is_left_says_so_in_the_inbox_and_can_be_addressed_later(desk: Browser, message: Review) -> None:
    desk.post(EDIT, filled(desk, recipients="new@example.com") | {"do": "leave"})
    assert "marta@example.com is no address of the client any more" in read(desk, f"/inbox/{message.pk}/")
    assert "1 message that waits goes to other addresses than these." in read(desk, PAGE)
    assert desk.post(f"{PAGE}addresses/").status_code == 302
    assert Delivery.objects.get().fields["to"] == ["new@example.com"]
    assert "is no address of the client" not in read(desk, f"/inbox/{message.pk}/")


def test_a_change_that_moves_nobody_is_kept_at_once(desk: Browser, message: Review) -> None:
    assert desk.post(EDIT, filled(desk, tone="dry")).status_code == 302
    assert Client.objects.get().tone == "dry"


def test_somebody_elses_change_is_not_written_over(desk: Browser, trattoria: Client) -> None:
    given = filled(desk, tone="dry")
    verbs.change(trattoria, by="other", as_seen=verbs.seen(trattoria), notes="New.")
    answer = desk.post(EDIT, given)
    assert answer.status_code == 409
    assert "Somebody else changed this client" in answer.content.decode()
    assert Client.objects.get().tone == "warm, brief"


def test_only_who_may_change_clients_does(trattoria: Client) -> None:
    browser = browser_of(person(rights.REVIEWER))
    assert EDIT not in read(browser, PAGE)
    for path in (EDIT, "/clients/new/", f"{PAGE}addresses/", f"{PAGE}answers/1/forget/"):
        assert browser.post(path, {"name": "x"}).status_code == 403
    assert EDIT in read(browser_of(person(rights.OWNER)), PAGE)


def test_who_has_not_logged_in_is_led_to_a_page_that_can_be_read(trattoria: Client) -> None:
    for path in (EDIT, f"{PAGE}answers/7/forget/", f"{PAGE}addresses/"):
        assert Browser().post(path).headers["Location"] == f"/login/?next={PAGE}"


def test_what_is_not_there_is_not_found(desk: Browser) -> None:
    for path in ("/clients/nobody/", "/clients/nobody/edit/"):
        assert desk.get(path).status_code == 404
    assert desk.post("/clients/nobody/addresses/").status_code == 404


@pytest.mark.parametrize("path", ["/clients/", PAGE])
def test_a_page_asks_as_often_for_much_as_for_little(desk: Browser, trattoria: Client, path: str) -> None:
    several(trattoria, 1)
    with CaptureQueriesContext(connection) as few:
        read(desk, path)
    several(trattoria, 9)
    Client.objects.bulk_create([Client(name=f"Client {n}", slug=f"client-{n}") for n in range(9)])
    with CaptureQueriesContext(connection) as many:
        read(desk, path)
    assert len(many) == len(few) <= 10


def test_a_client_with_a_channel_says_which_way_messages_go(
    desk: Browser, trattoria: Client, message: Review, settings: Settings
) -> None:
    Client.objects.update(slack_channel="C0123ABCD", recipients=[])
    text = read(desk, PAGE)
    assert "C0123ABCD" in text
    assert "Slack is not connected: messages go by mail until it is." in text
    settings.CHANNELS_BY = "slack_connect"
    text = read(desk, PAGE)
    assert "Messages go there in place of mail." in text
    assert "nothing can be sent" not in text
    assert "goes to other addresses than these" in text, "the message was written for mail"
    assert "C0123ABCD" in read(desk, EDIT)
