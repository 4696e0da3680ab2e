"""What GitHub tells of."""

from integrations.github.conditions import Conditions
from integrations.github.events import ACTIONS, FREE


def test_every_event_with_each_of_its_actions_can_be_waited_for() -> None:
    assert len(ACTIONS) >= 75
    for event, actions in ACTIONS.items():
        assert Conditions.read({"event": [event, *[f"{event}.{action}" for action in actions]][:20]})
        assert Conditions.read({"event": event, "action": list(actions)[:20]})
        assert sorted(set(actions)) == list(actions)


def test_an_event_with_a_free_action_is_an_event() -> None:
    assert ACTIONS.keys() >= FREE
