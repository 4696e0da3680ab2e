"""Plays the made-up night through the real verbs, so that every row is one that the product could have made."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from config.demo import night, repositories
from config.demo.clock import NightClock
from integrations import workers as deliveries
from jobs import budget, pool, queue
from jobs.lifecycle import intake, planning, slot
from jobs.lifecycle import run as runs
from jobs.lifecycle import task as tasks
from jobs.lifecycle.artifact import File
from jobs.lifecycle.job import open_job
from jobs.models import Client, Job, Receipt, Run, Trigger

USER = "demo"
_MODEL = "made up for the demo"
_MARKDOWN = "text/markdown; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_BY = "demo"


class NotADemo(Exception):
    """The database holds work that no demo made: nothing was written into it."""


def seed() -> bool:
    """Fill an empty database with the night; return False if it was filled before. Raises NotADemo."""
    if Receipt.objects.filter(source="demo").exists():
        return False
    if Job.objects.exists() or Client.objects.exists() or User.objects.exists():
        raise NotADemo("This database is in use and was not made by the demo, so the demo leaves it alone.")
    repositories.make(Path(settings.VAR) / "repositories")
    morning = timezone.now()
    clock = NightClock(now=morning)
    User.objects.create_superuser(USER, email="", password=None)
    with clock.at("18:00"):
        _cast()
        intake.accept(intake.Inbound(source="demo", external_id="night", kind="seeded", body=b"", is_test=True), [])
    for at, play in sorted(_scenes(morning), key=lambda scene: clock.moment(scene[0])):
        with clock.at(at):
            play()
    return True


def _cast() -> None:
    for slug, name, recipients, tone in night.CLIENTS:
        Client.objects.create(slug=slug, name=name, recipients=recipients, tone=tone)
    for slug, name, source, conditions, title, brief, client, priority in night.TRIGGERS:
        Trigger.objects.create(
            slug=slug,
            name=name,
            source=source,
            conditions={**conditions, "timezone": settings.TIME_ZONE} if source == "schedule" else conditions,
            title_template=title,
            brief_template=brief,
            client=_client(client),
            priority=priority,
        )


def _scenes(morning: datetime.datetime) -> list[tuple[str, Callable[[], None]]]:
    """(clock time, what happens then)."""

    def scene(play: Callable[[night.Item], None], item: night.Item) -> tuple[str, Callable[[], None]]:
        due_at = morning + datetime.timedelta(hours=item.due_in) if item.due_in else None
        return item.at, lambda: play(replace(item, due_at=due_at))

    scenes = [scene(_done, _finished(*row)) for row in night.DONE]
    scenes += [scene(_message, item) for item in night.MESSAGES]
    scenes += [scene(_branch, item) for item in night.CODE]
    scenes += [scene(_question, item) for item in night.QUESTIONS]
    scenes += [scene(_failure, item) for item in night.FAILURES]
    return scenes


def _finished(at: str, client: str, title: str, cost: int) -> night.Item:
    return night.Item(at, client, title, title, cost, f"# {title}\n\nMade up for the demo.\n")


def _message(item: night.Item) -> None:
    run = _start(item, agent="communication", given={"purpose": item.brief})
    file = File("message", "message.md", _MARKDOWN, (item.text + "\n").encode())
    effect = tasks.WantedEffect("client_message", {"subject": item.title}, [file.name])
    output = {"subject": item.title, "body": item.text}
    _end(run, item, tasks.Result(output=output, summary="one message", files=[file], effects=[effect]))


def _branch(item: night.Item) -> None:
    if not isinstance(item, night.CodeItem):
        raise TypeError(f"{item.title} has no changes")
    place = settings.REPOSITORIES[item.repository]
    run = _start(item, agent="code", given={"repository": item.repository, "task": item.brief})
    files = [
        File("patch", "changes.patch", "text/x-diff; charset=utf-8", repositories.patch(place, item.changes)),
        File("test_output", "tests.txt", _PLAIN, item.tests.encode()),
    ]
    fields = {
        "repository": item.repository,
        "base_sha": repositories.head(place),
        "message": item.title,
        "explanation": item.text,
    }
    effect = tasks.WantedEffect("branch", fields, ["changes.patch"])
    paths = [change.path for change in item.changes]
    output = {"explanation": item.text, "files": paths, "tests": "pass" if item.passed else "fail"}
    _end(run, item, tasks.Result(output=output, summary=item.summary, files=files, effects=[effect]))


def _done(item: night.Item) -> None:
    given = {"kind": "report", "audience": "the owner", "instructions": item.brief}
    run = _start(item, agent="drafting", given=given)
    file = File("draft", "draft.md", _MARKDOWN, item.text.encode())
    effect = tasks.WantedEffect("document", {}, [file.name])
    result = tasks.Result(output={"title": item.title}, summary="a draft", files=[file], effects=[effect])
    _end(run, item, result)


def _question(item: night.Item) -> None:
    if not isinstance(item, night.QuestionItem):
        raise TypeError(f"{item.title} suggests no answers")
    run = _plan(item)
    _spend(run, item.cost)
    planning.ask(run, question=item.text, suggestions=item.suggestions, recommended=0, by="orchestrator")


def _failure(item: night.Item) -> None:
    if not isinstance(item, night.FailureItem):
        raise TypeError(f"{item.title} names no fix")
    run = _start(item, agent=item.agent, given=item.given)
    _spend(run, item.cost)
    kind = "budget" if "budget" in item.fix else ""
    tasks.fail(run, cause=item.text, fix=item.fix, by=f"agent:{item.agent}", kind=kind)


def _start(item: night.Item, *, agent: str, given: Mapping[str, object]) -> Run:
    """The Run of the only task of a job that was opened and planned for the item."""
    steps = [planning.PlannedStep(agent=agent, title=item.title[:120], input=dict(given))]
    planning.accept_plan(_plan(item), steps, by="orchestrator")
    return _claimed()


def _plan(item: night.Item) -> Run:
    # The briefing is opened by its schedule, where that slot lies in this night.
    if not (item.title == night.BRIEFING and slot.open_due(timezone.now())):
        open_job(title=item.title, brief=item.brief, by=_BY, client=_client(item.client), due_at=item.due_at)
    return _claimed()


def _claimed() -> Run:
    run = queue.claim_run()
    if run is None:
        raise RuntimeError("the job that was just opened cannot be claimed")
    return run


def _end(run: Run, item: night.Item, result: tasks.Result) -> None:
    _spend(run, item.cost)
    tasks.succeed(run, result, by=f"agent:{run.task.agent}" if run.task else _BY)
    pulse = pool.Pulse("deliveries")
    while delivery := queue.claim_delivery():
        deliveries.carry_out(delivery, pulse)


def _spend(run: Run, cost: int) -> None:
    """One stored turn that cost so much, of the night's envelope: its spending adds up as it does for real."""
    budget.reserve(run, cost)
    tokens = cost // 9
    runs.store_turn(
        run,
        number=1,
        cost=cost,
        ask_digest="0" * 64,
        request={"messages": []},
        reply={
            "content": [{"type": "text", "text": "Made up for the demo."}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": tokens, "output_tokens": tokens // 5},
            "model": _MODEL,
        },
        model=_MODEL,
        stop_reason="end_turn",
        input_tokens=tokens,
        output_tokens=tokens // 5,
        duration_ms=cost // 20,
    )


def _client(slug: str) -> Client | None:
    return Client.objects.get(slug=slug) if slug else None
