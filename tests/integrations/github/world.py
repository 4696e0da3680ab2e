"""GitHub on loopback with one repository of the owner's, and the target that works in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from integrations.github.target import GitHubTarget
from tests.emulators.github import TOKEN, GitHubEmulator
from tests.emulators.github_places import Place, Pull
from tests.emulators.kit import Req
from tests.repositories import Owned, an_owned

FILES: dict[str, str | bytes] = {"menu.py": "PRICE = 14\n", "logo.bin": bytes(range(64))}
NAME = "acme/shop"


@dataclass
class World:
    """`github` is the service, `place` its one repository, `owned` the bare repository behind it."""

    folder: Path
    github: GitHubEmulator
    owned: Owned
    place: Place
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def pull(self) -> Pull:
        """The only pull request there is."""
        (found,) = self.place.pulls
        return found

    def target(self, **changes: Any) -> GitHubTarget:
        """A new instance, as another process would make it."""
        values = {
            "repositories": {"shop": f"{self.github.url}/{NAME}.git", "site": "/srv/git/site.git"},
            "workdir": self.folder / "work",
            "token": TOKEN,
            "base_url": self.github.url,
            "pause": 0.0,
        }
        return GitHubTarget(**{**values, **self.options, **changes})

    def writes(self) -> list[Req]:
        """The calls of the API that change something, in order."""
        calls = [seen.req for seen in self.github.journal]
        return [
            req
            for req in calls
            if req.method != "GET" and not req.path.startswith("/app") and ".git/" not in req.path
        ]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[World]:
    """Fails at its end if GitHub was asked for anything that it does not know, or git for what it must not have."""
    owned = an_owned(tmp_path, FILES)
    github = GitHubEmulator().start()
    place = github.add_repository(NAME, owned)
    try:
        yield World(tmp_path, github, owned, place)
    finally:
        github.stop()
    assert not github.bugs()
    assert place.repo.refused == []
