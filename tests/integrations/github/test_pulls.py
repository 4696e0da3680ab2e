from integrations.github.access import Client
from integrations.github.pulls import Desk
from tests.emulators.github import TOKEN
from tests.emulators.github_places import Pull
from tests.integrations.branches.patches import UID
from tests.integrations.github.world import NAME, World, hub

__all__ = ["hub"]
HEAD = f"agent/{UID}"


def desk(hub: World, *labels: str) -> Desk:
    return Desk.at(Client(hub.github.url, 0.0).by(TOKEN), NAME, labels)


def test_only_the_branchs_own_pull_requests_count(hub: World) -> None:
    hub.owned.commit({"a": "b"}, branch=HEAD)
    hub.owned.commit({"b": "c"}, branch="other")
    hub.place.pulls += [
        Pull(number, "t", "<!-- nightdesk:k -->", "other", "main", "mona") for number in range(1, 70)
    ]
    assert desk(hub).told(HEAD, "k") is None
    made = desk(hub).open(HEAD, title="t", body="<!-- nightdesk:k -->")
    assert made.number == 70
    found = desk(hub).told(HEAD, "k")
    assert found is not None
    assert found.number == 70
    assert desk(hub).open(HEAD, title="u", body="").number == 70


def test_only_labels_that_are_missing_are_added(hub: World) -> None:
    hub.owned.commit({"a": "b"}, branch=HEAD)
    made = desk(hub).open(HEAD, title="t", body="")
    hub.pull.labels = ["mine", "nightdesk"]
    again = desk(hub).open(HEAD, title="t", body="")
    before = len(hub.writes())
    desk(hub, "nightdesk").label(again)
    assert len(hub.writes()) == before
    desk(hub, "nightdesk", "night").label(again)
    assert hub.pull.labels == ["mine", "nightdesk", "night"]
    assert made.number == again.number


def test_a_report_is_made_once(hub: World) -> None:
    hub.owned.commit({"a": "b"}, branch=HEAD)
    made = desk(hub).open(HEAD, title="t", body="")
    for _ in range(2):
        desk(hub).report(made, "k", "Revised. <!-- nightdesk:k -->")
    assert len(hub.pull.comments) == 1
