"""Slack without a public address: the same door, behind a connection that is opened from here."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from integrations import slack_socket
from jobs.models import Job, Receipt
from tests.emulators.slack import APP_TOKEN, BOT_USER, SlackEmulator
from tests.emulators.slack_people import People, envelope
from tests.jobs.conftest import a_rule

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def listening(slack: SlackEmulator) -> Iterator[None]:
    """A process that listens, as a thread."""
    stopped = threading.Event()
    arguments = {"app_token": APP_TOKEN, "base_url": slack.base_url, "until": stopped}
    thread = threading.Thread(target=slack_socket.listen, kwargs=arguments)
    thread.start()
    try:
        slack.socket.wait_for_connection()
        yield
    finally:
        stopped.set()
        thread.join(10)
        assert not thread.is_alive()


def test_commands_and_events_come_by_the_socket(slack: SlackEmulator, people: People) -> None:
    a_rule("slack", source="slack")
    with listening(slack):
        told = slack.socket.send("slash_commands", dict(people.command("look at the menu")))
        event = {**slack.write("C1", f"<@{BOT_USER}> and at the wine"), "type": "app_mention", "channel": "C1"}
        answers = [slack.socket.send("events_api", envelope(event, "Ev1"), retry_attempt=n) for n in range(3)]
    assert (told.payload or {})["text"].startswith("Accepted: <http")
    assert [answer.payload for answer in answers] == [None] * 3
    assert sorted(Job.objects.values_list("brief", flat=True)) == ["and at the wine", "look at the menu"]


def test_what_is_not_understood_is_acknowledged_and_keeps_nothing_up(slack: SlackEmulator, people: People) -> None:
    a_rule("slack", source="slack")
    with listening(slack):
        slack.socket.send("moon", {"type": "moon"})
        slack.socket.send("slash_commands", dict(people.command("look")))
    assert (Receipt.objects.count(), Job.objects.count()) == (1, 1)


def test_a_refused_token_is_told_and_no_connection_is_tried_for_ever(slack: SlackEmulator) -> None:
    with pytest.raises(slack_socket.NotConnected, match="SLACK_APP_TOKEN: invalid_auth"):
        slack_socket.listen(app_token="xapp-other", base_url=slack.base_url, until=threading.Event())
    assert "xapp" not in repr(slack_socket.NotConnected("x"))


def test_a_slack_that_is_down_is_asked_again(
    slack: SlackEmulator, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_socket, "_FIRST_PAUSE", 0.01)
    slack.fault("apps.connections.open", "drop")
    slack.fault("apps.connections.open", "status", status=500, raw=b"<html>", ctype="text/html")
    with listening(slack):
        slack.socket.send("events_api", envelope({**slack.write("C1", "x"), "channel": "C1"}))
    assert Receipt.objects.count() == 1
