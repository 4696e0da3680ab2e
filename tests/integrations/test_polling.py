"""Mail by a mailbox: each is marked only when its receipt is there, and is one by whichever way it comes."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone
from pytest_django import Settings

from integrations import polling, reception
from integrations.mail.mailbox import Refused
from integrations.mail.source import MailSource
from jobs.lifecycle import absence
from jobs.models import Client, Job, Receipt, Review, Trigger
from jobs.states import Outcome
from tests.emulators import dovecot, esp
from tests.integrations.mail.mails import AUTHSERV, a_mail, cpython_mails
from tests.integrations.test_mail_views import send

pytestmark = [pytest.mark.services, pytest.mark.django_db]


@pytest.fixture
def server(settings: Settings) -> Iterator[dovecot.Dovecot]:
    settings.SOURCES = {"mail": {"own": ["desk@example.com"], "authserv_ids": [AUTHSERV]}}
    settings.ANYMAIL = {"WEBHOOK_SECRET": [esp.PASSWORD], **esp.KEYS}
    with dovecot.running() as running:
        settings.MAILBOX = {"url": running.url}
        yield running


@pytest.fixture
def rule(trattoria: Client) -> Trigger:
    return Trigger.objects.create(name="Mail", slug="mail", source="mail", conditions={"sender": "*@example.com"})


def test_what_waits_is_taken_in_once(server: dovecot.Dovecot, rule: Trigger) -> None:
    server.put(a_mail(), a_mail("Another.\n", Message_ID="<2@example.com>"))
    assert polling.poll() == 2
    assert Job.objects.count() == Receipt.objects.count() == 2
    assert polling.poll() == 0
    assert send(esp.mailgun(a_mail())).status_code == 200
    server.number_anew()
    assert polling.poll() == 2
    assert Job.objects.count() == Receipt.objects.count() == 2


def test_mail_that_cannot_be_kept_stays_and_keeps_no_other_waiting(
    server: dovecot.Dovecot, rule: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(a_mail("Bad.\n", Subject="Bad"), a_mail(Message_ID="<2@example.com>"))
    keep = reception.keep

    def fails(source: Any, raw: Any, incoming: Any, *more: Any) -> Any:
        if incoming.summary == "Bad":
            raise OperationalError("database is locked")
        return keep(source, raw, incoming, *more)

    monkeypatch.setattr(reception, "keep", fails)
    assert polling.poll() == 1
    assert [flags for flags in server.flags() if flags] == [{"\\Seen", "Nightdesk"}]
    monkeypatch.undo()
    assert polling.poll() == 1
    assert Receipt.objects.count() == 2


def test_a_process_that_dies_before_the_mark_doubles_nothing(
    server: dovecot.Dovecot, rule: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """The process is gone."""

    def dies(*_: Any) -> None:
        raise Died

    server.put(a_mail())
    monkeypatch.setattr("integrations.mail.mailbox.Visit.finish", dies)
    with pytest.raises(Died):
        polling.poll()
    assert (Receipt.objects.count(), server.flags()) == (1, [set()])
    monkeypatch.undo()
    assert polling.poll() == 1
    assert (Receipt.objects.count(), Job.objects.count()) == (1, 1)


def test_every_mail_of_pythons_own_tests_comes_in_and_is_known_by_the_other_way(server: dovecot.Dovecot) -> None:
    raws = [path.read_bytes() for path in cpython_mails()]
    # A server takes no NUL and nothing without any header; neither is among them.
    server.put(*raws)
    assert polling.poll() == len(raws)
    assert all("Nightdesk" in flags for flags in server.flags())
    source = MailSource(own=["desk@example.com"], authserv_ids=[AUTHSERV])
    ids = {source.read(None, raw=raw).external_id for raw in raws}
    assert set(Receipt.objects.values_list("external_id", flat=True)) == ids
    assert not Receipt.objects.filter(summary="A mail that cannot be read").exists()
    for raw in raws:
        if raw.isascii():
            assert send(esp.postmark(raw)).status_code == 200


def test_a_mail_that_is_too_large_is_told_and_stays(
    server: dovecot.Dovecot, rule: Trigger, settings: Settings
) -> None:
    settings.MAILBOX = {**settings.MAILBOX, "max_bytes": 1_000}
    server.put(a_mail("x" * 5_000))
    assert polling.poll() == 1
    receipt = Receipt.objects.get()
    assert receipt.outcome == Outcome.IGNORED
    assert "bytes" in receipt.problems["every rule"]


def test_without_a_mailbox_or_with_one_that_is_away_nothing_breaks(
    server: dovecot.Dovecot, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    assert polling.poll() == 0
    assert "cannot be read just now" in caplog.text
    settings.MAILBOX = {}
    assert polling.poll() == 0
    with pytest.raises(CommandError, match="IMAP_URL"):
        call_command("mailbox")


def test_a_mailbox_that_stays_away_is_one_item_until_it_is_back(
    server: dovecot.Dovecot, rule: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.lifecycle.absence.PATIENCE", timedelta())
    server.put(a_mail())
    assert polling.poll() == 1
    server.stop()
    for _ in range(2):
        assert polling.poll() == 0
    assert Review.objects.get().title == "The mailbox cannot be read"
    server.start()
    polling.poll()
    assert Review.objects.get().state == "superseded"


@pytest.mark.django_db(transaction=True)
def test_who_listens_hears_of_mail_as_it_comes_and_comes_back_to_a_server_that_was_away(
    server: dovecot.Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    came, stopped = threading.Event(), threading.Event()
    take = polling.take

    def noted(visit: Any) -> int:
        taken = take(visit)
        if taken:
            came.set()
        return taken

    monkeypatch.setattr(polling, "take", noted)
    monkeypatch.setattr(polling, "LISTEN_SECONDS", 1.0)
    monkeypatch.setattr(polling, "_PAUSES", (0.1, 0.1))

    def listen() -> None:
        try:
            polling.listen(stopped)
        finally:
            connections.close_all()

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    try:
        server.put(a_mail())
        assert came.wait(20)
        server.stop()
        server.start()
        came.clear()
        server.put(a_mail("Another.\n"))
        assert came.wait(20)
    finally:
        stopped.set()
        listening.join(20)
    assert Receipt.objects.count() == 2


class Shut:
    """A mailbox that refuses the login, and counts how often it was asked."""

    asked = 0

    def __init__(self, **_: Any) -> None:
        pass

    def visit(self) -> Any:
        Shut.asked += 1
        raise Refused("The server does not take this password.")


@pytest.fixture
def shut(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Shut]:
    settings.MAILBOX = {"url": "imap://desk:wrong@127.0.0.1/"}
    monkeypatch.setattr(polling, "Mailbox", Shut)
    Shut.asked = 0
    return Shut


def test_a_login_that_is_refused_is_one_item_and_is_not_tried_every_minute(
    shut: type[Shut], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    for _ in range(120):
        polling.poll()
        now += timedelta(minutes=1)
    # At once, after 1, 3, 7, 15 and 30 minutes, and then every 15.
    assert shut.asked == 11
    assert "does not take this password" in Review.objects.get().payload["cause"]


@pytest.mark.django_db(transaction=True)
def test_who_listens_waits_too_and_tries_at_once_when_it_is_started_anew(
    shut: type[Shut], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        listen_until_it_is_told(monkeypatch)
        assert shut.asked == number
    assert Review.objects.count() == 1


def listen_until_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start who listens; once it has told that it is refused, nobody polls, and it can be stopped."""
    stopped, told, away = threading.Event(), threading.Event(), absence.away

    def noted(*place: Any, **known: Any) -> Any:
        item = away(*place, **known)
        told.set()
        return item

    def listen() -> None:
        try:
            polling.listen(stopped)
        finally:
            connections.close_all()

    with monkeypatch.context() as patched:
        patched.setattr(absence, "away", noted)
        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        try:
            assert told.wait(20)
            assert polling.poll() == 0
        finally:
            stopped.set()
            listening.join(20)
    assert not listening.is_alive()
