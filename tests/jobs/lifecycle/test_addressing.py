"""What an item says of where its message goes."""

from pytest_django import Settings

from jobs.lifecycle.addressing import sends_to


def test_it_names_every_address_or_that_there_is_none(settings: Settings) -> None:
    settings.CHANNELS_BY = "slack_connect"
    assert sends_to("mail", ["a@example.com", "b@example.com"]) == "Sends to a@example.com, b@example.com"
    assert sends_to("slack_connect", ["C0CLIENT1"]) == "Posts to the client's Slack channel C0CLIENT1"
    for target in ("mail", "slack_connect"):
        assert sends_to(target, []) == "Sends to nobody: the client has no trusted recipient"
