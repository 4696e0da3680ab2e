"""What a model's server may say, and where each ends: the real adapter, the real verbs, a strict service."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from agents import workers
from agents.llm.anthropic import AnthropicLLM
from jobs import pool
from jobs.models import Job, Review, Run, Turn
from tests.agents.workers.conftest import TEXT, read
from tests.emulators.anthropic import TOKEN, AnthropicEmulator, error_body, error_event
from tests.jobs.conftest import claimed

pytestmark = pytest.mark.django_db

MESSAGES = "POST /v1/messages$"
LOOKS = 20
WRONG = {"json": {"title": 5}}
GOOD = {"json": TEXT}

Planned = Callable[..., Run]


def fault(kind: str, **options: Any) -> Callable[[AnthropicEmulator], None]:
    """Every call goes wrong in this way."""

    def arm(service: AnthropicEmulator) -> None:
        service.fault(MESSAGES, kind, times=LOOKS, **options)

    return arm


def status(code: int, kind: str, *, error_code: str = "", **headers: str) -> Callable[[AnthropicEmulator], None]:
    """Every call is answered with this error."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return fault("status", status=code, body=error_body(kind, code=error_code), headers=sent)


def says(*answers: dict[str, Any]) -> Callable[[AnthropicEmulator], None]:
    """The calls are answered with these in turn, the last one again and again."""

    def arm(service: AnthropicEmulator) -> None:
        left = list(answers)
        service.rule(lambda body, turn, results: left.pop(0) if len(left) > 1 else left[0])

    return arm


@pytest.fixture
def service() -> Iterator[AnthropicEmulator]:
    """Faults may be left over: that the work ended before they were used up is the point."""
    emulator = AnthropicEmulator().start()
    yield emulator
    emulator.stop()
    assert not [bug for bug in emulator.bugs() if "never struck" not in bug]


@pytest.fixture
def thinks_for_real(
    service: AnthropicEmulator, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[AnthropicLLM]:
    """This process thinks with the real adapter."""
    settings.REHEARSAL = False
    llm = AnthropicLLM(api_key=TOKEN, base_url=service.url, silence=0.3)
    monkeypatch.setattr(workers, "llm", lambda: llm)
    yield llm
    llm.close()


# What comes by itself again: the task is ready after the wait, nobody is asked, and it is one call a look.
WAITS: list[tuple[str, Callable[[AnthropicEmulator], None], float]] = [
    ("429 for a second", status(429, "rate_limit_error", retry_after="1"), 1),
    ("429 for two minutes", status(429, "rate_limit_error", retry_after="120"), 120),
    ("429 without a word", status(429, "rate_limit_error"), 5),
    ("a usage limit until the morning", status(429, "rate_limit_error", retry_after="18000"), 18_000),
    ("529", status(529, "overloaded_error"), 5),
    ("500", status(500, "api_error"), 5),
    ("502", fault("status", status=502, raw=b"<html>Bad gateway</html>", ctype="text/html"), 5),
    ("503", status(503, "api_error", retry_after="7"), 7),
    ("504", status(504, "timeout_error"), 5),
    ("408", status(408, "timeout_error"), 5),
    ("time-out", fault("stall", seconds=2.0), 5),
    ("dropped before", fault("drop"), 5),
    ("reset before", fault("reset"), 5),
    ("answer lost", fault("lost"), 5),
    ("reset in mid-stream", fault("truncate", reset=True), 5),
    ("closed in mid-stream", fault("truncate"), 5),
    ("ended in mid-stream", fault("interrupt", piece=b": gone\n\n"), 5),
    ("half JSON", fault("truncate_json"), 5),
    ("overloaded in mid-stream", fault("interrupt", piece=error_event("overloaded_error")), 5),
    ("invalid UTF-8", fault("interrupt", piece=b"event: x\ndata: \xff\n\n"), 5),
    ("no message", fault("status", status=200, body={"hello": "world"}), 5),
]

# What a person has to look at: the task failed, one item says why, and there were so many calls.
FAILS: list[tuple[str, Callable[[AnthropicEmulator], None], int, str]] = [
    ("400", status(400, "invalid_request_error"), 1, "400"),
    ("401", status(401, "authentication_error"), 1, "ANTHROPIC_API_KEY"),
    ("402", status(402, "billing_error"), 1, "spending limit"),
    ("403", status(403, "permission_error"), 1, "another key"),
    ("404", status(404, "not_found_error"), 1, "NIGHTDESK_MODEL"),
    ("413", status(413, "request_too_large"), 1, "too large"),
    ("spend limit as 400", status(400, "billing_error"), 1, "spending limit"),
    (
        "spend limit as 429",
        status(429, "rate_limit_error", error_code="enforced_spend_limit_reached"),
        1,
        "spending limit",
    ),
    ("rejected in mid-stream", fault("interrupt", piece=error_event("permission_error")), 1, "permission_error"),
    ("a page", fault("status", status=200, raw=b"<html>Hello</html>", ctype="text/html"), 1, "ANTHROPIC_BASE_URL"),
    ("refusal", says({"refusal": "cyber"}), 1, "refused (cyber)"),
    ("refusal without a word", says({"refusal": None, "thinking": False}), 1, "refused"),
    ("wrong schema", says(WRONG), 2, "form asked for, twice"),
    ("half JSON, whole stream", says({"text": '{"title": "Win'}), 2, "form asked for, twice"),
    ("prose", says({"text": "Certainly! Here you are."}), 2, "form asked for, twice"),
    ("empty", says({"text": "", "thinking": False}), 2, "empty"),
    ("blank", says({"text": "  \n"}), 2, "empty"),
    ("max_tokens", says({**GOOD, "cut": 9}), 2, "does not fit"),
    ("context exceeded", says({"text": "x", "stop": "model_context_window_exceeded"}), 1, "memory"),
    ("an unknown stop", says({"text": "x", "stop": "compaction"}), 1, "compaction"),
    ("pause without an end", says({"text": "hm", "stop": "pause_turn"}), 24, "All 24 turns"),
    ("tools without an end", says({"tools": [["nothing", {}]]}), 24, "All 24 turns"),
    ("10 MB", says({"text": "x" * 10_000_000}), 1, "longer than any"),
]

# What goes well in the end.
SUCCEEDS: list[tuple[str, Callable[[AnthropicEmulator], None], int]] = [
    ("at once", says(GOOD), 1),
    ("wrong, then right", says(WRONG, GOOD), 2),
    ("empty, then right", says({"text": "", "thinking": False}, GOOD), 2),
    ("cut, then whole", says({**GOOD, "cut": 9}, GOOD), 2),
    ("paused, then done", says({"text": "hm", "stop": "pause_turn"}, GOOD), 2),
    ("NUL and lone surrogates", says({"json": {**TEXT, "markdown": "a\x00b\ud800c"}}), 1),
    ("fields that nobody asked for", says({"json": {**TEXT, "send_to": "all"}}), 1),
]


@pytest.mark.parametrize(("name", "arm", "wait"), WAITS, ids=[row[0] for row in WAITS])
def test_what_passes_is_waited_for(
    name: str, arm: Any, wait: float, service: AnthropicEmulator, thinks_for_real: Any, planned: Planned, pulse: Any
) -> None:
    run = planned()
    arm(service)
    before = timezone.now()
    workers.carry_out(run, pulse)
    task = read(run.task)
    assert (task.state, task.starts) == ("pending", 0)
    assert wait <= (task.ready_at - before).total_seconds() < wait + 60
    assert task.reason.startswith("model unavailable: ")
    assert read(run).state == "abandoned"
    assert len(service.journal) == 1
    assert not Review.objects.exists()
    assert_on_record(service, run.job)


@pytest.mark.parametrize(("name", "arm", "calls", "cause"), FAILS, ids=[row[0] for row in FAILS])
def test_what_a_person_must_see_is_one_item_and_no_call_too_many(
    name: str,
    arm: Any,
    calls: int,
    cause: str,
    service: AnthropicEmulator,
    thinks_for_real: Any,
    planned: Planned,
    pulse: Any,
) -> None:
    run = planned()
    arm(service)
    workers.carry_out(run, pulse)
    assert read(run.task).state == "failed"
    review = Review.objects.get()
    assert (review.kind, review.state) == ("failure", "open")
    assert cause in review.payload["cause"]
    assert len(service.journal) == calls
    assert all(len(str(turn.reply)) < 2_100_000 for turn in Turn.objects.all())
    assert_on_record(service, run.job)


@pytest.mark.parametrize(("name", "arm", "calls"), SUCCEEDS, ids=[row[0] for row in SUCCEEDS])
def test_what_can_be_mended_is(
    name: str, arm: Any, calls: int, service: AnthropicEmulator, thinks_for_real: Any, planned: Planned, pulse: Any
) -> None:
    run = planned()
    arm(service)
    workers.carry_out(run, pulse)
    assert read(run.task).state == "completed"
    assert len(service.journal) == calls
    assert_on_record(service, run.job)


def test_what_stays_away_is_asked_for_twelve_times_and_no_more(
    service: AnthropicEmulator, thinks_for_real: Any, planned: Planned, pulse: pool.Pulse
) -> None:
    run = planned()
    task = run.task
    assert task
    service.fault(MESSAGES, "status", times=LOOKS, status=529, body=error_body("overloaded_error"))
    for _ in range(LOOKS):
        workers.carry_out(run, pulse)
        if read(task).state != "pending":
            break
        type(task).objects.filter(pk=task.pk).update(ready_at=timezone.now())
        run = claimed()
    assert read(task).state == "failed"
    assert len(service.journal) == 12


def assert_on_record(service: AnthropicEmulator, job: Job) -> None:
    """Answered calls at their price; of the others, never less than they may have cost; nothing stays reserved."""
    answered = {turn.reply["request_id"] for turn in job.turns.all()}
    turns = job.turns.aggregate(sum=Sum("cost_microusd"))["sum"] or 0
    assert abs(Decimal(turns) / 1_000_000 - service.bill.usd(answered)) <= Decimal(len(answered)) / 1_000_000
    job = read(job)
    assert job.reserved_microusd == 0
    assert job.spent_microusd == sum(run.cost_microusd for run in job.runs.all())
    assert Decimal(job.spent_microusd) / 1_000_000 >= service.bill.usd()
