"""From a signed webhook to its committed Receipt and Job, beside the least that a Django view can do."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from integrations import signatures
from jobs.lifecycle import arrival
from jobs.lifecycle.intake import secrets_of
from jobs.models import Client, Job, Receipt, Trigger
from tests.bench import place, processes, report
from tests.bench.asking import ask

_CONNECTIONS = 16
_REQUESTS = 200 if place.quick() else 300
# Many short ones in turn: what else a machine does in a second hits both.
_ROUNDS = 1 if place.quick() else 15
# The web as config/supervisor.py starts it; both servers the same.
_GUNICORN = ["--workers", "1", "--threads", "16", "--log-level", "warning", "--no-control-socket"]
_BODY = {"type": "contact.created", "data": {"name": "Marta Lume", "message": "Please call me back. " * 10}}


@dataclass
class Server:
    """One of the two, and what was measured there."""

    application: str
    port: int = field(default_factory=processes.free_port)
    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)  # seconds, one a request


def measure() -> None:
    """Both servers run all the time and are asked in turn."""
    client = Client.objects.create(name="A client", slug="a-client", recipients=["a@example.com"])
    rule = Trigger.objects.create(name="Bench", slug="bench", source="standard", client=client, priority=1)
    ours, bare = Server("config.wsgi"), Server("tests.bench.bare_view")
    with processes.started(_command(ours), port=ours.port), processes.started(_command(bare), port=bare.port):
        for number in range(_ROUNDS + 1):
            for server in (bare, ours):
                requests = [_request(rule, f"{server.port}-{number}-{count}") for count in range(_REQUESTS)]
                rate, waits = asyncio.run(ask(server.port, requests, connections=_CONNECTIONS))
                # The first round warms both up.
                if number:
                    server.rates.append(rate)
                    server.waits += waits
    _check(accepted=2 * (_ROUNDS + 1) * _REQUESTS, jobs=(_ROUNDS + 1) * _REQUESTS)
    _say(ours, bare)


def _say(ours: Server, bare: Server) -> None:
    report.say(
        "ingest",
        value=report.median(ours.rates),
        unit="1/s",
        limit=report.median(bare.rates),
        limit_what="a view that checks the signature and inserts one row; the same settings and gunicorn",
        goal="ratio >= 0.5",
        p50_ms=round(report.median(ours.waits) * 1000, 1),
        p99_ms=round(report.percentile(ours.waits, 99) * 1000, 1),
        limit_p50_ms=round(report.median(bare.waits) * 1000, 1),
        limit_p99_ms=round(report.percentile(bare.waits, 99) * 1000, 1),
        connections=_CONNECTIONS,
    )


def _check(*, accepted: int, jobs: int) -> None:
    arrival.take_in()  # what came while the other of the two wrote
    if (Receipt.objects.count(), Job.objects.count()) != (accepted, jobs):
        raise RuntimeError(
            f"{accepted} were accepted, {Receipt.objects.count()} receipts and {Job.objects.count()} jobs"
        )


def _command(server: Server) -> list[str]:
    return ["-m", "gunicorn", "--bind", f"127.0.0.1:{server.port}", *_GUNICORN, server.application]


def _request(rule: Trigger, event: str) -> bytes:
    body = json.dumps(_BODY).encode()
    stamp = str(int(time.time()))
    signature = signatures.sign(signatures.key_of(secrets_of(rule)[0]), event, stamp, body)
    head = [
        "POST /hooks/standard/bench/ HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"webhook-id: {event}",
        f"webhook-timestamp: {stamp}",
        f"webhook-signature: {signature}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body
