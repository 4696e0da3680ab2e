"""What a rule may ask of a GitHub event, each condition a value or a list of values."""

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from integrations.contracts import Frozen, Json
from integrations.github.events import ACTIONS, FREE

Association = Literal[
    "OWNER",
    "MEMBER",
    "COLLABORATOR",
    "CONTRIBUTOR",
    "FIRST_TIME_CONTRIBUTOR",
    "FIRST_TIMER",
    "MANNEQUIN",
    "NONE",
    "ANY",
]
# How a run, a check, a status or a deployment ends; what a review says; what became of a pull request.
Conclusion = Literal[
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
    "error",
    "pending",
    "queued",
    "in_progress",
    "inactive",
    "approved",
    "changes_requested",
    "commented",
    "dismissed",
    "merged",
    "unmerged",
]

_INSIDERS: list[Association] = ["OWNER", "MEMBER", "COLLABORATOR"]
_PHRASES = {
    "issues.labeled": "An issue gets a label",
    "issues.opened": "An issue is opened",
    "issue_comment.created": "Somebody comments on an issue or a pull request",
    "pull_request.opened": "A pull request is opened",
    "pull_request.labeled": "A pull request gets a label",
    "pull_request.closed": "A pull request is closed",
    "pull_request_review.submitted": "A pull request is reviewed",
    "push": "Commits are pushed",
    "release.published": "A release is published",
    "workflow_run.completed": "A workflow ends",
}
# The events of which GitHub says how their author belongs to the project.
_WRITTEN = {
    "commit_comment",
    "discussion",
    "discussion_comment",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
}
_MOST = 20


def _listed(value: Any) -> Any:
    """A single value is a list of one."""
    return [value] if isinstance(value, str) else value


_Names = Annotated[list[str], BeforeValidator(_listed), Field(max_length=_MOST)]


class Conditions(Frozen):
    """Which events a rule is for. Whoever is not of the project opens nothing unless the rule says so.

    `event` is "issues" or, with its action, "issues.labeled"; `repository` and `branch` may hold a `*`.
    """

    event: Annotated[_Names, Field(min_length=1)]
    action: _Names = []
    repository: _Names = []
    label: _Names = []
    branch: _Names = []
    author_association: Annotated[list[Association], BeforeValidator(_listed), Field(min_length=1)] = _INSIDERS
    conclusion: Annotated[list[Conclusion], BeforeValidator(_listed)] = []

    @classmethod
    def read(cls, conditions: Json) -> Self:
        """The conditions of a rule; raises ValueError saying in a line what is wrong, and which names there are."""
        try:
            return cls.model_validate(conditions)
        except ValidationError as error:
            raise ValueError(" ".join(_problem(fault) for fault in error.errors()[:5])) from error

    @field_validator("event")
    @classmethod
    def _events_are_known(cls, events: list[str]) -> list[str]:
        for one in events:
            event, dot, action = one.partition(".")
            if event not in ACTIONS:
                raise ValueError(f"{one!r} is no event of GitHub's; there are: {', '.join(ACTIONS)}")
            if dot and action not in ACTIONS[event] and event not in FREE:
                raise ValueError(f"{event} has no action {action!r}; it has: {', '.join(ACTIONS[event]) or 'none'}")
        return events

    @field_validator("repository")
    @classmethod
    def _repositories_have_an_owner(cls, repositories: list[str]) -> list[str]:
        for one in repositories:
            owner, slash, name = one.partition("/")
            if not (owner and slash and name) or "/" in name or " " in one:
                raise ValueError(f"{one!r} is no repository; write owner/name, or owner/* for all of an owner")
        return repositories

    @field_validator("label", "branch")
    @classmethod
    def _names_are_not_empty(cls, names: list[str]) -> list[str]:
        if not all(name.strip() for name in names):
            raise ValueError("a name is empty; leave the condition out where any will do")
        return names

    @model_validator(mode="after")
    def _actions_belong_to_the_events(self) -> Self:
        events = {one.partition(".")[0] for one in self.event}
        known = sorted({action for event in events for action in ACTIONS[event]})
        wrong = [action for action in self.action if action not in known]
        if wrong and not events & FREE:
            named = " and ".join(sorted(events))
            raise ValueError(f"action: {named} has no action {wrong[0]!r}; it has: {', '.join(known) or 'none'}")
        return self

    def are_met_by(self, data: Json) -> bool:
        """Whether the event that this was extracted from meets every one of them."""
        return (
            self._names_event(str(data.get("event", "")), str(data.get("action", "")))
            and _fits(str(data.get("repository", "")).lower(), [name.lower() for name in self.repository])
            and self._has_label(data)
            and _fits(str(data.get("branch", "")), self.branch)
            and self._is_trusted(data)
            and (not self.conclusion or data.get("conclusion") in self.conclusion)
        )

    def sentence(self) -> str:
        """All of them as a person says it."""
        labels, what = " or ".join(self.label), " or ".join(dict.fromkeys(self._phrase(one) for one in self.event))
        if labels and what.endswith("gets a label"):
            what, labels = f"{what.removesuffix('a label')}the label {labels}", ""
        parts = [
            what,
            f"in {' or '.join(self.repository) or 'any repository'}",
            f"with the label {labels}" if labels else "",
            f"on the branch {' or '.join(self.branch)}" if self.branch else "",
            f"with the outcome {_plain(' or '.join(self.conclusion))}" if self.conclusion else "",
        ]
        said = " ".join(part for part in parts if part)
        return f"{said[:1].upper()}{said[1:]}{self._by_whom()}."

    def _phrase(self, one: str) -> str:
        event, _, action = one.partition(".")
        actions = [action] if action else self.action
        phrases = [_PHRASES.get(f"{event}.{name}", _plain(f"{event} is {name}")) for name in actions]
        return " or ".join(phrases or [_PHRASES.get(event, _plain(f"anything happens to {event}"))])

    def _by_whom(self) -> str:
        events = {one.partition(".")[0] for one in self.event}
        if events & _WRITTEN and "ANY" in self.author_association:
            return ", written by anybody"
        if events & _WRITTEN:
            return f", written by: {_plain(', '.join(self.author_association).lower())}"
        return "" if {"ANY", "NONE"} & set(self.author_association) else ", forks left out"

    def _names_event(self, event: str, action: str) -> bool:
        named = event in self.event or f"{event}.{action}" in self.event
        return named and (not self.action or action in self.action)

    def _has_label(self, data: Json) -> bool:
        """The label that was given just now, else any; labels of GitHub differ by more than case."""
        present = [data["label"]] if data.get("label") else data.get("labels", [])
        wanted = {name.lower() for name in self.label}
        return not wanted or not wanted.isdisjoint(str(name).lower() for name in present)

    def _is_trusted(self, data: Json) -> bool:
        """Whether its author may open a job. A run or a push has none: only one of a fork's is a stranger's."""
        association = data.get("author_association") or ("NONE" if data.get("from_fork") else "")
        return not association or "ANY" in self.author_association or association in self.author_association


def _fits(value: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatchcase(value, pattern) for pattern in patterns)


def _plain(names: str) -> str:
    return names.replace("_", " ")


def _problem(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{where} is no condition; there are: {', '.join(Conditions.model_fields)}."
    if fault["type"] == "missing":
        return f"{where} is missing: name at least one event, as in issues.labeled."
    if fault["type"] == "literal_error":
        known = Association if fault["loc"][0] == "author_association" else Conclusion
        return f"{where}: {fault['input']!r} is not known; there are: {', '.join(get_args(known))}."
    if fault["type"] in {"list_type", "string_type"}:
        return f"{where}: write a name or a list of names."
    if fault["type"] in {"too_short", "too_long"}:
        return f"{where}: name at least one and at most {_MOST}."
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}." if where else f"{said}."
