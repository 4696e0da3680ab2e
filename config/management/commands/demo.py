"""manage.py demo: a seeded night, all workers, and one job that happens before the owner's eyes."""

import http.client
import json
import os
import shutil
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError
from standardwebhooks import Webhook

from config import env, roles
from config.demo import model, night, repositories
from config.demo.seed import USER, NotADemo, seed
from config.management.commands.up import prepare, refuse_taken, supervise
from config.supervisor import cluster, web
from jobs.inbox.entry import enter_link
from jobs.lifecycle.intake import secrets_of
from jobs.models import Job, Review, Trigger
from jobs.states import JobState, ReviewState

_LIVE_RULE = "enquiry"
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.2
_WITHOUT_KEY = "since no model key is used here"
_EMULATED = "by a service that speaks and charges as the model's would"


class Command(BaseCommand):
    """Starts itself again with a demo's own environment, so that nothing of a real installation is touched."""

    help = "A seeded night with everything running. Nothing leaves this machine."
    # It looks at itself once, in its own environment.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where it listens, and on what."""
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fresh", action="store_true", help="forget an earlier demo first")
        parser.add_argument("--database", default="", help="URL of an empty database; SQLite otherwise")
        parser.add_argument("--redis", default="", help="URL of Redis for the doorbells; the database otherwise")
        parser.add_argument(
            "--emulate",
            action="store_true",
            help="with the real model adapter, against a model service made for tests",
        )
        parser.add_argument("--seed-only", action="store_true", help="fill the database and stop")

    def handle(self, *args: Any, port: int, fresh: bool, seed_only: bool, emulate: bool, **options: Any) -> None:
        """Seed, start everything, open the live job, print the link."""
        if emulate and not model.is_here():
            raise CommandError("--emulate needs Nightdesk's repository: the service stands among its tests.")
        if not seed_only:
            refuse_taken("127.0.0.1", port)
        if not settings.DEMO:
            folder = settings.VAR / "demo"
            if fresh:
                shutil.rmtree(folder, ignore_errors=True)
            again(folder, port=port, database=options["database"], redis=options["redis"], emulate=emulate)
        self.check()
        prepare()
        self._step("database", "every table is there")
        try:
            is_new = seed()
        except NotADemo as error:
            raise CommandError(f"{error} Name an empty one with --database, or none.") from error
        self._step("night", _counted() if is_new else f"the one from before, {_counted()}; --fresh makes another")
        if seed_only:
            return
        host = threading.Thread(target=self._welcome, args=(port,), daemon=True)
        host.start()
        models = [model.service()] if emulate else []
        supervise([*models, web("127.0.0.1", port), *(cluster(name) for name in settings.WORKERS)])

    def _welcome(self, port: int) -> None:
        if not await_web(port):
            self.stderr.write("The web did not answer within a minute; what it said stands above.")
            return
        self._step("web", f"http://127.0.0.1:{port}/")
        post_live_job(port)
        link = enter_link(User.objects.get(username=USER))
        self.stdout.write(
            f"\n  Your night is ready, and one job is on its way: {night.LIVE['subject']}.\n"
            f"  Open (once, within 15 minutes):\n\n    {link}\n\n"
            "  Nothing leaves this machine: mail becomes files, branches go to local repositories,\n"
            f"  and texts are rehearsed, {_WITHOUT_KEY if settings.REHEARSAL else _EMULATED}. Ctrl-C stops it.\n"
            "  Next: the welcome item teaches the keys; ? lists them. For real: manage.py init\n"
        )
        self.stdout.flush()

    def _step(self, what: str, says: str) -> None:
        """One line for whoever waits before a terminal."""
        if self.stdout.isatty():
            self.stdout.write(f"✓ {what:<12}  {says}")
            self.stdout.flush()


def _counted() -> str:
    """What there is to see."""
    waiting = Review.objects.filter(state=ReviewState.OPEN).count()
    failed = Job.objects.filter(state=JobState.FAILED).count()
    return f"{Job.objects.count()} jobs, {waiting} to decide, {failed} failed"


def again(folder: Path, *, port: int, database: str, redis: str, emulate: bool = False) -> None:
    """Become the same command with an environment of the demo's own. Does not return."""
    # Nothing of what a real installation is told, be it a secret or an address; .env is not read with a role.
    told = {*env.asked, *roles.SECRETS}
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in told}
    places = repositories.addresses(folder / "repositories")
    demo = {
        "NIGHTDESK_DEMO": "on",
        "NIGHTDESK_ROLE": "demo",
        "NIGHTDESK_VAR": str(folder),
        "NIGHTDESK_REHEARSAL": "on",
        "NIGHTDESK_REHEARSAL_PAUSE": "2s",
        "NIGHTDESK_ORCHESTRATE_EVERY": "1m",
        "NIGHTDESK_REPOSITORIES": "\n".join(f"{name}={place}" for name, place in places.items()),
        "TIME_ZONE": settings.TIME_ZONE,
        "NIGHTDESK_LANGUAGE": settings.LANGUAGE_CODE,
        "BASE_URL": f"http://127.0.0.1:{port}",
        **(model.environment(free_port()) if emulate else {}),
        **({"DATABASE_URL": database} if database else {}),
        **({"REDIS_URL": redis} if redis else {}),
    }
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.argv], kept | demo)  # noqa: S606 - the same command again


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_web(port: int) -> bool:
    """Whether the web answers within a minute."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except OSError:
            time.sleep(_LOOK_SECONDS)
        finally:
            connection.close()
    return False


def post_live_job(port: int) -> None:
    """Post the live enquiry to our own form, signed as a site would sign it."""
    rule = Trigger.objects.get(slug=_LIVE_RULE)
    key = next(secret for secret in secrets_of(rule) if secret.startswith("whsec_"))
    body, now = json.dumps(night.LIVE), datetime.now(UTC)
    identity = f"msg_{now:%Y%m%d%H%M%S}"
    headers = {
        "Content-Type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key).sign(identity, now, body),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", f"/hooks/form/{_LIVE_RULE}/", body=body, headers=headers)
        answer = connection.getresponse()
        if answer.status not in {200, 201, 202}:
            raise CommandError(f"The live job was refused: {answer.status} {answer.read().decode()}")
    finally:
        connection.close()
