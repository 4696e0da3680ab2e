"""What the set-up page is told of Slack."""

import pytest

from integrations.slack.probe import SlackProbe
from tests.emulators.slack import TOKEN, SlackEmulator


def probe(slack: SlackEmulator, token: str = TOKEN, channel: str = "C1") -> SlackProbe:
    return SlackProbe(token, channel, slack.base_url)


def faults(slack: SlackEmulator, **options: str) -> list[str]:
    """What is not good, and what to do."""
    found = probe(slack, **options).look()
    assert all(one.fix for one in found if not one.ok)
    return [one.says for one in found if not one.ok]


def test_a_slack_that_is_in_order(slack: SlackEmulator) -> None:
    found = probe(slack).look()
    assert [(one.ok, one.says) for one in found] == [(True, "nightdesk in Lume"), (True, "In #c1.")]
    assert TOKEN not in repr(found)


def test_a_wrong_token_is_the_only_thing_said(slack: SlackEmulator) -> None:
    assert faults(slack, token="xoxb-other") == ["Slack refuses auth.test: invalid_auth; check SLACK_BOT_TOKEN."]


def test_where_the_app_is_not_is_said(slack: SlackEmulator) -> None:
    slack.add_channel("COUT", member=False)
    slack.add_channel("COLD").archived = True
    assert faults(slack, channel="COUT") == ["The app is not in #cout."]
    assert faults(slack, channel="COLD") == ["#cold is archived."]
    assert "channel_not_found" in faults(slack, channel="C9")[0]


def test_rights_that_are_missing_or_too_wide_are_named(slack: SlackEmulator) -> None:
    slack.scopes -= {"chat:write", "groups:history"}
    assert faults(slack) == ["The app lacks chat:write, to post."]
    slack.scopes |= {"chat:write", "admin.users:write", "emoji:read"}
    assert faults(slack) == ["The app may do more than it needs: admin.users:write, emoji:read."]
    slack.scopes -= {"admin.users:write"}
    said = [one for one in probe(slack).look() if "emoji:read" in one.says]
    assert [(one.ok, bool(one.fix)) for one in said] == [(True, True)]


def test_a_try_leaves_nothing_behind(slack: SlackEmulator) -> None:
    assert [one.ok for one in probe(slack).try_out()] == [True]
    assert not slack.posts("C1")
    assert [seen.req.path for seen in slack.journal] == ["/api/chat.postMessage", "/api/chat.delete"]


@pytest.mark.parametrize("kind", ["drop", "lost"])
def test_a_try_that_fails_says_what_to_look_for(slack: SlackEmulator, kind: str) -> None:
    slack.fault("chat.postMessage", kind)
    (found,) = probe(slack).try_out()
    assert not found.ok
    assert "delete its test message" in found.fix
