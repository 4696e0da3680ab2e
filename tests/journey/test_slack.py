"""From a slash command to a mail that was approved in Slack, without a public address, through real processes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.slack import APP_TOKEN, TOKEN, Json, SlackEmulator
from tests.emulators.slack_people import People
from tests.house import SIZES, House, built

pytestmark = [pytest.mark.services, pytest.mark.long]

BRIEF = "Please draft a short article about three winter tours, and tell us in a mail when it is ready."
_RULE = """
from jobs.models import Client, Trigger
Trigger.objects.create(
    slug="slack", name="slack", source="slack", client=Client.objects.get(), priority=1, brief_template="{text}"
)
"""


@pytest.fixture
def slack() -> Iterator[SlackEmulator]:
    emulator = SlackEmulator().start()
    emulator.add_channel("C1")
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture(params=SIZES)
def house(request: pytest.FixtureRequest, slack: SlackEmulator, tmp_path: Path) -> Iterator[House]:
    """A running house of each size that has no public address and is known to this Slack."""
    settings = {
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_CHANNEL": "C1",
        "SLACK_APPROVERS": "U1=owner",
        "SLACK_BASE_URL": slack.base_url,
    }
    with built(tmp_path / "var", request.param, **settings) as one:
        one.start()
        one.set_up()
        one.manage("shell", "--no-imports", "-c", _RULE)
        slack.socket.wait_for_connection(seconds=60)
        yield one


def texts(slack: SlackEmulator) -> list[str]:
    return [one["text"] for one in slack.posts("C1")]


def waiting(slack: SlackEmulator) -> Json | None:
    """The message with a button that approves something."""
    return next((one for one in slack.posts("C1") if "review.approve" in str(one["blocks"])), None)


def test_from_a_command_to_an_approved_mail(house: House, slack: SlackEmulator) -> None:
    people = People(slack)
    said = dict(people.command(BRIEF))
    for _ in range(2):
        heard = slack.socket.send("slash_commands", said)
        assert (heard.payload or {})["text"].startswith("Accepted: <http")
    assert house.rows("SELECT count(*) FROM jobs_job") == [(1,)]
    message = house.wait_for("the message to approve", lambda: waiting(slack))
    assert message
    pressed: dict[str, Any] = people.pressed(message, "review.approve")
    slack.socket.send("interactive", pressed)
    house.wait_for("the end of the job", lambda: any(text.startswith("Done: ") for text in texts(slack)))
    assert house.counts("jobs_job") == {"completed": 1}
    assert len(slack.posts("C1")) == 2, "a message for the job and one for its decision"
    assert any("Approved by owner" in str(one["blocks"]) for one in slack.posts("C1"))
    assert house.rows("SELECT actor FROM jobs_event WHERE name = 'review.approved'") == [("slack:U1",)]


def test_each_process_holds_its_own_part_of_slack(house: House) -> None:
    for pid in house.pids(having="NIGHTDESK_ROLE=agents"):
        assert b"xoxb-" not in Path(f"/proc/{pid}/environ").read_bytes()
    for role in ("web", "deliveries"):
        (pid, *_) = house.pids(having=f"NIGHTDESK_ROLE={role}")
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"xoxb-" in environment
        assert b"xapp-" not in environment
