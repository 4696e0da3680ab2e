"""What Slack sends is kept before it is answered, and becomes each job once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client as Browser

from jobs.lifecycle import arrival
from jobs.models import Job, Receipt, Trigger
from tests.emulators.slack import BOT_USER, SlackEmulator
from tests.emulators.slack_people import People, mention
from tests.jobs.conftest import a_rule, together

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule() -> Trigger:
    """Whatever is said in Slack becomes a job."""
    return a_rule("slack", source="slack", brief_template="{text}")


def test_a_command_becomes_a_job_and_its_giver_is_told(rule: Trigger, people: People) -> None:
    heard = people.slash("look at the <!channel> menu")
    job = Job.objects.get()
    assert (job.brief, job.trigger, job.data["user"]) == ("look at the @channel menu", rule, "U1")
    said = heard.json()
    assert (heard.status, said["response_type"]) == (200, "ephemeral")
    assert said["text"] == f"Accepted: <http://127.0.0.1:8000/jobs/{job.uid}/|look at the @channel menu>"


def test_a_mention_is_one_job_although_two_events_tell_of_it(rule: Trigger, people: People) -> None:
    assert people.say(f"<@{BOT_USER}> look at the menu").status == 200
    assert (Receipt.objects.count(), Job.objects.get().brief) == (1, "look at the menu")


def test_a_message_counts_in_the_chosen_channel_alone(rule: Trigger, people: People) -> None:
    people.slack.add_channel("C2")
    people.say("look at the menu", channel="C2")
    assert not Job.objects.exists()
    people.say("look at the menu")
    assert Job.objects.get().data["channel"] == "C1"


def test_retries_are_one_job(rule: Trigger, people: People, slack: SlackEmulator) -> None:
    event = {**slack.write("C1", "look at the menu"), "channel": "C1"}
    answers = [people.event(event, event_id="Ev1", retry=number).status for number in range(4)]
    body = "&".join(f"{name}={value}" for name, value in people.command("look").items()).encode()
    answers += [people.post("commands", body).status for _ in range(3)]
    assert answers == [200] * 7
    assert (Receipt.objects.count(), Job.objects.count()) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_retries_at_the_same_moment_are_one_job(rule: Trigger, people: People, slack: SlackEmulator) -> None:
    event = {**slack.write("C1", f"<@{BOT_USER}> look"), "channel": "C1"}
    answers = together(6, lambda: people.event(mention(event, "C1"), event_id="Ev1").status)
    assert answers == [200] * 6
    assert (Receipt.objects.count(), Job.objects.count()) == (1, 1)


def test_who_is_not_on_the_list_opens_nothing_and_hears_why(rule: Trigger, people: People) -> None:
    heard = people.slash("pay everybody", user="U9")
    assert "U9 may not ask for work" in heard.json()["text"]
    people.say(f"<@{BOT_USER}> pay everybody", user="U9")
    assert not Job.objects.exists()
    assert {row.outcome for row in Receipt.objects.all()} == {"ignored"}


def test_our_own_words_and_those_of_bots_open_nothing(rule: Trigger, people: People) -> None:
    people.event({**people.slack.write("C1", "Accepted", user=BOT_USER), "channel": "C1"})
    people.event({**people.slack.write("C1", "Build failed"), "channel": "C1", "bot_id": "B7"})
    assert not Job.objects.exists()
    assert Receipt.objects.filter(outcome="ignored").count() == 2


def test_a_command_that_no_rule_waits_for_says_so(people: People) -> None:
    said = people.slash("look at the menu").json()["text"]
    assert "No rule waits for this" in said
    assert f"/receipts/{Receipt.objects.get().pk}/" in said


def test_a_rule_that_cannot_be_filled_says_why(people: People) -> None:
    a_rule("slack", source="slack", brief_template="{moon}")
    assert "The rule names {moon}" in people.slash("look").json()["text"]
    assert Receipt.objects.get().outcome == "fault"


def test_slack_s_question_is_answered(people: People) -> None:
    heard = people.post("events", b'{"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}')
    assert heard.json() == {"challenge": "3eZbrw1aB"}


@pytest.mark.parametrize("part", ["", "commands/", "events/", "interactions/"])
def test_each_address_takes_what_is_sent_there(people: People, part: str) -> None:
    assert Browser().post(f"/hooks/slack/{part}", b"{}", content_type="application/json").status_code == 401
    assert Browser().get(f"/hooks/slack/{part}").status_code == 405
    assert Browser().post(f"/hooks/slack/{part}", b" " * 1_000_001, content_type="text/plain").status_code == 413


def test_what_was_changed_on_its_way_or_is_old_is_refused(rule: Trigger, people: People) -> None:
    assert people.post("commands", b"text=a", tampered=b"text=b").status == 401
    assert people.post("commands", b"text=a", at=time.time() - 301).status == 401
    assert people.post("events", b'{"type": "moon"}').status == 400
    assert not Receipt.objects.exists()


def test_without_a_secret_nothing_is_believed(people: People, settings: Any) -> None:
    settings.SOURCE_SECRETS = {"slack": []}
    assert people.slash("look").status == 401


@contextmanager
def written_elsewhere(seconds: float) -> Iterator[None]:
    """Another connection writes for so long, and holds all that a writer holds."""
    ready = threading.Event()

    def hold() -> None:
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                if other.vendor == "postgresql":
                    other.set_autocommit(False)
                    cursor.execute("UPDATE jobs_trigger SET name = name")
                else:
                    cursor.execute("BEGIN IMMEDIATE")
                ready.set()
                threading.Event().wait(seconds)
        finally:
            other.close()

    writer = threading.Thread(target=hold)
    writer.start()
    ready.wait()
    try:
        yield
    finally:
        writer.join()


@pytest.mark.django_db(transaction=True)
def test_slack_is_answered_in_time_while_a_writer_holds_the_database(rule: Trigger, people: People) -> None:
    """An answer that takes Slack's three seconds is a failure of `people` themselves."""
    with written_elsewhere(2.0):
        heard = people.slash("look at the menu")
        people.say("and at the wine list")
    assert heard.json()["text"].startswith("Accepted")
    arrival.take_in()
    assert Job.objects.count() == 2
    connection.close()
