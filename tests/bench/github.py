"""Every example payload of GitHub's, three times each in random order over twenty connections."""

import asyncio
import hashlib
import hmac
import os
import random

from jobs.models import Receipt
from tests.bench import place, processes, report
from tests.bench.asking import ask
from tests.integrations.github.examples import Example, Missing, load

_CONNECTIONS = 20
_TIMES = 1 if place.quick() else 3
_GUNICORN = ["--workers", "1", "--threads", "20", "--log-level", "warning", "--no-control-socket"]


def measure() -> None:
    """From the first byte sent to the last byte of the answer."""
    try:
        examples = load()
    except Missing as reason:
        report.skip("github", str(reason))
        return
    requests = [_request(example) for example in examples for _ in range(_TIMES)]
    random.Random(1).shuffle(requests)
    port = processes.free_port()
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *_GUNICORN, "config.wsgi"]
    with processes.started(command, port=port):
        rate, waits = asyncio.run(ask(port, requests, connections=_CONNECTIONS))
    if Receipt.objects.count() != len(examples):
        raise RuntimeError(f"{len(examples)} deliveries left {Receipt.objects.count()} receipts")
    report.say(
        "github",
        value=report.percentile(waits, 99) * 1000,
        unit="ms",
        goal="value <= 1000",
        p50_ms=round(report.percentile(waits, 50) * 1000, 1),
        rate=round(rate),
        requests=len(requests),
        connections=_CONNECTIONS,
    )


def _request(example: Example) -> bytes:
    secret = os.environ["GITHUB_WEBHOOK_SECRET"].encode()
    head = [
        "POST /hooks/github/ HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(example.body)}",
        f"X-GitHub-Event: {example.event}",
        f"X-GitHub-Delivery: {example.delivery}",
        f"X-Hub-Signature-256: sha256={hmac.new(secret, example.body, hashlib.sha256).hexdigest()}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + example.body
