"""manage.py up: everything on this machine, under one supervisor."""

import logging
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from config import checkups
from config.supervisor import AlreadyRunning, Child, Supervisor, cluster, listener, web
from jobs import dispatch


class Command(BaseCommand):
    """Prepares the database and the static files, then runs the web, both clusters and what listens beside them."""

    help = "Run the web and all workers on this machine, under one supervisor."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the web listens."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: this machine alone)"
        )
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-web", action="store_true", help="workers alone; the web runs elsewhere")

    def handle(self, *args: Any, host: str, port: int, no_web: bool, **options: Any) -> None:
        """Prepare, start, and return once everything has ended."""
        workers = [cluster(name) for name in settings.WORKERS]
        if no_web:
            prepare()
            self.stdout.write("Nightdesk's workers are starting (Ctrl-C stops them)")
            supervise(workers)
            return
        refuse_taken(host, port)
        prepare()
        self.stdout.write(f"Nightdesk is starting on http://{host}:{port}/ (Ctrl-C stops it)")
        supervise([web(host, port), *map(listener, settings.LISTENERS), *workers])


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


def supervise(children: list[Child]) -> None:
    """Run the children until a signal says stop. Raises CommandError if another supervisor holds the folder."""
    logging.getLogger("config").setLevel(logging.INFO)
    supervisor = Supervisor(children, folder=settings.VAR)
    supervisor.obey_signals()
    try:
        supervisor.run()
    except AlreadyRunning as error:
        raise CommandError(str(error)) from error
