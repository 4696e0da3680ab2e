"""How Nightdesk is known to GitHub: by a token, or as an App that mints one for one repository and one hour."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from github import Auth, Github, GithubIntegration

from integrations.branches.work import refuse_unless
from integrations.github.refusals import asking
from integrations.words import _

API_VERSION = "2022-11-28"
_SECONDS = 15
# What a delivery needs; "workflows" is asked for only where the owner lets agents change them.
NEEDS = {"contents": "write", "pull_requests": "write"}


class Access(Protocol):
    """Where a token for one repository comes from."""

    @property
    def renews(self) -> bool:
        """Whether another one can be had when this one is refused."""
        ...

    def token(self, full_name: str, *, may_change_ci: bool = False) -> str:
        """A token that may push to owner/name and open pull requests there. Raises DeliveryError."""
        ...


@dataclass(frozen=True)
class Client:
    """What every client of GitHub's API is made with. `pause` seconds lie between two writes."""

    base_url: str
    pause: float = 1.0

    def options(self) -> dict[str, Any]:
        """One attempt, no sleep: the queue knows better when to come again."""
        return {
            "base_url": self.base_url,
            "timeout": _SECONDS,
            "retry": None,
            "seconds_between_requests": self.pause / 4,
            "seconds_between_writes": self.pause,
            "api_version": API_VERSION,
            "user_agent": "Nightdesk",
        }

    def by(self, token: str) -> Github:
        """The API as the holder of this token sees it."""
        return Github(auth=Auth.Token(token), **self.options())


@dataclass(frozen=True)
class PersonalToken:
    """A fine-grained or classic token, as it is."""

    secret: str = field(repr=False)
    renews: bool = False

    def token(self, full_name: str, *, may_change_ci: bool = False) -> str:
        """The one there is."""
        refuse_unless(bool(self.secret), "There is no login for GitHub: set GITHUB_TOKEN, or an App, then retry.")
        return self.secret


class App:
    """An App: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app"""

    renews = True

    def __init__(self, app_id: str, key: str, client: Client) -> None:
        self._api = GithubIntegration(auth=Auth.AppAuth(app_id, key), **client.options())
        self._installations: dict[str, int] = {}

    def token(self, full_name: str, *, may_change_ci: bool = False) -> str:
        """A new one, for this repository alone. Raises DeliveryError."""
        permissions = NEEDS | ({"workflows": "write"} if may_change_ci else {})
        return str(self.mint(full_name, permissions)["token"])

    def mint(self, full_name: str, permissions: dict[str, str]) -> dict[str, Any]:
        """A token with exactly these permissions, as GitHub tells of it. Raises DeliveryError.

        https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
        """
        wanted = {"permissions": permissions, "repositories": [full_name.partition("/")[2]]}
        path = f"/app/installations/{self._installation(full_name)}/access_tokens"
        with asking(_("the token of this App"), writes=False):
            _headers, made = self._api.requester.requestJsonAndCheck("POST", path, input=wanted)
        return dict(made)

    def _installation(self, full_name: str) -> int:
        if full_name not in self._installations:
            with asking(_("whether the App is installed on {name}").format(name=full_name), writes=False):
                owner, _slash, name = full_name.partition("/")
                self._installations[full_name] = self._api.get_repo_installation(owner, name).id
        return self._installations[full_name]


def access(client: Client, *, token: str = "", app_id: str = "", app_key: str = "") -> Access:
    """By the App where there is one, else by the token."""
    return App(app_id, app_key, client) if app_id and app_key else PersonalToken(token)
