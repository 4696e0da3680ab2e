"""Every example payload that GitHub publishes, through the real view: kept once, answered well, opened once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from integrations.github.conditions import Conditions
from integrations.github.events import ACTIONS, FREE
from integrations.github.payloads import extract
from integrations.github.source import GitHubSource
from jobs.lifecycle import arrival
from jobs.models import Job, Receipt, Trigger
from tests.integrations.github import test_source
from tests.integrations.github.examples import Example, Missing, load

THREADS = 20
TIMES = 3


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    """All of them; without npm or its registry, nothing here can be tried."""
    try:
        found = load()
    except Missing as reason:
        pytest.skip(f"GITHUB'S EXAMPLES WERE NOT TRIED: {reason}")
    assert len(found) == 329
    return found


def test_every_example_is_read_into_a_line_and_values_that_a_database_takes(examples: list[Example]) -> None:
    for example in examples:
        request = test_source.TestGitHub().request(example.body, event=example.delivery, kind=example.event)
        incoming = GitHubSource().parse(request)
        assert incoming.kind.startswith(example.event)
        assert incoming.summary.startswith((str(incoming.data["repository"] or "GitHub"), "GitHub"))
        assert len(incoming.summary) > len(str(incoming.data["repository"]))
        assert incoming.data["text"]
        assert incoming.sender or example.event == "security_advisory"
        assert incoming.data["url"].startswith(("https://", "http://")) or not incoming.data["repository"]


def test_every_example_is_of_an_event_and_an_action_that_a_rule_can_name(examples: list[Example]) -> None:
    for example in examples:
        action = example.payload.get("action", "")
        named = f"{example.event}.{action}" if action else example.event
        wanted = Conditions.read({"event": named, "author_association": "ANY"})
        assert wanted.are_met_by(extract(example.event, "d", example.payload).data)
        assert not action or action in ACTIONS[example.event] or example.event in FREE


@pytest.mark.django_db(transaction=True)
def test_twenty_senders_at_once_lose_and_double_nothing(
    examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What waits in the spool where a machine is busy is another test's: here each answer names its receipt.
    monkeypatch.setattr(arrival, "PATIENCE_SECONDS", 60.0)
    wanted = {"event": ["issues", "pull_request", "workflow_run", "check_run"], "author_association": "ANY"}
    Trigger.objects.create(name="All", slug="all", source="github", conditions=wanted, brief_template="{summary}")
    asked = [example for example in examples if example.event in wanted["event"]]
    answers = posted([example for example in examples for _ in range(TIMES)])

    assert len(answers) == len(examples) * TIMES
    assert {status for _, status, _ in answers} == {200, 202}
    first = [delivery for delivery, status, _ in answers if status == 202]
    assert sorted(first) == sorted(example.delivery for example in examples)
    kept = dict(Receipt.objects.values_list("external_id", "pk"))
    assert kept.keys() == set(first)
    assert Receipt.objects.count() == len(examples)
    assert all(answer["receipt"] == kept[delivery] for delivery, _, answer in answers)
    assert Receipt.objects.exclude(problems={}).count() == 0
    opened = Job.objects.values_list("receipt__external_id", flat=True)
    assert sorted(opened) == sorted(example.delivery for example in asked)


def posted(deliveries: list[Example]) -> list[tuple[str, int, Any]]:
    """The id, the status and the answer of each, sent in random order by all threads at once."""
    random.shuffle(deliveries)
    waiting: SimpleQueue[Example] = SimpleQueue()
    for delivery in deliveries:
        waiting.put(delivery)
    start = threading.Barrier(THREADS)

    def send() -> list[tuple[str, int, Any]]:
        browser, heard = Browser(), []
        start.wait()
        try:
            while True:
                example = waiting.get_nowait()
                sent = test_source.TestGitHub().request(example.body, event=example.delivery, kind=example.event)
                response = browser.post(
                    sent.path, sent.body, content_type="application/json", headers=dict(sent.headers)
                )
                heard.append((example.delivery, response.status_code, response.json()))
        except Empty:
            return heard
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        return [answer for part in threads.map(lambda _: send(), range(THREADS)) for answer in part]
