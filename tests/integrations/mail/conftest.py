"""A mail server on loopback that does what a test tells it to."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class Post:
    """Keeps what it took. `answers` names a step (MAIL, RCPT, DATA) and what to answer it with."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.refused: dict[str, str] = {}  # recipient: answer
        self.port = 0

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender, unless told otherwise."""
        if self.answers.get("MAIL") == "hang up":
            _hang_up(server)
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipient, unless it is one of the refused."""
        if address not in self.refused:
            envelope.rcpt_tos.append(address)
        return self.refused.get(address, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take the message, and then answer, hang up or say nothing at all."""
        answer = self.answers.get("DATA", "250 OK")
        if not answer.startswith(("4", "5")):
            self.taken.append(envelope)
        if answer == "hang up":
            _hang_up(server)
        if answer == "silence":
            await asyncio.Event().wait()
        return answer


class LocalController(Controller):
    """A controller on a port that the system chose."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library has no types here


def _hang_up(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()


def _nobody(*_: Any) -> AuthResult:
    return AuthResult(success=False, handled=False)


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    """The server; Django's settings send through it with our backend."""
    handler = Post()
    controller = LocalController(
        handler,
        hostname="127.0.0.1",
        port=0,
        authenticator=_nobody,
        auth_require_tls=False,
        data_size_limit=200_000,
    )
    controller.start()
    handler.port = controller.port
    settings.EMAIL_BACKEND = "integrations.mail.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_TIMEOUT = 1
    yield handler
    controller.stop()
