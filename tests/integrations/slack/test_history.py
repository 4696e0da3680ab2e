"""Reading what stands in a channel: page by page, with marks, and never half of it for the whole."""

import pytest

from integrations.contracts import DeliveryError
from integrations.slack import history
from integrations.slack.client import SlackApi
from tests.emulators.slack import TOKEN, SlackEmulator


def api(slack: SlackEmulator) -> SlackApi:
    return SlackApi(TOKEN, slack.base_url)


def test_all_pages_are_read_the_newest_first(slack: SlackEmulator) -> None:
    slack.page = 2
    for number in range(5):
        slack.write("C1", str(number))
    assert [one["text"] for one in history.messages(api(slack), "C1", oldest=0)] == ["4", "3", "2", "1", "0"]


def test_what_is_too_long_is_refused_only_where_all_of_it_is_wanted(
    slack: SlackEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_PAGES", 2)
    slack.page = 2
    for number in range(5):
        slack.write("C1", str(number))
    assert len(list(history.messages(api(slack), "C1", oldest=0))) == 4
    with pytest.raises(DeliveryError, match="more messages"):
        list(history.messages(api(slack), "C1", oldest=0, to_the_end=True))


def test_a_mark_is_told_from_those_of_other_kinds_and_apps() -> None:
    marked = {"metadata": {"event_type": "nightdesk", "event_payload": {"key": "k"}}}
    assert history.mark(marked, "nightdesk") == {"key": "k"}
    assert history.mark(marked, "nightdesk_message") == history.mark({}, "nightdesk") == {}


def test_without_a_link_it_is_there_all_the_same(slack: SlackEmulator) -> None:
    ts = slack.write("C1", "Hello")["ts"]
    assert history.landed(api(slack), "C1", ts).url.startswith("https://lume.slack.com/")
    slack.fault("chat.getPermalink", "drop")
    assert history.landed(api(slack), "C1", ts).model_dump() == {
        "external_id": f"C1:{ts}",
        "url": "",
        "detail": "",
        "merge": None,
    }
