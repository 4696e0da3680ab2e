"""A real mailbox on loopback: Debian's Dovecot with a configuration of its own, as the user who runs the tests.

Its settings: https://doc.dovecot.org/2.3/configuration_manual/quick_configuration/
"""

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from imap_tools import MailBoxUnencrypted

from tests.house import free_port

USER, PASSWORD = "desk", "a password with / and @"

_CONFIGURATION = """
instance_name = {folder}
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
default_login_user = {login}
default_internal_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


@dataclass
class Dovecot:
    """One server with one mailbox."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The mailbox, as IMAP_URL names it."""
        return f"imap://{USER}:a%20password%20with%20%2F%20and%20%40@127.0.0.1:{self.port}/INBOX"

    def start(self) -> None:
        """Start it, and return once it answers."""
        command = [shutil.which("dovecot") or "/usr/sbin/dovecot", "-F", "-c", str(self.folder / "conf")]
        self.process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                if probe.recv(4):
                    return
            time.sleep(0.05)
        pytest.fail(f"Dovecot did not start: {(self.folder / 'log').read_text(errors='replace')}")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            self.process.wait(timeout=20)

    def number_anew(self) -> None:
        """Let the server forget its numbers and marks, as after a move to another machine."""
        self.stop()
        for path in (self.folder / "mail" / USER).rglob("dovecot*"):
            if path.is_file():
                path.unlink()
        self.start()

    @contextlib.contextmanager
    def person(self) -> Iterator[MailBoxUnencrypted]:
        """Somebody else who has the mailbox open."""
        with MailBoxUnencrypted("127.0.0.1", self.port, timeout=10).login(USER, PASSWORD) as box:
            yield box

    def put(self, *mails: bytes) -> None:
        """Let mail arrive."""
        with self.person() as box:
            for mail in mails:
                box.append(mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def flags(self, folder: str = "INBOX") -> list[set[str]]:
        """The marks of each mail in the folder, in their order."""
        with self.person() as box:
            box.folder.set(folder)
            return [set(mail.flags) - {"\\Recent"} for mail in box.fetch(mark_seen=False)]


@contextlib.contextmanager
def running() -> Iterator[Dovecot]:
    """The server in a folder of its own; skips loudly where there is none, or fails where that is asked."""
    if not (shutil.which("dovecot") or Path("/usr/sbin/dovecot").exists()):
        said = "no Dovecot here (Debian: apt-get install dovecot-imapd)"
        (pytest.fail if os.environ.get("TEST_REQUIRE_SERVICES") else pytest.skip)(said)
    folder = Path(tempfile.mkdtemp(prefix="nightdesk-dovecot-"))
    server = Dovecot(folder, free_port())
    (folder / "run").mkdir()
    (folder / "mail" / USER).mkdir(parents=True)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    named: dict[str, object] = {"uid": os.getuid(), "gid": os.getgid()}
    if os.getuid():
        user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        named |= {"login": user, "user": user, "group": group}
    else:
        # It refuses to serve as root: the package has made users for that, who have to find their way.
        owner = pwd.getpwnam("dovecot")
        named = {
            "login": "dovenull",
            "user": "dovecot",
            "group": "dovecot",
            "uid": owner.pw_uid,
            "gid": owner.pw_gid,
        }
        folder.chmod(0o755)
        for path in (folder / "mail", folder / "mail" / USER):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    (folder / "conf").write_text(_CONFIGURATION.format(folder=folder, port=server.port, **named))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
