"""manage.py job: open one from the command line, follow it to where a person is needed."""

import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from jobs import queue
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.management.commands import job as command
from jobs.models import Client, Job

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("job", *arguments, stdout=out)
    return out.getvalue()


def test_a_brief_is_enough() -> None:
    said = run("Write the status mail.")
    job = Job.objects.get()
    assert (job.title, job.brief, job.created_by) == ("Write the status mail.",) * 2 + ("command line",)
    assert (job.state, job.priority, job.data) == ("pending", 2, {"files": []})
    opened, _, address = said.rstrip().rpartition(" ")
    assert opened == f"Job {job.pk} opened: Write the status mail. (priority 2),"
    assert "/jobs/" in address


def test_everything_else_comes_with_it(trattoria: Client, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("Grüße\x00 aus Rom", encoding="utf-8")
    run(
        "Write it.", "--title", "Status", "--client", "trattoria-lume", "--data", "week=47", "--data", "link=a=b",
        "--file", str(notes),
    )  # fmt: skip
    job = Job.objects.get()
    assert (job.title, job.client, job.priority) == ("Status", trattoria, 1)
    assert job.data == {"week": "47", "link": "a=b", "files": [{"name": "notes.md", "text": "Grüße aus Rom"}]}


def test_a_priority_that_is_said_counts(trattoria: Client) -> None:
    run("Write it.", "--client", "trattoria-lume", "--priority", "2")
    assert Job.objects.get().priority == 2


def test_it_may_be_due() -> None:
    later = (timezone.localtime() + timedelta(days=1)).replace(microsecond=0)
    run("Write it.", "--due", f"{later:%Y-%m-%dT%H:%M:%S}")
    assert Job.objects.get().due_at == later


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([" "], "needs a brief"),
        (["x", "--client", "nobody"], "no client 'nobody'. Known: none yet"),
        (["x", "--data", "week"], "KEY=VALUE, not 'week'"),
        (["x", "--data", "=47"], "KEY=VALUE"),
        (["x", "--data", "files=x"], "KEY=VALUE"),
        (["x", "--priority", "3"], "invalid choice: 3"),
        (["x", "--due", "tomorrow"], "takes a time such as"),
        (["x", "--due", "2026-01-01T08:00"], "has passed"),
        (["x", "--file", "/nowhere/notes.md"], "cannot be read as text"),
    ],
)
def test_what_cannot_be_is_told_and_opens_nothing(arguments: list[str], told: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert told in str(caught.value)
    assert not Job.objects.exists()


def test_a_client_that_is_not_there_is_told_with_those_that_are(trattoria: Client) -> None:
    with pytest.raises(CommandError, match="Known: trattoria-lume"):
        run("x", "--client", "trattoria")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 1_000_001])
def test_a_file_that_is_no_text_or_too_large_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"file\.bin"):
        run("x", "--file", str(path))
    assert not Job.objects.exists()


def _ask() -> None:
    claimed = queue.claim_run()
    assert claimed
    planning.ask(claimed, question="Which?", suggestions=["a", "b"], recommended=0, by="orchestrator")


def _fail() -> None:
    claimed = queue.claim_run()
    assert claimed
    planning.fail(claimed, cause="no key", fix="", by="orchestrator")


def _complete() -> None:
    claimed = queue.claim_run()
    assert claimed
    planning.split(claimed, [("a", "a"), ("b", "b")], reason="two outcomes", by="orchestrator")


def _cancel() -> None:
    jobs.cancel(Job.objects.get(), by="owner", reason="not needed")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("end", "code", "last"),
    [
        (_ask, 2, "  needs_clarification: Which?"),
        (_fail, 1, "  failed: no key"),
        (_cancel, 1, "  cancelled: not needed"),
        (_complete, 0, "  completed: two outcomes"),
    ],
)
def test_waiting_follows_it_to_its_end_or_to_a_person(
    end: Callable[[], None], code: int, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_LOOK_SECONDS", 0.005)
    seen = threading.Event()

    class Out(StringIO):
        def write(self, text: str) -> int:
            if text.strip() == "pending":
                seen.set()
            return super().write(text)

    def work() -> None:
        assert seen.wait(10)
        end()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    out = Out()
    with pytest.raises(SystemExit) as caught:
        call_command("job", "Write it.", "--priority", "1", "--wait", stdout=out)
    worker.join()
    assert caught.value.code == code
    lines = out.getvalue().splitlines()
    assert lines[1] == "  pending"
    assert lines[-1] == last
