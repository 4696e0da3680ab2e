"""manage.py slack_socket: Slack without a public address."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations import slack_socket
from integrations.slack.source import SlackSource


class Command(BaseCommand):
    """Holds the connection by which Slack brings commands, events and interactions."""

    help = "Take in what comes from Slack without a public address (Socket Mode), until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen, and return once a signal says so."""
        desk = settings.DESKS[SlackSource.slug]
        if not desk["app_token"]:
            raise CommandError("Set SLACK_APP_TOKEN to an app-level token (xapp-…) with connections:write.")
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        try:
            slack_socket.listen(app_token=desk["app_token"], base_url=desk["base_url"], until=stopped)
        except slack_socket.NotConnected as error:
            raise CommandError(str(error)) from error
