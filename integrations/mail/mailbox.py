"""A mailbox at an IMAP server: what waits in it, and what becomes of a mail once it is kept.

Nothing is remembered here: a mail that was taken in is moved or marked in the mailbox itself, and a receipt exists
of it. So a server that numbers its mails anew (UIDVALIDITY) makes nothing happen twice and nothing be passed over:
a number is used within one visit alone, for which the server has to keep it.
"""

import contextlib
import datetime
import imaplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from imap_tools import A, BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError

# Set beside \Seen where mails stay in their folder: a person who reads a mail first takes it from nobody.
KEYWORD = "Nightdesk"
TIMEOUT_SECONDS = 30
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PORTS = {"imaps": 993, "imap": 143}


class Unreachable(Exception):
    """The mailbox cannot be worked with just now; the message says why. Nothing of it was lost."""


class Refused(Unreachable):
    """The server does not let us in: trying again helps only once the login was mended."""


@dataclass(frozen=True)
class Letter:
    """A mail as its server has it; of one that is too large, the headers alone."""

    uid: str
    raw: bytes
    size: int
    is_whole: bool


class Visit:
    """One connection with the folder open. Each method raises Unreachable."""

    def __init__(self, box: BaseMailBox, *, done: str, since: datetime.date | None, max_bytes: int) -> None:
        self._box, self._done, self._since, self._max_bytes = box, done, since, max_bytes
        self._marks = _allows_keywords(box)

    def waiting(self) -> list[str]:
        """The numbers of the mails that were not taken in yet, the oldest first."""
        wanted: dict[str, Any] = {"date_gte": self._since} if self._since else {}
        if not self._done:
            wanted |= {"no_keyword": KEYWORD} if self._marks else {"seen": False}
        with _speaking():
            return self._box.uids(A(**wanted) if wanted else "ALL")

    def read(self, uid: str) -> Letter | None:
        """The mail with this number, not marked as seen by that; None if it is gone."""
        with _speaking():
            size = self._size(uid)
            if size is None:
                return None
            is_whole = size <= self._max_bytes
            raw = self._fetch(uid, "BODY.PEEK[]" if is_whole else "BODY.PEEK[HEADER]")
        return None if raw is None else Letter(uid, raw, size, is_whole)

    def finish(self, uid: str) -> None:
        """Move the mail that was taken in to the folder of those that were, or mark it."""
        with _speaking():
            if self._done:
                self._box.move([uid], self._done)
                return
            flags = f"(\\Seen {KEYWORD})" if self._marks else "(\\Seen)"
            # Not by the library's `flag`: that also expunges what others have marked as deleted.
            _checked(self._box.client.uid("STORE", uid, "+FLAGS.SILENT", flags))

    def take_away(self, subject: str) -> bool:
        """Delete the mail of ours with this subject, here or among those that were taken in; whether it was there.

        Only where the server can delete that mail alone (UIDPLUS); elsewhere it stays, marked as taken in.
        """
        with _speaking():
            opened = str(self._box.folder.get())
            for folder in filter(None, (opened, self._done)):
                self._box.folder.set(folder)
                if uids := self._box.uids(A(subject=subject)):
                    self._delete(uids)
                    self._box.folder.set(opened)
                    return True
            self._box.folder.set(opened)
            return False

    def _delete(self, uids: list[str]) -> None:
        numbers = ",".join(uids)
        _checked(self._box.client.uid("STORE", numbers, "+FLAGS.SILENT", r"(\Seen)"))
        if "UIDPLUS" in self._box.client.capabilities:
            _checked(self._box.client.uid("STORE", numbers, "+FLAGS.SILENT", r"(\Deleted)"))
            _checked(self._box.client.uid("EXPUNGE", numbers))

    def wait(self, seconds: float) -> None:
        """Return when something happens in the folder, or after so long (https://www.rfc-editor.org/rfc/rfc2177)."""
        with _speaking():
            self._box.idle.wait(timeout=seconds)

    def can_wait(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return "IDLE" in self._box.client.capabilities

    def _size(self, uid: str) -> int | None:
        for item in _checked(self._box.client.uid("FETCH", uid, "(RFC822.SIZE)")):
            if isinstance(item, bytes) and (size := item.partition(b"RFC822.SIZE ")[2].split(b" ")[0].rstrip(b")")):
                return int(size)
        return None

    def _fetch(self, uid: str, part: str) -> bytes | None:
        found = _checked(self._box.client.uid("FETCH", uid, f"({part})"))
        return next((bytes(item[1]) for item in found if isinstance(item, tuple)), None)


class Mailbox:
    """The folder that `url` names: imaps://user:password@host/folder, INBOX without one.

    `done` is the folder that taken mail is moved to; without, it stays and is marked. Mail from before the date
    `since` is left alone. Raises ValueError for what cannot be read.
    """

    def __init__(self, *, url: str, done: str = "", since: str = "", max_bytes: int = 35_000_000) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
            raise ValueError("IMAP_URL must look like imaps://user:password@mail.example.com/INBOX")
        if parts.scheme == "imap" and parts.hostname not in _LOOPBACK:
            raise ValueError(f"IMAP_URL would log in in the clear: write imaps:// for {parts.hostname}")
        self.host, self.port = parts.hostname, parts.port or _PORTS[parts.scheme]
        self.user, self._password = unquote(parts.username), unquote(parts.password or "")
        self.folder = unquote(parts.path.strip("/")) or "INBOX"
        self._is_secure, self._done, self._max_bytes = parts.scheme == "imaps", done, max_bytes
        try:
            self._since = datetime.date.fromisoformat(since) if since else None
        except ValueError as error:
            raise ValueError(f"IMAP_SINCE is {since!r}: write a date such as 2026-11-23") from error

    @contextlib.contextmanager
    def visit(self) -> Iterator[Visit]:
        """A connection with the folder open. Raises Unreachable, or Refused."""
        with _speaking():
            box = self._connected()
        try:
            yield Visit(box, done=self._done, since=self._since, max_bytes=self._max_bytes)
        finally:
            _leave(box)

    def _connected(self) -> BaseMailBox:
        box: BaseMailBox
        if self._is_secure:
            # The library's own default checks no certificate.
            checked = ssl.create_default_context()
            box = MailBox(self.host, self.port, timeout=TIMEOUT_SECONDS, ssl_context=checked)
        else:
            box = MailBoxUnencrypted(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            box.login(self.user, self._password, initial_folder=None)
            # Before the login a server names less. Without MOVE the library expunges what others have deleted.
            box.client.capabilities = _capabilities(box)
            if self._done and not box.folder.exists(self._done):
                box.folder.create(self._done)
            box.folder.set(self.folder)
        except BaseException:
            _leave(box)
            raise
        return box


def _leave(box: BaseMailBox) -> None:
    """Say goodbye; how that goes changes nothing."""
    with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
        box.logout()
    with contextlib.suppress(OSError):
        box.client.shutdown()


@contextlib.contextmanager
def _speaking() -> Iterator[None]:
    """Each way in which a conversation fails, as one."""
    try:
        yield
    except MailboxLoginError as error:
        raise Refused("The mail server refused the login: correct the name and password in IMAP_URL.") from error
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"The mail server's certificate cannot be believed: {error.verify_message}.") from error
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise Unreachable(f"The mailbox cannot be read just now ({type(error).__name__}: {error}).") from error


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"the server answered {kind}: {data!r}"[:300])
    return data


def _capabilities(box: BaseMailBox) -> tuple[str, ...]:
    return tuple(b" ".join(_checked(box.client.capability())).decode("ascii", errors="replace").upper().split())


def _allows_keywords(box: BaseMailBox) -> bool:
    """Whether marks of our own can be set in the folder that is open."""
    _, flags = box.client.response("PERMANENTFLAGS")
    return any(isinstance(line, bytes) and (b"\\*" in line or KEYWORD.encode() in line) for line in flags or [])
