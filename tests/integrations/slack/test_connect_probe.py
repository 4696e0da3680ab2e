"""What the set-up page is told of the channels that clients are written to in."""

from integrations.slack.connect_probe import SlackConnectProbe
from tests.emulators.slack import TOKEN, SlackEmulator


def found(slack: SlackEmulator, token: str = TOKEN, **channels: str) -> list[tuple[bool, str, bool]]:
    probe = SlackConnectProbe(token, "C1", slack.base_url, channels)
    return [(one.ok, one.says, bool(one.fix)) for one in probe.look()]


def test_without_such_clients_there_is_nothing_to_look_at(slack: SlackEmulator) -> None:
    assert found(slack) == [(True, "no client is written to in Slack", False)]
    assert not slack.journal


def test_each_channel_is_looked_at(slack: SlackEmulator) -> None:
    slack.add_channel("C0LUME").shared = True
    slack.add_channel("C0OUT", member=False)
    slack.add_channel("C0OLD").archived = True
    slack.add_channel("C0OWN")
    said = found(slack, Lume="C0LUME", Out="C0OUT", Old="C0OLD", Own="C0OWN", Inbox="C1")
    assert said == [
        (False, "Inbox: C1 is the channel of the inbox.", True),
        (True, "Lume: in #c0lume", False),
        (False, "Old: #c0old is archived.", True),
        (False, "Out: the app is not in #c0out.", True),
        (True, "Own: #c0own is shared with no other workspace.", True),
    ]


def test_a_channel_that_is_not_there_or_a_login_that_is_refused_is_told(slack: SlackEmulator) -> None:
    ((ok, says, has_fix),) = found(slack, Lume="C0GONE")
    assert not ok
    assert has_fix
    assert "channel_not_found" in says
    assert "invalid_auth" in found(slack, token="xoxb-other", Lume="C1LUME")[0][1]


def test_a_try_writes_nothing_where_a_client_reads(slack: SlackEmulator) -> None:
    probe = SlackConnectProbe(TOKEN, "C1", slack.base_url, {"Lume": "C1"})
    assert probe.try_out() == []
    assert not slack.journal
