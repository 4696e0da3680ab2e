"""manage.py up: everything on this machine, under one supervisor."""

import logging
import multiprocessing
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connections

from config import checkups
from config.supervisor import AlreadyRunning, Child, Supervisor, cluster, listener, web
from jobs import dispatch


class Command(BaseCommand):
    """Prepares the database and the static files, then runs the web, both clusters and what listens beside them."""

    help = "Run the web and all workers on this machine, under one supervisor."
    # It looks at itself once, apart.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the web listens."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: this machine alone)"
        )
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-web", action="store_true", help="workers alone; the web runs elsewhere")

    def handle(self, *args: Any, host: str, port: int, no_web: bool, **options: Any) -> None:
        """Prepare, start, and return once everything has ended."""
        children = [cluster(name) for name in settings.WORKERS]
        told = "Nightdesk's workers are starting"
        if not no_web:
            refuse_taken(host, port)
            children = [web(host, port), *map(listener, settings.LISTENERS), *children]
            told = f"Nightdesk is starting on http://{host}:{port}/"

        def begin() -> None:
            apart(self._look_and_prepare)
            self.stdout.write(f"{told} (Ctrl-C stops it)")
            if not no_web and not User.objects.filter(is_active=True).exists():
                self.stdout.write("Nobody can log in yet: manage.py init makes the owner and prints a link.")

        supervise(children, begin)

    def _look_and_prepare(self) -> None:
        self.check()
        prepare()


def refuse_taken(host: str, port: int) -> None:
    """Raise CommandError if the web could not listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({error.strerror}). Choose another --port."
            ) from error


def prepare() -> None:
    """Tables, schedules and static files as this version wants them; safe to repeat."""
    call_command("migrate", interactive=False, verbosity=0)
    checkups.sync()
    dispatch.sync_schedules()
    call_command("collectstatic", interactive=False, verbosity=0)


def apart(work: Callable[[], None]) -> None:
    """Do it in a process of its own, which takes along what it loaded: the supervisor lives for months.

    Raises CommandError if it failed; the process has said why.
    """

    def say_why() -> None:
        try:
            work()
        except (CommandError, SystemCheckError, DatabaseError) as error:
            sys.exit(str(error))

    connections.close_all()
    child = multiprocessing.get_context("fork").Process(target=say_why)
    child.start()
    child.join()
    if child.exitcode:
        raise CommandError("Nightdesk was not started: see above.")


def supervise(children: list[Child], begin: Callable[[], None] = lambda: None) -> None:
    """Run the children until a signal says stop; `begin` comes before the first of them.

    Raises CommandError if another supervisor holds the folder: then nothing was begun, and what runs is as it was.
    """
    supervisor = Supervisor(children, folder=settings.VAR)

    def prepare() -> None:
        begin()
        logging.getLogger("config").setLevel(logging.INFO)
        supervisor.obey_signals()

    try:
        supervisor.run(prepare)
    except AlreadyRunning as error:
        raise CommandError(str(error)) from error
