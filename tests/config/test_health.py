"""Whether this process can serve."""

import json
import os
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

ROOT = Path(__file__).parent.parent.parent
_ASK = """
import django, json
django.setup()
from django.test import Client
answer = Client(headers={"host": "127.0.0.1"}).get("/healthz")
print(json.dumps([answer.status_code, answer.json()]))
"""


@pytest.mark.django_db
def test_anybody_is_told_that_the_database_answers(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (HTTPStatus.OK, {"status": "ok"})


@pytest.mark.django_db
def test_a_look_asks_one_question(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        client.get("/healthz")


def test_a_database_that_does_not_answer_is_told_without_its_address(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name.startswith(("PATH", "HOME", "COVERAGE"))},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "NIGHTDESK_ROLE": "test",
        "NIGHTDESK_VAR": str(tmp_path),
        "DATABASE_URL": "postgresql://somebody:hidden@127.0.0.1:1/nowhere",
    }
    done = subprocess.run(
        [sys.executable, "-c", _ASK], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [HTTPStatus.SERVICE_UNAVAILABLE, {"status": "no database"}]
