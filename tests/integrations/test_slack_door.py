"""The door itself: the same for an event that came over HTTP and one that came by Socket Mode."""

import json

import pytest

from integrations import slack_door
from integrations.contracts import Malformed, RawRequest
from jobs.lifecycle import intake
from jobs.models import Job, Receipt
from tests.emulators.slack_people import People
from tests.integrations.slack.test_source import envelope, form, message
from tests.jobs.conftest import a_rule

pytestmark = pytest.mark.django_db


def raw(payload: object) -> RawRequest:
    """A payload as an envelope of Socket Mode brings it."""
    headers = {"content-type": "application/json"}
    return RawRequest(method="POST", path="", headers=headers, body=json.dumps(payload).encode())


def test_a_command_is_one_job_whichever_way_it_comes(people: People) -> None:
    a_rule("slack", source="slack")
    command = people.command("look at the menu")
    first = slack_door.hear(form(command), intake.candidates("slack"))
    again = slack_door.hear(raw(command), intake.candidates("slack"))
    assert first == again
    assert (Receipt.objects.count(), Job.objects.count()) == (1, 1)


def test_an_event_needs_no_words_and_what_is_not_slack_s_is_refused(people: People) -> None:
    assert slack_door.hear(raw(envelope(message())), []) is None
    assert Receipt.objects.get().outcome == "unmatched"
    with pytest.raises(Malformed):
        slack_door.hear(raw({"type": "moon"}), [])
