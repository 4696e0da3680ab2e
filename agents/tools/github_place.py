"""An issue, a file or the contents of one of the owner's repositories at GitHub, read with a token that only reads.

https://docs.github.com/en/rest/issues/issues#get-an-issue
https://docs.github.com/en/rest/repos/contents#get-repository-content
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import github
import requests
from github import Auth, Github
from github.ContentFile import ContentFile
from github.Issue import Issue
from github.Repository import Repository as Remote

from agents.contracts import Json, ToolError
from agents.tools.places import Repository

API_VERSION = "2022-11-28"
_SECONDS = 15
_MOST_COMMENTS = 50
_MOST_LISTED = 100
_MOST_BYTES = 1_000_000


def read(place: Repository, access: Json) -> tuple[str, str]:
    """(title, text) of the place; raises ToolError with the next step. One attempt a call."""
    try:
        with asking(access) as api:
            remote = api.get_repo(place.full_name)
            if place.issue:
                return _issue(remote.get_issue(place.issue))
            return _file(remote, place) if place.path else _contents(remote, place)
    except github.UnknownObjectException:
        raise ToolError("There is no such thing, or the token may not read it. Name it under gaps.") from None
    except github.GithubException as error:
        raise ToolError(f"GitHub answered {error.status}. Go on without it, and name it under gaps.") from None
    except (requests.RequestException, ValueError):
        raise ToolError("GitHub did not answer. Go on without it, and name it under gaps.") from None


@contextmanager
def asking(access: Json) -> Iterator[Github]:
    """A client with the token that only reads; it tries nothing twice."""
    api = Github(
        auth=Auth.Token(access["token"]),
        base_url=access["base_url"],
        timeout=_SECONDS,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
        api_version=API_VERSION,
        user_agent="Nightdesk",
        lazy=True,
    )
    try:
        yield api
    finally:
        api.close()


def _issue(issue: Issue) -> tuple[str, str]:
    """The issue and what was said of it, each under its author and how they belong to the project."""
    labels = ", ".join(label.name for label in issue.labels)
    head = f"#{issue.number}, {issue.state}" + (f", labels: {labels}" if labels else "")
    said = [head, _signed(issue), str(issue.body or "(no text)")]
    for number, comment in enumerate(issue.get_comments()):
        if number == _MOST_COMMENTS:
            said.append(f"[More than {_MOST_COMMENTS} comments: the rest is left out]")
            break
        said += [_signed(comment), str(comment.body or "")]
    return issue.title, "\n\n".join(said)


def _signed(written: Any) -> str:
    association = str(written.author_association or "unknown").lower()
    return f"{written.user.login} ({association}) wrote at {written.created_at:%Y-%m-%d %H:%M}:"


def _file(remote: Remote, place: Repository) -> tuple[str, str]:
    found = remote.get_contents(place.path, **({"ref": place.ref} if place.ref else {}))
    if isinstance(found, list):
        return f"{place.name}:{place.path}/", _listed(place, found)
    if found.size > _MOST_BYTES or found.encoding != "base64":
        raise ToolError(f"The file is larger than {_MOST_BYTES:,} bytes, or no file of text. Name it under gaps.")
    try:
        return f"{place.name}:{place.path}", found.decoded_content.decode("utf-8")
    except UnicodeDecodeError:
        raise ToolError("The file is no text, so it cannot be read. Name it under gaps.") from None


def _contents(remote: Remote, place: Repository) -> tuple[str, str]:
    """What there is: the files at its top, and the open issues, each by the name that it can be read by."""
    files = remote.get_contents("")
    lines = ["Files:", _listed(place, files if isinstance(files, list) else [files]), "", "Open issues:"]
    issues = remote.get_issues(state="open")
    for number, issue in enumerate(issues):
        if number == _MOST_LISTED:
            lines.append("[and more]")
            break
        lines.append(f"{place.name}#{issue.number}  {issue.title}")
    return place.name, "\n".join(lines)


def _listed(place: Repository, files: list[ContentFile]) -> str:
    return "\n".join(f"{place.name}:{file.path}" + ("/" if file.type == "dir" else "") for file in files)
