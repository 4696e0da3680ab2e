"""Client messages over real SMTP on loopback: refused, taken, or nobody can say."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import get_connection

from integrations.contracts import DeliveryError, OutcomeUnknown, Outgoing, TargetClosed
from integrations.mail.smtp import DEFAULT_TIMEOUT_SECONDS
from integrations.mail.target import MailTarget
from tests.integrations.mail.conftest import Post
from tests.integrations.target_contract import CREATED, out_file


def outgoing(content: bytes = b"Hello\n.\n.dot\n", **fields: Any) -> Outgoing:
    return Outgoing(
        key="job:1",
        kind="client_message",
        job_uid="3f2a9c1e",
        job_title="Autumn menu",
        fields={"to": ["marta@example.com"], "cc": ["tom@example.com"], "subject": "Menu", **fields},
        files=[out_file(content, "message.md")],
        created_at=CREATED,
    )


def send(wanted: Outgoing | None = None) -> str:
    return MailTarget(sender="Desk <desk@studio.example>").deliver(wanted or outgoing()).external_id


def refused(wanted: Outgoing | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(wanted)
    return caught.value


def test_a_message_is_taken_for_all_of_its_recipients(post: Post) -> None:
    landed = send()
    (envelope,) = post.taken
    assert envelope.mail_from == "desk@studio.example"
    assert envelope.rcpt_tos == ["marta@example.com", "tom@example.com"]
    assert isinstance(envelope.content, bytes)
    assert landed.encode() in envelope.content
    assert b"\r\nHello\r\n.\r\n.dot\r\n" in envelope.content


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such user", True), ("451 greylisted", False)])
def test_one_refused_recipient_means_that_nobody_is_written_to(post: Post, answer: str, permanent: bool) -> None:
    post.refused["tom@example.com"] = answer
    error = refused()
    assert error.permanent is permanent
    assert f"tom@example.com was refused, so nobody was written to: {answer}" in str(error)
    assert post.taken == []


@pytest.mark.parametrize(("answer", "permanent"), [("553 not yours", True), ("421 busy", False)])
def test_a_refused_sender(post: Post, answer: str, permanent: bool) -> None:
    post.answers["MAIL"] = answer
    assert refused().permanent is permanent
    assert post.taken == []


@pytest.mark.parametrize(("answer", "permanent"), [("554 spam", True), ("452 no room", False)])
def test_a_clear_no_after_the_message_is_a_no(post: Post, answer: str, permanent: bool) -> None:
    post.answers["DATA"] = answer
    error = refused()
    assert error.permanent is permanent
    assert answer in str(error)


@pytest.mark.parametrize("end", ["hang up", "silence"])
def test_no_answer_after_the_message_is_unknown(post: Post, end: str) -> None:
    post.answers["DATA"] = end
    with pytest.raises(OutcomeUnknown, match="may have been sent"):
        send()
    assert len(post.taken) == 1


def test_an_answer_without_sense_is_unknown(post: Post) -> None:
    post.answers["DATA"] = "354 go on"
    with pytest.raises(OutcomeUnknown, match="makes no sense"):
        send()


def test_a_break_before_the_message_is_tried_again(post: Post) -> None:
    post.answers["MAIL"] = "hang up"
    error = refused()
    assert not error.permanent
    assert "broke before the message was sent" in str(error)


def test_a_message_over_the_servers_limit_is_refused_before_it_is_sent(post: Post) -> None:
    error = refused(outgoing(b"x" * 300_000))
    assert error.permanent
    assert "552" in str(error)
    assert post.taken == []


def test_a_refused_login_names_no_password(post: Post, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "correct horse"
    error = refused()
    # Whatever else is to be sent waits as well, until the login is mended.
    assert isinstance(error, TargetClosed)
    assert "login" in str(error)
    assert "horse" not in str(error)


def test_encryption_that_the_server_lacks_is_not_done_without(post: Post, settings: Any) -> None:
    settings.EMAIL_USE_TLS = True
    error = refused()
    assert error.permanent
    assert "EMAIL_URL" in str(error)
    assert post.taken == []


def test_an_unreachable_server_is_tried_again(post: Post, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]
        error = refused()
    assert not error.permanent
    assert "could not be reached (ConnectionRefusedError)" in str(error)


@pytest.mark.parametrize(
    ("script", "said", "permanent"),
    [
        ([b"554 go away"], "refused the connection: 554 go away", True),
        ([b"421 too many"], "refused the connection: 421 too many", False),
        (
            [b"220 hello", b"250 hello", b"250 ok", b"250 ok", b"250 ok", b"554 not now"],
            "to take a message: 554",
            True,
        ),
    ],
)
def test_a_no_before_the_message_is_a_no(settings: Any, script: list[bytes], said: str, permanent: bool) -> None:
    with scripted(script) as port:
        settings.EMAIL_BACKEND = "integrations.mail.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        error = refused()
    assert said in str(error)
    assert error.permanent is permanent


@contextlib.contextmanager
def scripted(answers: list[bytes]) -> Iterator[int]:
    """A server that says these lines, one at the start and one for each line it hears, and then listens no more."""

    def talk() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for answer in answers:
                connection.sendall(answer + b"\r\n")
                lines.readline()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=talk)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_server_is_never_waited_for_without_end(settings: Any) -> None:
    settings.EMAIL_TIMEOUT = None
    backend: Any = get_connection("integrations.mail.smtp.EmailBackend")
    assert backend.timeout == DEFAULT_TIMEOUT_SECONDS


def test_one_connection_takes_several_messages(post: Post) -> None:
    with get_connection() as connection:
        for _ in range(2):
            MailTarget(sender="desk@studio.example").deliver(outgoing())
        assert connection.send_messages([]) == 0
    assert len(post.taken) == 2
