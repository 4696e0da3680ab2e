"""A mailbox at a real server, and what goes wrong with one."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.mail.mailbox import KEYWORD, Mailbox, Refused, Unreachable
from tests.emulators import dovecot
from tests.emulators.sns import self_signed
from tests.integrations.mail.mails import a_mail

pytestmark = pytest.mark.services


@pytest.fixture
def server() -> Iterator[dovecot.Dovecot]:
    with dovecot.running() as running:
        yield running


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_mail_is_read_unseen_and_marked_when_it_is_done(server: dovecot.Dovecot) -> None:
    server.put(a_mail(), a_mail("Another.\n"))
    with Mailbox(url=server.url).visit() as visit:
        first, second = visit.waiting()
        letter = visit.read(first)
        assert letter
        assert (letter.raw, letter.size, letter.is_whole) == (crlf(a_mail()), len(crlf(a_mail())), True)
        assert server.flags() == [set(), set()]
        visit.finish(first)
        assert visit.waiting() == [second]
    assert server.flags() == [{"\\Seen", KEYWORD}, set()]


def test_what_a_person_has_read_waits_all_the_same_and_nothing_of_theirs_is_expunged(
    server: dovecot.Dovecot,
) -> None:
    server.put(a_mail(), a_mail("Another.\n"))
    with server.person() as person:
        person.client.uid("STORE", "1", "+FLAGS", "(\\Seen \\Deleted)")
    with Mailbox(url=server.url).visit() as visit:
        assert len(visit.waiting()) == 2
        visit.finish("2")
    assert len(server.flags()) == 2


def test_a_mail_of_ours_is_taken_away_wherever_it_lies_and_no_other(server: dovecot.Dovecot) -> None:
    server.put(a_mail(), a_mail(Subject="Try (a1)", Message_ID="<2@x>"), a_mail(Message_ID="<3@x>"))
    with server.person() as person:
        person.folder.set("INBOX")
        person.client.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
    box = Mailbox(url=server.url, done="Done")
    with box.visit() as visit:
        assert not visit.take_away("Try (b2)")
        assert visit.take_away("Try (a1)")
        assert not visit.take_away("Try (a1)")
        assert len(visit.waiting()) == 2, "what a person has marked as deleted is theirs"
    server.put(a_mail(Subject="Try (c3)", Message_ID="<4@x>"))
    with box.visit() as visit:
        visit.finish(visit.waiting()[-1])
        assert visit.take_away("Try (c3)")
        assert len(visit.waiting()) == 2
    assert server.flags("Done") == []


def test_mail_is_moved_where_a_folder_is_named(server: dovecot.Dovecot) -> None:
    server.put(a_mail())
    with Mailbox(url=server.url, done="Nightdesk/Done").visit() as visit:
        visit.finish(visit.waiting()[0])
        assert visit.waiting() == []
    assert server.flags() == []
    assert server.flags("Nightdesk/Done") == [set()]


def test_what_is_gone_is_nobody_and_what_is_too_large_is_its_head(server: dovecot.Dovecot) -> None:
    server.put(a_mail("x" * 5_000))
    with Mailbox(url=server.url, max_bytes=1_000).visit() as visit:
        letter = visit.read(visit.waiting()[0])
        assert letter
        assert not letter.is_whole
        assert letter.size > 5_000
        assert b"Subject: Autumn menu" in letter.raw
        assert len(letter.raw) < 1_000
        assert visit.read("99") is None


def test_mail_from_before_a_date_is_left_alone(server: dovecot.Dovecot) -> None:
    server.put(a_mail())
    for since, count in (("2020-01-01", 1), ("2199-01-01", 0)):
        with Mailbox(url=server.url, since=since).visit() as visit:
            assert len(visit.waiting()) == count


def test_new_mail_is_told_at_once(server: dovecot.Dovecot) -> None:
    with Mailbox(url=server.url).visit() as visit:
        assert visit.can_wait()
        arriving = threading.Thread(target=server.put, args=(a_mail(),))
        arriving.start()
        visit.wait(20)
        arriving.join()
        assert len(visit.waiting()) == 1


def test_a_server_that_numbers_anew_hides_nothing(server: dovecot.Dovecot) -> None:
    server.put(a_mail(), a_mail("Another.\n"))
    with Mailbox(url=server.url).visit() as visit:
        visit.finish(visit.waiting()[0])
    server.number_anew()
    with Mailbox(url=server.url).visit() as visit:
        # The marks went with the numbers: the receipts know what was taken in.
        assert len(visit.waiting()) == 2


def test_who_cannot_be_reached_or_does_not_let_us_in_says_so(server: dovecot.Dovecot) -> None:
    with pytest.raises(Refused, match="IMAP_URL"), Mailbox(url=server.url.replace("desk:", "x:")).visit():
        pass
    with pytest.raises(Unreachable, match="Nowhere"), Mailbox(url=server.url.replace("INBOX", "Nowhere")).visit():
        pass
    with Mailbox(url=server.url).visit() as visit:
        server.stop()
        with pytest.raises(Unreachable):
            visit.waiting()
    with pytest.raises(Unreachable), Mailbox(url=server.url).visit():
        pass


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """The library's own default would take it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                context.wrap_socket(listening.accept()[0], server_side=True)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(Refused, match="certificate"):
            Mailbox(url=f"imaps://desk:x@127.0.0.1:{listening.getsockname()[1]}").visit().__enter__()
        thread.join()


@pytest.mark.parametrize(
    ("url", "more", "named"),
    [
        ("", {}, "IMAP_URL"),
        ("https://user:x@mail.example.com", {}, "imaps://"),
        ("imaps://mail.example.com", {}, "user"),
        ("imap://user:x@mail.example.com", {}, "clear"),
        ("imaps://user:x@mail.example.com", {"since": "yesterday"}, "IMAP_SINCE"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(url: str, more: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Mailbox(url=url, **more)  # type: ignore[arg-type]  # pytest's table


def test_an_address_is_read() -> None:
    box = Mailbox(url="imaps://marta%40example.com:a%2Fb@mail.example.com/Work/Desk")
    assert (box.host, box.port, box.user, box.folder) == (
        "mail.example.com",
        993,
        "marta@example.com",
        "Work/Desk",
    )
