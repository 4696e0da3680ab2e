"""A morning with items of every kind, made by the real verbs."""

from datetime import timedelta

from django.contrib.auth.models import User

from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import planning, slot
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.artifact import File
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Job, Review, Trigger
from tests.jobs.conftest import STEP, a_file, branch_result, claimed_later, done, last_hour, message_result, sending
from tests.jobs.inbox.conftest import PATCH, several

# Wide in every way: a long word, a table, a long line of code.
_TABLE = f"| {' | '.join(['a column'] * 12)} |\n|{'---|' * 12}"
WIDE = "\n\n".join(["Hello Marta,", "wide" * 60, _TABLE, f"    {'code ' * 60}"])
SHA = "9f1c2e0000000000000000000000000000000000"


def morning(client: Client, *, messages: int, merges: int, questions: int, failures: int, alarms: int) -> int:
    """So many of each; return how many that are."""
    several(client, messages)
    for number in range(merges):
        merge(client, f"Fix {number}", number)
    for number in range(questions):
        question(client, f"Question {number}?")
    for number in range(failures):
        failure(f"Import {number}", cause=f"Source {number} answered 403.")
    empty_runs(alarms)
    return Review.objects.count()


def message(client: Client, text: str = WIDE, subject: str = "Status") -> Review:
    """A message to a client."""
    _start(client, subject)
    done(message_result(text=text, subject=subject))
    return Review.objects.latest("id")


def merge(client: Client, title: str = "Fix it", number: int = 13) -> Review:
    """A pull request that can be merged."""
    _start(client, title)
    result = branch_result()
    files = [
        File("patch", "changes.patch", "text/x-diff", (PATCH + PATCH.replace("vat", "tax")).encode()),
        a_file("tests.txt", "1 passed in 0.1s " + "." * 200, "report"),
    ]
    done(tasks.Result(result.output, result.summary, files, result.effects))
    branch = f"agent/{Job.objects.latest('id').uid}"
    merging = {"repository": "site", "number": number, "commit": SHA, "branch": branch, "into": "main"}
    page = f"https://github.com/acme/site/pull/{number}"
    deliveries.land(sending(), external_id=SHA, url=page, detail=branch, merging=merging, by="deliveries")
    return Review.objects.latest("id")


def question(client: Client, text: str = f"Which of them? {'wide' * 40}") -> Review:
    """A question with two suggestions."""
    open_job(title=text[:200], brief="Make a campaign.", by="test", client=client)
    return planning.ask(
        claimed_later(), question=text, suggestions=["The prints", "wide" * 50], recommended=0, by="test"
    )


def failure(title: str = "Import", cause: str = f"https://example.com/{'wide' * 40} answered 403.") -> Review:
    """A task that failed, and may be started again."""
    _start(None, title)
    tasks.fail(claimed_later(), cause=cause, fix="Renew the access.", by="agent:test")
    return Review.objects.latest("id")


def empty_runs(number: int) -> None:
    """Alarms of schedules whose run made nothing."""
    rule = {"when": "every hour", "timezone": "Europe/Berlin", "catch_up": "none"}
    for place in range(number):
        trigger = Trigger.objects.create(name=f"Look {place}", slug=f"l{place}", source="schedule", conditions=rule)
        Trigger.objects.filter(pk=trigger.pk).update(created_at=last_hour() - timedelta(minutes=30))
    slot.open_due(last_hour())
    for _ in range(2 * number):
        run = claimed_later()
        if run.task is None:
            planning.accept_plan(run, [STEP], by="orchestrator")
        else:
            tasks.succeed(run, tasks.Result(output={}, summary="nothing new", files=[]), by="agent:test")


def unknown(client: Client, owner: User) -> Review:
    """A message of which nobody knows whether it arrived."""
    sent = message(client, text="Hello")
    reviews.approve(sent, by=owner, version=sent.version, digest=sent.digest)
    Delivery.objects.filter(review=sent).update(ready_at=sent.created_at)
    deliveries.doubt(sending(), reason="the line broke", lag_seconds=0, by="deliveries")
    deliveries.leave_to_person(Delivery.objects.get(review=sent), by="deliveries")
    return Review.objects.get(kind="failure")


def _start(client: Client | None, title: str) -> None:
    open_job(title=title, brief="Do it.", by="test", client=client)
    planning.accept_plan(claimed_later(), [STEP], by="orchestrator")
