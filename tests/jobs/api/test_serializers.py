"""What is shown of each noun: no more and no less than was promised."""

from typing import Any

import pytest

from jobs.api import serializers as outputs
from jobs.lifecycle.job import open_job
from jobs.models import Client

pytestmark = pytest.mark.django_db


def test_a_job_without_a_client_has_none() -> None:
    shown: Any = outputs.JobOut(open_job(title="", brief="Write it.", by="test")).data
    assert (shown["client"], shown["trigger"], shown["title"]) == (None, None, "Write it.")


def test_a_clients_notes_stay_in_the_house(trattoria: Client) -> None:
    assert set(outputs.ClientOut(trattoria).data) == {"slug", "name", "recipients", "slack_channel", "created_at"}
