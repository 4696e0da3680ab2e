"""What a rule may ask of a GitHub event, each condition a value or a list of values."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from integrations.contracts import Frozen, Json
from integrations.github.events import ACTIONS, FREE
from integrations.words import _, either, gettext_noop

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
    "issues.labeled": gettext_noop("An issue gets a label"),
    "issues.opened": gettext_noop("An issue is opened"),
    "issue_comment.created": gettext_noop("Somebody comments on an issue or a pull request"),
    "pull_request.opened": gettext_noop("A pull request is opened"),
    "pull_request.labeled": gettext_noop("A pull request gets a label"),
    "pull_request.closed": gettext_noop("A pull request is closed"),
    "pull_request_review.submitted": gettext_noop("A pull request is reviewed"),
    "push": gettext_noop("Commits are pushed"),
    "release.published": gettext_noop("A release is published"),
    "workflow_run.completed": gettext_noop("A workflow ends"),
}
_WHO = {
    "OWNER": gettext_noop("the owner"),
    "MEMBER": gettext_noop("members of the organisation"),
    "COLLABORATOR": gettext_noop("collaborators"),
    "CONTRIBUTOR": gettext_noop("who contributed before"),
    "FIRST_TIME_CONTRIBUTOR": gettext_noop("who contributes here for the first time"),
    "FIRST_TIMER": gettext_noop("who contributes anywhere for the first time"),
    "MANNEQUIN": gettext_noop("accounts taken over from elsewhere"),
    "NONE": gettext_noop("who has nothing to do with it"),
    "ANY": gettext_noop("anybody at all"),
}
_ENDS = {
    "success": gettext_noop("success"),
    "failure": gettext_noop("failure"),
    "neutral": gettext_noop("neutral"),
    "cancelled": gettext_noop("cancelled"),
    "skipped": gettext_noop("skipped"),
    "timed_out": gettext_noop("timed out"),
    "action_required": gettext_noop("action required"),
    "stale": gettext_noop("out of date"),
    "startup_failure": gettext_noop("could not start"),
    "error": gettext_noop("error"),
    "pending": gettext_noop("pending"),
    "queued": gettext_noop("queued"),
    "in_progress": gettext_noop("in progress"),
    "inactive": gettext_noop("inactive"),
    "approved": gettext_noop("review: approved"),
    "changes_requested": gettext_noop("review: changes asked for"),
    "commented": gettext_noop("review: a comment"),
    "dismissed": gettext_noop("review: dismissed"),
    "merged": gettext_noop("pull request: merged"),
    "unmerged": gettext_noop("pull request: closed without a merge"),
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

    model_config = ConfigDict(
        title="GitHub",
        json_schema_extra={
            "about": gettext_noop("Issues, pull requests, reviews, pushes and whatever else GitHub tells of."),
            "examples": [{"event": "issues.labeled", "label": "nightdesk", "repository": "owner/*"}],
        },
    )

    event: _Names = Field(
        min_length=1,
        title=gettext_noop("What happens"),
        description=gettext_noop("Others as GitHub names them, such as issues.closed, or issues for all of them."),
        json_schema_extra={"choices": dict(_PHRASES)},
    )
    action: _Names = Field(
        default=[],
        title=gettext_noop("Actions"),
        description=gettext_noop("For events named without one above, such as opened. Empty: every action."),
        json_schema_extra={"rare": True},
    )
    repository: _Names = Field(
        default=[],
        title=gettext_noop("Repositories"),
        description=gettext_noop("As owner/name, or owner/* for all of an owner. Empty: any."),
    )
    label: _Names = Field(
        default=[],
        title=gettext_noop("Labels"),
        description=gettext_noop("One of them is enough. Empty: with or without."),
    )
    branch: _Names = Field(
        default=[],
        title=gettext_noop("Branches"),
        description=gettext_noop("A * stands for anything, as in release/*. Empty: any."),
    )
    author_association: Annotated[list[Association], BeforeValidator(_listed)] = Field(
        default=_INSIDERS,
        min_length=1,
        title=gettext_noop("Written by"),
        description=gettext_noop("Whose words may open a job: a stranger's should not unless you want them to."),
        json_schema_extra={"choices": dict(_WHO)},
    )
    conclusion: Annotated[list[Conclusion], BeforeValidator(_listed)] = Field(
        default=[],
        title=gettext_noop("How it ended"),
        description=gettext_noop("For workflows, checks, deployments and reviews. None: however it ended."),
        json_schema_extra={"choices": dict(_ENDS), "rare": True},
    )

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
                said = _("'{name}' is no event of GitHub's; there are: {names}")
                raise ValueError(said.format(name=one, names=", ".join(ACTIONS)))
            if dot and action not in ACTIONS[event] and event not in FREE:
                raise ValueError(_no_action(event, action, ACTIONS[event]))
        return events

    @field_validator("repository")
    @classmethod
    def _repositories_have_an_owner(cls, repositories: list[str]) -> list[str]:
        for one in repositories:
            owner, slash, name = one.partition("/")
            if not (owner and slash and name) or "/" in name or " " in one:
                said = _("'{name}' is no repository; write owner/name, or owner/* for all of an owner")
                raise ValueError(said.format(name=one))
        return repositories

    @field_validator("label", "branch")
    @classmethod
    def _names_are_not_empty(cls, names: list[str]) -> list[str]:
        if not all(name.strip() for name in names):
            raise ValueError(_("a name is empty; leave the condition out where any will do"))
        return names

    @field_validator("action")
    @classmethod
    def _actions_belong_to_the_events(cls, actions: list[str], info: ValidationInfo) -> list[str]:
        events = {one.partition(".")[0] for one in info.data.get("event", [])}
        known = sorted({action for event in events for action in ACTIONS[event]})
        wrong = [action for action in actions if action not in known]
        if wrong and events and not events & FREE:
            glue = _("and")
            raise ValueError(_no_action(f" {glue} ".join(sorted(events)), wrong[0], known))
        return actions

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
        labels, what = either(self.label), either(dict.fromkeys(self._phrase(one) for one in self.event))
        if labels and what.endswith(_("gets a label")):
            what = what.removesuffix(_("gets a label")) + _("gets the label {label}").format(label=labels)
            labels = ""
        parts = [
            what,
            _("in {repository}").format(repository=either(self.repository) or _("any repository")),
            _("with the label {label}").format(label=labels) if labels else "",
            _("on the branch {branch}").format(branch=either(self.branch)) if self.branch else "",
            _("with the outcome {outcome}").format(outcome=either(_(_ENDS[one]) for one in self.conclusion))
            if self.conclusion
            else "",
        ]
        said = " ".join(part for part in parts if part)
        return f"{said[:1].upper()}{said[1:]}{self._by_whom()}."

    def _phrase(self, one: str) -> str:
        event, _dot, action = one.partition(".")
        actions = [action] if action else self.action
        if not actions:
            known = _PHRASES.get(event)
            return _(known) if known else _("anything happens to {event}").format(event=_plain(event))
        return either(self._phrase_of(event, name) for name in actions)

    def _phrase_of(self, event: str, action: str) -> str:
        if known := _PHRASES.get(f"{event}.{action}"):
            return _(known)
        return _("{event} is {action}").format(event=_plain(event), action=_plain(action))

    def _by_whom(self) -> str:
        events = {one.partition(".")[0] for one in self.event}
        if events & _WRITTEN and "ANY" in self.author_association:
            return _(", written by anybody")
        if events & _WRITTEN:
            return _(", written by: {who}").format(who=", ".join(_(_WHO[one]) for one in self.author_association))
        return "" if {"ANY", "NONE"} & set(self.author_association) else _(", forks left out")

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


def _no_action(event: str, action: str, known: Sequence[str]) -> str:
    said = _("{event} has no action '{action}'; it has: {actions}")
    return said.format(event=event, action=action, actions=", ".join(known) or _("none"))


def _fits(value: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatchcase(value, pattern) for pattern in patterns)


def _plain(names: str) -> str:
    return names.replace("_", " ")


def _problem(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        said = _("{name} is no condition; there are: {names}.")
        return said.format(name=where, names=", ".join(Conditions.model_fields))
    if fault["type"] == "missing":
        return _("{name} is missing: name at least one event, as in issues.labeled.").format(name=where)
    if fault["type"] == "literal_error":
        known = Association if fault["loc"][0] == "author_association" else Conclusion
        said = _("{where}: '{name}' is not known; there are: {names}.")
        return said.format(where=where, name=fault["input"], names=", ".join(get_args(known)))
    if fault["type"] in {"list_type", "string_type"}:
        return _("{where}: write a name or a list of names.").format(where=where)
    if fault["type"] in {"too_short", "too_long"}:
        return _("{where}: name at least one and at most {most}.").format(where=where, most=_MOST)
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}." if where else f"{said}."
