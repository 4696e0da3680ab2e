from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from integrations.mail.probe import MailProbe
from tests.emulators import dovecot
from tests.emulators.postmark import TOKEN, Postmark
from tests.integrations.mail.conftest import Post
from tests.integrations.mail.mails import a_mail


def a_probe(**changes: Any) -> MailProbe:
    known: dict[str, Any] = {
        "sender": "desk@studio.example",
        "reply_to": "desk@studio.example",
        "sends": True,
        "mailbox": {},
        "authserv_ids": ["mx.example.org"],
        "hooked": False,
    }
    return MailProbe(**{**known, **changes})


def test_without_a_server_mail_is_kept_as_files(settings: Settings, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "integrations.mail.outbox.EmailBackend", tmp_path
    assert "deliveries' process" in a_probe().look()[0].says
    (found,) = a_probe(sends=False).look()
    assert (found.ok, "files" in found.says, "EMAIL_URL" in found.fix) == (True, True, True)


def test_a_server_is_logged_in_at_and_tried(settings: Settings, post: Post) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    (found,) = a_probe().look()
    assert (found.ok, found.says) == (True, f"Logged in at 127.0.0.1:{post.port}.")
    assert not post.taken
    (tried,) = a_probe().try_out()
    assert tried.ok
    assert [one.rcpt_tos for one in post.taken] == [["desk@studio.example"]]
    post.answers["DATA"] = "550 No"
    assert not a_probe().try_out()[0].ok


def test_a_server_that_is_away_and_a_sender_that_is_none_are_told(settings: Settings) -> None:
    settings.EMAIL_URL, settings.EMAIL_HOST, settings.EMAIL_PORT = "smtp://127.0.0.1", "127.0.0.1", 1
    assert "EMAIL_URL" in a_probe().look()[0].fix
    assert "MAIL_FROM" in a_probe(sender="nightdesk@localhost").look()[0].fix


@pytest.fixture
def api(settings: Settings) -> Iterator[Postmark]:
    emulator = Postmark().start()
    settings.EMAIL_URL, settings.EMAIL_PROVIDER = "postmark://token", "postmark"
    settings.EMAIL_BACKEND = "integrations.mail.provider.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": TOKEN, "POSTMARK_API_URL": emulator.url}
    yield emulator
    emulator.stop()


def test_a_provider_is_asked_who_we_are(settings: Settings, api: Postmark) -> None:
    assert a_probe().look()[0].says == "Postmark, server Studio."
    assert a_probe().try_out()[0].ok
    assert len(api.sent) == 1
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_SERVER_TOKEN": "wrong"}
    assert not a_probe().look()[0].ok
    assert not a_probe().try_out()[0].ok
    settings.EMAIL_PROVIDER = "brevo"
    assert a_probe().look()[0].ok


def into(server: dovecot.Dovecot, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the mail server takes lies in the mailbox at once."""
    taken = post.taken

    class Arriving(list[Any]):
        def append(self, envelope: Any) -> None:
            taken.append(envelope)
            server.put(bytes(envelope.content))

    monkeypatch.setattr(post, "taken", Arriving())


@pytest.mark.services
def test_a_mail_to_ourselves_comes_back_and_is_taken_away(
    settings: Settings, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    with dovecot.running() as server:
        into(server, post, monkeypatch)
        server.put(a_mail())
        (found,) = a_probe(mailbox={"url": server.url}).try_out()
        assert (found.ok, "came back" in found.says) == (True, True)
        assert server.flags() == [set()], "a stranger's mail is left as it is"


@pytest.mark.services
def test_a_mail_that_does_not_come_back_is_told(
    settings: Settings, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    monkeypatch.setattr("integrations.mail.probe.COMES_BACK_SECONDS", 0.0)
    with dovecot.running() as server:
        (found,) = a_probe(mailbox={"url": server.url}).try_out()
        assert (found.ok, "MAIL_REPLY_TO" in found.fix) == (False, True)
        server.stop()
        (found,) = a_probe(mailbox={"url": server.url}).try_out()
        assert (found.ok, "IMAP_URL" in found.fix) == (False, True)


def test_what_is_missing_for_mail_that_comes_in_is_told(settings: Settings, post: Post) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    _, sender, answers = a_probe(hooked=True, authserv_ids=[], reply_to="").look()
    assert "MAIL_AUTHSERV_ID" in sender.fix
    assert "MAIL_REPLY_TO" in answers.fix
    assert "MAIL_REPLY_TO" in a_probe(reply_to="desk+all@studio.example").look()[-1].says


@pytest.mark.services
def test_a_mailbox_is_counted(settings: Settings) -> None:
    with dovecot.running() as server:
        server.put(a_mail())
        _, box = a_probe(mailbox={"url": server.url}).look()
        assert (box.ok, box.says) == (True, "1 mails wait in INBOX of desk")
        server.put(*[a_mail(Message_ID=f"<{number}@example.com>") for number in range(100)])
        _, many = a_probe(mailbox={"url": server.url}).look()
        assert "IMAP_SINCE" in many.fix
        assert server.flags() == [set()] * 101
    _, away = a_probe(mailbox={"url": server.url}).look()
    assert not away.ok
