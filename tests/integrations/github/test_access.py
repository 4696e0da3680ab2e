from github import Auth

from integrations.github.access import App, Client, PersonalToken, access
from tests.emulators.github_logins import APP_ID
from tests.integrations.github.world import NAME, World, hub

__all__ = ["hub"]


def test_an_app_goes_before_a_token_and_half_an_app_is_none(hub: World) -> None:
    client = Client(hub.github.url, 0.0)
    key = hub.github.logins.app_key
    assert isinstance(access(client, token="t", app_id=APP_ID, app_key=key), App)
    assert isinstance(access(client, token="t", app_id=APP_ID), PersonalToken)


def test_the_installation_is_looked_up_once_and_each_token_is_new(hub: World) -> None:
    app = App(APP_ID, hub.github.logins.app_key, Client(hub.github.url, 0.0))
    assert app.token(NAME) != app.token(NAME)
    asked = [seen.req.path for seen in hub.github.journal]
    assert asked.count(f"/repos/{NAME}/installation") == 1
    assert len(asked) == 3


def test_no_secret_shows_in_a_representation() -> None:
    assert "hunter2" not in repr(PersonalToken("hunter2"))
    assert Client("https://api.github.com").options()["retry"] is None
    assert "hunter2" not in repr(Auth.Token("hunter2"))
