"""Whether the tokens that agents read the owner's own places with can read them, and whether they can do more.

What is tried changes nothing, whatever the token may do: a page that there is not, and a branch on a commit that
there is not, are refused by right only to those who may not write at all.
https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
https://developers.notion.com/reference/capabilities
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import github
import httpx
import requests
from github.Repository import Repository
from notion_client import Client
from notion_client.errors import APIErrorCode, APIResponseError, NotionClientErrorBase

from agents.contracts import Json
from agents.tools import github_place, notion_page

_MINT = "Make a fine-grained token for these repositories alone, with Contents and Issues: read-only."
_CAPABILITIES = "Leave the integration only “Read content” among its capabilities."
_NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Seen:
    """One thing that was found; with a `fix` although it is `ok`, it works with more than it needs."""

    ok: bool
    says: str
    fix: str = ""


def look(places: Json) -> list[Seen]:
    """What the tokens of the connected places may; `places` as the installation gives them to agents."""
    found: list[Seen] = []
    if access := places.get("notion"):
        found += _of_notion(access)
    if access := places.get("github"):
        found += _of_github(access)
    return found


def _of_notion(access: Json) -> list[Seen]:
    try:
        with notion_page.asking(access) as client:
            me: Any = client.request(path="users/me", method="GET")
            name = (me.get("bot") or {}).get("workspace_name") or "a workspace"
            return [Seen(ok=True, says=f"Notion: pages of {name} can be read."), *_too_wide_at_notion(client)]
    except APIResponseError as error:
        if error.code == APIErrorCode.Unauthorized:
            return [Seen(ok=False, says="Notion does not take NOTION_READ_TOKEN.", fix="Copy the token anew.")]
        return [Seen(ok=False, says=f"Notion answered {error.status}.", fix="Try again later.")]
    except (NotionClientErrorBase, httpx.HTTPError, ValueError):
        return [Seen(ok=False, says="Notion did not answer.", fix="Look whether it can be reached from here.")]


def _too_wide_at_notion(client: Client) -> Iterator[Seen]:
    try:
        client.request(path=f"pages/{uuid.uuid4()}", method="PATCH", body={"properties": {}})
    except APIResponseError as error:
        if error.code == APIErrorCode.RestrictedResource:
            return
    yield Seen(ok=True, says="NOTION_READ_TOKEN may change pages, too.", fix=_CAPABILITIES)


def _of_github(access: Json) -> list[Seen]:
    try:
        with github_place.asking(access) as api:
            found = list(_of_its_owner(api))
            for name, there in access["repositories"].items():
                found += _of_repository(api, name, there)
            return found
    except github.BadCredentialsException:
        return [Seen(ok=False, says="GitHub does not take GITHUB_READ_TOKEN.", fix=_MINT)]
    except github.GithubException as error:
        return [Seen(ok=False, says=f"GitHub answered {error.status}.", fix="Try again later.")]
    except (requests.RequestException, ValueError):
        return [Seen(ok=False, says="GitHub did not answer.", fix="Look whether it can be reached from here.")]


def _of_its_owner(api: github.Github) -> Iterator[Seen]:
    login, scopes = api.get_user().login, [scope for scope in api.oauth_scopes or [] if scope]
    yield Seen(ok=True, says=f"GitHub: known as {login}.")
    if scopes:
        yield Seen(ok=True, says=f"GITHUB_READ_TOKEN is a classic one that may: {', '.join(scopes)}.", fix=_MINT)


def _of_repository(api: github.Github, name: str, there: str) -> Iterator[Seen]:
    remote = api.get_repo(there)
    for right, read in (("Contents", _files), ("Issues", _issues)):
        try:
            read(remote)
        except github.UnknownObjectException:
            yield Seen(ok=False, says=f"{name} ({there}) is not there for GITHUB_READ_TOKEN.", fix=_MINT)
            return
        except github.GithubException as error:
            if error.status != 403:
                raise
            yield Seen(ok=False, says=f"GITHUB_READ_TOKEN lacks {right}: read in {name} ({there}).", fix=_MINT)
    if _may_write(remote):
        yield Seen(ok=True, says=f"GITHUB_READ_TOKEN may write to {name} ({there}), too.", fix=_MINT)


def _files(remote: Repository) -> None:
    remote.get_contents("")


def _issues(remote: Repository) -> None:
    try:
        remote.get_issues(state="open").get_page(0)
    except github.GithubException as error:
        if error.status != 410:  # a repository whose issues are switched off
            raise


def _may_write(remote: Repository) -> bool:
    try:
        remote.create_git_ref(ref="refs/heads/nightdesk-probe", sha=_NO_COMMIT)
    except github.GithubException as error:
        return error.status == 422
    return True
