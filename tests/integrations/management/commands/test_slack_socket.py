"""manage.py slack_socket: what it needs, and that a signal ends it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.emulators.slack import APP_TOKEN, SlackEmulator
from tests.waiting import PATIENCE

MANAGE = Path(__file__).parents[4] / "manage.py"


def test_without_a_token_it_says_which_one_is_missing(settings: Settings) -> None:
    settings.DESKS = {"slack": {"app_token": "", "base_url": "http://127.0.0.1:9/api"}}
    with pytest.raises(CommandError, match=r"SLACK_APP_TOKEN .*connections:write"):
        call_command("slack_socket")


@pytest.mark.services
def test_it_listens_until_it_is_told_to_stop(slack: SlackEmulator, tmp_path: Path) -> None:
    environment = os.environ | {
        "NIGHTDESK_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_BASE_URL": f"{slack.url}/api",
    }
    process = subprocess.Popen([sys.executable, str(MANAGE), "slack_socket"], env=environment)
    try:
        slack.socket.wait_for_connection(seconds=PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
