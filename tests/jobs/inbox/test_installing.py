"""What the manifest says."""

from jobs.inbox import installing


def test_it_begins_with_the_inbox_and_covers_every_page() -> None:
    told = installing.manifest()
    assert told["id"] == told["start_url"] == "/inbox/"
    assert all(shortcut["url"].startswith(told["scope"]) for shortcut in told["shortcuts"])
