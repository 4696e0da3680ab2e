"""Many effects at four targets while a random process is killed every 2 s and a fifth of all answers is lost.

Whatever was decided is there once: a file, a branch, a row each. A mail is there once at most, and whoever cannot
know whether it left asks a person.
"""

import asyncio
import contextlib
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.emulators.kit import Fault, Req
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.house import SIZES, House, bare_repository, built, git
from tests.integrations.mail.conftest import LocalController, Post

pytestmark = [pytest.mark.services, pytest.mark.long]

JOBS = 30
KILL_EVERY_SECONDS = 2.0
AT_LEAST_KILLED = 5
LOST = 0.2
OPEN_AFTER_SECONDS = 60.0

# Each job is planned in four steps and all of them are done, by the real verbs; then everything is due at once.
_DECIDE = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from jobs import queue
from jobs.lifecycle import job, planning, review, task
from jobs.lifecycle.artifact import File
from jobs.models import Client, Delivery, Job, Review

owner, lume = User.objects.get(), Client.objects.get()
for number in range({jobs}):
    job.open_job(title=f"Tour {{number}}", brief=f"Make tour {{number}} known.", by="test", client=lume)
step = planning.PlannedStep
STEPS = [step("drafting", "Write it", {{}}), step("research", "Ask around", {{}}), step("code", "List it", {{}})]
STEPS.append(step("communication", "Tell Marta", {{}}))
LOG = "diff --git a/{{0}} b/{{0}}\\nnew file mode 100644\\n--- /dev/null\\n+++ b/{{0}}\\n@@ -0,0 +1 @@\\n+open\\n"
made = {{
    "drafting": lambda n: ("document", {{}}, File("draft", "draft.md", "text/markdown", f"# Tour {{n}}".encode())),
    "research": lambda n: ("brief", {{}}, File("brief", "brief.md", "text/markdown", f"# Found {{n}}".encode())),
    "code": lambda n: (
        "branch",
        {{"repository": "site", "base_sha": "{base}", "message": f"List tour {{n}}"}},
        File("patch", "changes.patch", "text/x-diff", LOG.format(f"tour-{{n}}.txt").encode()),
    ),
    "communication": lambda n: (
        "client_message", {{"subject": f"Tour {{n}}"}}, File("message", "mail.md", "text/markdown", b"Hello Marta")
    ),
}}
while run := queue.claim_run():
    if run.task is None:
        planning.accept_plan(run, STEPS, by="orchestrator")
        continue
    kind, fields, file = made[run.task.agent](run.job_id)
    effect = task.WantedEffect(kind, fields, [file.name])
    task.succeed(run, task.Result({{}}, "done", [file], [effect]), by="test")
for item in Review.objects.filter(kind="message"):
    review.approve(item, by=owner, version=item.version, digest=item.digest)
Delivery.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
print(Delivery.objects.count())
"""


class ForgetfulNotion(NotionEmulator):
    """Makes every row, and keeps a fifth of its answers to itself."""

    chance = random.Random(7)
    lost = 0

    def take_fault(self, req: Req) -> Fault | None:
        if req.method == "POST" and req.path == "/v1/pages" and self.chance.random() < LOST:
            self.lost += 1
            return Fault(match=None, kind="lost", times=0, options={})  # type: ignore[arg-type]  # it matched
        return super().take_fault(req)


class ForgetfulPost(Post):
    """Takes every mail, and hangs up on a fifth of those who sent one."""

    chance = random.Random(7)
    lost = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        if self.chance.random() < LOST:
            self.lost += 1
            transport: Any = server.transport
            transport.abort()
            await asyncio.sleep(0)
        return "250 OK"


@pytest.mark.parametrize("size", SIZES)
def test_every_effect_is_there_once(size: str, tmp_path: Path) -> None:
    site = bare_repository(tmp_path / "site.git", {"hours.py": "OPEN = '17-23'\n"})
    with notion() as rows, post() as mails:
        settings = {
            "NIGHTDESK_REPOSITORIES": f"site={site}",
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "NOTION_TOKEN": TOKEN,
            "NOTION_DATA_SOURCE": next(iter(rows.sources)),
            "NOTION_BASE_URL": rows.url,
        }
        with built(tmp_path / "var", size, **settings) as house:
            house.manage("migrate", "--verbosity", "0")
            house.set_up()
            script = _DECIDE.format(jobs=JOBS, base=git(site, "rev-parse", "main").strip())
            assert house.manage("shell", "--no-imports", "-c", script).split()[-1] == str(4 * JOBS)
            house.start()
            with killing(house) as killed:
                house.wait_for("enough kills", lambda: len(killed) >= AT_LEAST_KILLED, seconds=60)
                house.wait_for("most of it", lambda: mostly_done(house), seconds=120)
            house.wait_for("the end of it", lambda: not is_open(house), seconds=OPEN_AFTER_SECONDS)
            check(house, rows, mails, site)
            # What a start finds by our mark is what was delivered.
            assert house.manage("shell", "--no-imports", "-c", _COMPARE).split()[-1] == "0"


_COMPARE = "from integrations import reconciler; print(reconciler.look())"


@contextlib.contextmanager
def notion() -> Iterator[ForgetfulNotion]:
    """The service, with a data source for briefs."""
    emulator = ForgetfulNotion()
    emulator.start()
    emulator.add_source(External_ID="rich_text", Digest="rich_text", State="status", Client="rich_text", Job="url")
    yield emulator
    emulator.stop()


@contextlib.contextmanager
def post() -> Iterator[ForgetfulPost]:
    """The mail server."""
    handler = ForgetfulPost()
    controller = LocalController(handler, hostname="127.0.0.1", port=0)
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


@contextlib.contextmanager
def killing(house: House) -> Iterator[list[int]]:
    """Inside, one process of a cluster, whichever it is, is killed every two seconds."""
    chance, done, killed = random.Random(7), threading.Event(), list[int]()

    def kill() -> None:
        while not done.wait(KILL_EVERY_SECONDS):
            if clusters := house.pids(having="Q_CLUSTER_NAME="):
                killed.append(chance.choice(clusters))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


def mostly_done(house: House) -> bool:
    return house.counts("jobs_delivery").get("delivered", 0) >= 3 * JOBS


def is_open(house: House) -> bool:
    """Whether anything still goes on without a person."""
    moving = "state IN ('pending', 'sending') OR (state = 'unknown' AND ready_at < '2200-01-01')"
    return house.rows(f"SELECT count(*) FROM jobs_delivery WHERE {moving}") != [(0,)]


def check(house: House, rows: ForgetfulNotion, mails: ForgetfulPost, site: Path) -> None:
    states = Counter(house.rows("SELECT kind, state FROM jobs_delivery"))
    for kind in ("document", "brief", "branch"):
        assert states[kind, "delivered"] == JOBS, states
    unknown = states["client_message", "unknown"]
    assert states["client_message", "delivered"] + unknown == JOBS, states
    placed = [path for path in (house.folder / "folder").glob("2*/*/*") if path.name != "index.html"]
    assert len([path for path in placed if path.is_file()]) == JOBS
    refs = git(site, "for-each-ref", "--format=%(objectname)", "refs/heads/agent").splitlines()
    assert sorted(refs) == column(house, "branch")
    source = next(iter(rows.sources))
    assert sorted(page.id for page in rows.rows(source)) == column(house, "brief")
    sent = Counter(message_from_bytes(content(envelope))["Message-ID"] for envelope in mails.taken)
    assert max(sent.values()) == 1, "no mail twice"
    assert set(column(house, "client_message")) - {""} <= set(sent), "what is called delivered was sent"
    asked = "SELECT count(*) FROM jobs_review WHERE kind = 'failure' AND state = 'open'"
    assert house.rows(asked) == [(unknown,)], "each mail in doubt is with a person"
    assert rows.lost
    assert mails.lost


def column(house: House, kind: str) -> list[str]:
    """What the targets call the effects of this kind."""
    found = house.rows(f"SELECT external_id FROM jobs_delivery WHERE kind = '{kind}'")
    return sorted(external_id for (external_id,) in found)


def content(envelope: Envelope) -> bytes:
    """The mail as it came."""
    assert isinstance(envelope.content, bytes)
    return envelope.content
