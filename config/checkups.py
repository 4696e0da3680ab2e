"""Looks at all that Nightdesk needs: this installation and every provider that is connected.

One list for `doctor`, which looks at all of it from here, and for the set-up page, whose rows each cluster fills in
for what it alone can reach: no secret goes to the web to be tried.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connection

from config import env, probes, roles
from config.connecting import GUIDES, Guide
from config.probes import Finding, Level
from integrations import contracts, registry
from jobs import clients
from jobs.lifecycle import checkup

# The doctor is asked by somebody who waits. What is no answer after this is one, too.
SECONDS = 4.0
# What the agents' processes alone can see; everything else is looked at where effects are made.
_OF_AGENTS = {"model", "reading", "cell"}
_SHORTEST_SECRET = 6

_Look = Callable[[], list[Finding]]


def names() -> list[str]:
    """Everything that can be looked at, this installation first."""
    return [*probes.names(), *(name for name in settings.PROBES if name not in probes.names())]


def look(*, only: str = "", seconds: float = SECONDS) -> list[Finding]:
    """What is found, all at the same time, each in so many seconds at most; in the order of `names`."""
    wanted = [name for name in names() if only in {"", name}]
    answers: SimpleQueue[tuple[str, list[Finding]]] = SimpleQueue()
    for name in wanted:
        # Not waited for at the end: a server that keeps quiet would keep the command from ending.
        threading.Thread(target=lambda name=name: answers.put((name, look_at(name))), daemon=True).start()
    found: dict[str, list[Finding]] = {}
    ends = monotonic() + seconds
    while len(found) < len(wanted):
        try:
            name, findings = answers.get(timeout=max(0.0, ends - monotonic()))
        except Empty:
            break
        found[name] = findings
    return [finding for name in wanted for finding in found.get(name) or [_no_answer(name, seconds)]]


def look_at(name: str) -> list[Finding]:
    """What is found under one name; a break is a finding, and no secret is in any."""
    return _told(name, lambda: _looks(name))


def try_out(name: str) -> list[Finding]:
    """Look, and then make one harmless effect and take it away, where the provider can."""
    return _told(name, lambda: [*_looks(name), *_of_provider(name, trial=True)])


def mend(name: str) -> list[Finding]:
    """Make what is missing at a provider, and look again."""
    return _told(name, lambda: [_levelled(name, found) for found in _mended(name)])


def sync() -> None:
    """Make the rows of the set-up page equal to what there is to look at, and to connect."""
    known = [*names(), *(name for name in GUIDES if name not in names())]
    for place, name in enumerate(known):
        guide = GUIDES.get(name, Guide())
        checkup.enter(
            name,
            place=place,
            cluster=roles.AGENTS if name in _OF_AGENTS else roles.DELIVERIES,
            is_provider=name in GUIDES or name in settings.PROBES,
            is_connected=guide.is_connected(),
            can_try=name in settings.PROBES,
            can_mend=name in settings.PROBES and registry.can_mend(name),
            about=guide.about,
            how=guide.how,
        )
    checkup.forget_others(known)


def run() -> int:
    """What django-q2 may call here: look at all that this process can see, what was asked for first."""
    role = env.text("NIGHTDESK_ROLE")
    rows = checkup.due([role] if role else [roles.AGENTS, roles.DELIVERIES])
    for row in rows:
        is_trial = row.wanted == checkup.TRY
        act = {checkup.TRY: try_out, checkup.MEND: mend}.get(row.wanted, look_at)
        findings = act(row.name)
        checkup.keep(row, [asdict(finding) for finding in findings], is_trial=is_trial)
    return len(rows)


def _looks(name: str) -> list[Finding]:
    if name in settings.PROBES:
        return _of_provider(name, trial=False)
    return [probes.named(name)() if name in probes.names() else Finding(Level.OK, name, "connected")]


def _of_provider(name: str, *, trial: bool) -> list[Finding]:
    if name not in settings.PROBES:
        return []
    probe = registry.probe(name, _options(name))
    return [_levelled(name, found) for found in (probe.try_out() if trial else probe.look())]


def _options(name: str) -> dict[str, Any]:
    """What a probe is made with; which channels clients are written to in is in the table of clients."""
    more = {"channels": clients.channels()} if name == settings.CHANNELS_BY else {}
    return {**settings.PROBES[name], **more}


def _mended(name: str) -> list[contracts.Finding]:
    probe = registry.probe(name, _options(name))
    return probe.mend() if isinstance(probe, contracts.Mending) else probe.look()


def _levelled(name: str, found: contracts.Finding) -> Finding:
    level = Level.FAIL if not found.ok else Level.WARN if found.fix else Level.OK
    return Finding(level, name, found.says, found.fix)


def _told(name: str, act: _Look) -> list[Finding]:
    try:
        findings = act()
    except Exception as error:
        findings = [Finding(Level.FAIL, name, f"{type(error).__name__}: {error}", "Mend this first.")]
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()
    secrets = _secrets()
    return [
        Finding(found.level, found.name, _without(found.says, secrets), _without(found.fix, secrets))
        for found in findings
    ]


def _no_answer(name: str, seconds: float) -> Finding:
    fix = "Look whether it can be reached from here, then try this one alone."
    return Finding(Level.FAIL, name, f"no answer in {seconds:g} seconds", fix)


def _secrets() -> list[str]:
    """Every secret of this process, and the parts of those that are addresses or pairs, the longest first."""
    values = [text for name in [*roles.SECRETS, "SECRET_KEY"] if (text := env.text(name))]
    parts = [part for value in values for part in _parts(value)]
    return sorted({part for part in [*values, *parts] if len(part) >= _SHORTEST_SECRET}, key=len, reverse=True)


def _parts(value: str) -> Iterable[str]:
    password = urlsplit(value).password if "://" in value and "," not in value else None
    if password:
        yield from (password, unquote(password))
    elif ":" in value and "://" not in value:
        yield value.partition(":")[2]


def _without(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text
