"""What django-q2 may call here: plan jobs and do tasks. This process holds the model's key, no write credential.

A Run ends in exactly one verb: what the agent returned, or how it was interrupted. A Run that was taken over
meanwhile writes nothing.
"""

import errno
import logging
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from agents import orchestrator, registry
from agents.contracts import (
    LLM,
    BadAnswer,
    Brief,
    BudgetExhausted,
    Desk,
    Draft,
    Draining,
    Interrupted,
    LimitReached,
    Limits,
    ModelRefused,
    ModelRejected,
    ModelUnavailable,
    RunLost,
    Unable,
)
from agents.decisions import Decision, NeedsAnswer, Plan, Split
from agents.kinds.carried import without_what_may_not_go
from agents.llm.anthropic import AnthropicLLM
from agents.llm.batches import AnthropicBatches
from agents.llm.rehearsal import RehearsalLLM
from agents.words import _
from agents.workers import lane, waiting
from agents.workers.briefs import brief_for, is_tainted
from agents.workers.estimates import estimate
from agents.workers.journal import StoredJournal
from agents.workers.pauses import Shared
from agents.workers.waiting import Waiting
from jobs import budget, dispatch, leaks, policy, pool, queue
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import batch as batches
from jobs.lifecycle import envelope, planning, rework
from jobs.lifecycle import task as tasks
from jobs.lifecycle.follow_up import WantedJob
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Run
from jobs.states import Priority, RunState

# What passes by itself (no model, no disk, no database), but not after so many Runs, is a matter for a person.
_MAX_TRIES = 12
# What a person can do about each way to end; the first that fits counts.
_FIXES: list[tuple[type[Interrupted], str]] = [
    (ModelRejected, "Mend what the model's server says (key, model name, billing), then retry."),
    (ModelRefused, "Change the brief, then start the job again; the same text is refused again."),
    (LimitReached, "Make the task smaller, or retry."),
    (BadAnswer, "Retry; if it happens again, try another model."),
    (BudgetExhausted, "Raise the budget and retry, or end the job."),
    (Interrupted, "Mend what the reason says, then retry."),
]

log = logging.getLogger(__name__)


def work() -> int:
    """Plan and do until nothing is ready; return how many Runs were made."""
    if settings.REHEARSAL:
        return pool.serve(dispatch.AGENTS, claim=queue.claim_run, do=carry_out)
    with lane.tending(_batches):
        return pool.serve(dispatch.AGENTS, claim=queue.claim_run, do=carry_out)


def tend_batches() -> None:
    """Send and fetch the night lane's batches while nobody works; who works does it besides."""
    if not settings.REHEARSAL and batches.is_anything_open():
        lane.tend(_batches())


def carry_out(run: Run, pulse: pool.Pulse) -> None:
    """Bring one claimed Run to its end, whatever happens inside it."""
    pulse.holds(run.pk)
    try:
        with tempfile.TemporaryDirectory(prefix="nightdesk-") as workdir:
            desk = _desk(run, pulse, Path(workdir))
            if run.task is None:
                orchestrate(run, desk)
            else:
                run_task(run, desk)
    except (RunLost, LostRace, IllegalMove):
        log.info("run %s was taken over or cancelled; it writes nothing", run.pk)
    finally:
        pulse.lets_go(run.pk)


def orchestrate(run: Run, desk: Desk) -> None:
    """Plan one Job: tasks, two jobs, or a question."""
    by = "orchestrator"
    _note(run, version=orchestrator.PROMPT_VERSION, model=desk.model)
    try:
        brief = brief_for(run)
        desk = replace(desk, access=orchestrator.ACCESS)
        _decide(run, brief, orchestrator.plan(brief, desk, run.job.agents), by=by)
    except Interrupted as error:
        _end_early(run, error, verbs=planning, by=by)
    except (LostRace, IllegalMove):
        raise
    except Exception as error:
        _break_off(run, error, verbs=planning, by=by)


def run_task(run: Run, desk: Desk) -> None:
    """Do one Task with its agent."""
    task = run.task
    if task is None:
        raise ValueError("this run plans; it does no task")
    by = f"agent:{task.agent}"
    try:
        agent = registry.load(task.agent)
        _note(run, version=agent.prompt_version, model=desk.model)
        access = registry.access_for(agent, task.input, settings.AGENT_OPTIONS)
        brief = brief_for(run, access)
        draft = _checked(agent.run(brief, replace(desk, access=access)), brief)
        result = _result(draft, tainted=is_tainted(run, brief))
        if draft.redo is None or not rework.send_back(run, result, **draft.redo.model_dump(), by=by):
            tasks.succeed(run, result, by=by)
    except NeedsAnswer as error:
        tasks.ask(run, **error.question.model_dump(), by=by)
    except Interrupted as error:
        _end_early(run, error, verbs=tasks, by=by)
    except (LostRace, IllegalMove):
        raise
    except Exception as error:
        _break_off(run, error, verbs=tasks, by=by)


def model_for(agent: str) -> str:
    """The model that an agent thinks with."""
    return "rehearsal" if settings.REHEARSAL else settings.MODELS.get(agent, settings.MODELS["default"])


@lru_cache(maxsize=1)
def llm() -> LLM:
    """The model adapter of this process, made on first use: the real one with a key, else the rehearsal."""
    if settings.REHEARSAL:
        return RehearsalLLM(pause_seconds=settings.REHEARSAL_PAUSE.total_seconds(), wait=waiting.pause)
    return AnthropicLLM(api_key=settings.ANTHROPIC_API_KEY, base_url=settings.ANTHROPIC_BASE_URL or None)


def _llm_of(run: Run) -> LLM:
    """The model as this Run asks it: internal work through the night lane where it is open."""
    model = llm()
    if not isinstance(model, AnthropicLLM):
        return model
    asking = Waiting(model, key=str(run.job.client_id or ""), shared=_shared(model))
    if run.job.priority == Priority.INTERNAL and (settings.BATCH or batches.has_calls(run)):
        return lane.NightLane(asking, run, takes_more=settings.BATCH)
    return asking


@lru_cache(maxsize=1)
def _shared(model: AnthropicLLM) -> Shared:
    """One for all threads of this process."""
    return Shared(model.pacing)


def _batches() -> AnthropicBatches:
    model = llm()
    if not isinstance(model, AnthropicLLM):
        raise TypeError("only the real model has batches")
    return AnthropicBatches(model)


def _desk(run: Run, pulse: pool.Pulse, workdir: Path) -> Desk:
    agent = run.task.agent if run.task else "orchestrator"
    return Desk(
        llm=_llm_of(run),
        model=model_for(agent),
        journal=StoredJournal(run, pulse),
        now=timezone.now,
        workdir=workdir,
        limits=Limits(),
        options=settings.AGENT_OPTIONS,
    )


def _decide(run: Run, brief: Brief, decision: Decision, *, by: str) -> None:
    if isinstance(decision, Plan):
        steps = [planning.PlannedStep(**step.model_dump()) for step in decision.steps]
        cited = [{**brief.known[number - 1].model_dump(), "by": ""} for number in sorted({*decision.rests_on})]
        cost = estimate([step.agent for step in steps], model_for)
        planning.accept_plan(run, steps, by=by, rests_on=cited, estimate_microusd=cost)
    elif isinstance(decision, Split):
        parts = [(part.title, part.brief) for part in decision.parts]
        planning.split(run, parts, reason=decision.reason, by=by)
    else:
        planning.ask(run, **decision.model_dump(), by=by)


def _note(run: Run, *, version: str, model: str) -> None:
    Run.objects.filter(pk=run.pk).update(prompt_version=version, model=model)


def _end_early(run: Run, error: Interrupted, *, verbs: Any, by: str) -> None:
    """Give the row back where time helps; else fail it with what a person can do. `verbs` is the noun's module."""
    if isinstance(error, RunLost):
        raise error
    if isinstance(error, lane.Parked):
        batches.park(run, ask_digest=error.ask.digest(), ask=error.ask.model_dump(mode="json"), by=by)
        return
    if isinstance(error, Draining):
        verbs.give_back(run, how="the process was stopped between two turns", delay_seconds=0, by=by)
    elif isinstance(error, ModelUnavailable) and _tries(run) < _MAX_TRIES:
        verbs.give_back(
            run,
            how=f"model unavailable: {error}",
            delay_seconds=_wait(run, error),
            by=by,
            billed_unknown=error.billed_unknown,
        )
    elif isinstance(error, BudgetExhausted) and error.scope != budget.JOB:
        now = timezone.localtime()
        envelope.used_up(run.job_id, error.scope, cause=str(error), now=now)
        wait = budget.goes_on_at(error.scope, now) - now
        verbs.give_back(run, how=str(error), delay_seconds=wait.total_seconds(), by=by)
    else:
        kind = "budget" if isinstance(error, BudgetExhausted) else ""
        verbs.fail(run, cause=str(error), fix=_fix(error), by=by, kind=kind)


def _break_off(run: Run, error: Exception, *, verbs: Any, by: str) -> None:
    """A fault of the program or the machine: one that passes gives the row back, any other fails it."""
    log.error("run %s broke off", run.pk, exc_info=error)
    if isinstance(error, OperationalError | InterfaceError):
        # A connection that broke is made anew for the verb.
        close_old_connections()
    # The verb that broke was rolled back in the database, not in this object.
    run.refresh_from_db(fields=["state"])
    if _passes(error) and _tries(run) < _MAX_TRIES:
        delay = policy.retry_delay_seconds(_tries(run))
        how = f"{type(error).__name__}, tried again"
        verbs.give_back(run, how=how, delay_seconds=delay, by=by, billed_unknown=True)
    else:
        verbs.fail(run, cause=_fault(error), fix="Look at the worker's log, then retry.", by=by)


def _passes(error: Exception) -> bool:
    """Whether time helps: the database is not to be had now, or the disk is full."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return isinstance(error, OperationalError | InterfaceError)


def _tries(run: Run) -> int:
    """How many Runs there were, this one included, since a person last had to look."""
    rows = Run.objects.filter(job=run.job_id, task=run.task, round=run.round)
    failed = rows.filter(state=RunState.FAILED).order_by("pk").last()
    return rows.filter(pk__gt=failed.pk if failed else 0).count()


def _wait(run: Run, error: ModelUnavailable) -> float:
    return policy.retry_delay_seconds(_tries(run)) if error.retry_after is None else error.retry_after


def _fix(error: Interrupted) -> str:
    return next(text for kind, text in _FIXES if isinstance(error, kind))


def _fault(error: Exception) -> str:
    """A fault of the program itself: its kind is for the owner, its text may hold anything and stays in the log."""
    return f"A fault in the program stopped it ({type(error).__name__})."


def _checked(draft: Draft, brief: Brief) -> Draft:
    """The last look, whoever wrote the agent: strangers choose no repository, nothing for it, no secret leaves."""
    wanted = {str(effect.fields.get("repository")) for effect in draft.effects if effect.kind == "branch"}
    if brief.repositories is not None and (others := wanted - set(brief.repositories)):
        raise Unable(
            _("Nobody of this house named the repository {others}. Name it, then start the job again.").format(
                others=min(others)
            )
        )
    for repository in sorted(wanted):
        without_what_may_not_go(brief, repository)
    told = draft.model_dump_json(exclude={"made"})
    if name := leaks.found_in([told.encode(), *(made.content for made in draft.made)], settings.HELD_SECRETS):
        raise Unable(
            _("What was made holds a secret of this house ({name}): it was thrown away. Renew that secret.").format(
                name=name
            )
        )
    return draft


def _result(draft: Draft, *, tainted: bool) -> tasks.Result:
    return tasks.Result(
        output=draft.output,
        summary=draft.summary,
        files=[artifacts.File(**made.model_dump()) for made in draft.made],
        effects=[tasks.WantedEffect(**effect.model_dump()) for effect in draft.effects],
        follow_ups=[WantedJob(**follow_up.model_dump()) for follow_up in draft.follow_ups],
        tainted=tainted,
    )
