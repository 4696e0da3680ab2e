"""Code: changes a repository in a work tree of its own, and gives a patch with what the tests said of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from agents import prompts, sandbox
from agents.access import Access
from agents.contracts import (
    Brief,
    Desk,
    Draft,
    Effect,
    Frozen,
    Json,
    Made,
    Tool,
    Typical,
    Unable,
)
from agents.decisions import NeedsAnswer, Question
from agents.kinds import REHEARSAL, NextJobs, counted, follow_ups, one_line, opening, read_input, section
from agents.kinds.carried import without_what_may_not_go
from agents.loop import converse
from agents.sandbox import git
from agents.sandbox.refusals import refusals, walls
from agents.tools.run_tests import RunTests, verdict
from agents.tools.stamp import Stamp, commit_of, stamped
from agents.tools.workspace import OWN_CODE, Workspace, file_tools
from agents.words import _, gettext_noop

PATCH = "changes.patch"
STEP = "revision.patch"  # of a revision: what it adds to the branch, where PATCH is the whole
TEST_OUTPUT = "tests.txt"
_SUBJECT = 72
_BODY = 2_000
_MOST_SUGGESTED = 3
_NONE_OF_THESE = gettext_noop("None of these.")
# How languages name the files that hold tests.
_TEST_FILE = re.compile(r"(?:^|/)(?:tests?|specs?|__tests__)/|(?:^|/)test_|[._-](?:test|spec)s?\.\w+$|Tests?\.\w+$")
_WORDS = (".md", ".rst", ".txt")
NO_TEST = "No test was added or changed: ask for one, or try it by hand before you merge."

_IN_THE_FILES = "the change that you made before is in the files"
_NOT_IN_THE_FILES = "the change that you made before does not fit any more: it is not in the files"


class Input(Frozen):
    """What a code Task asks."""

    repository: str = Field(min_length=1, description="The repository's name, exactly as the request gives it")
    task: str = Field(min_length=3, description="What shall be different afterwards, complete in itself")
    test_command: str = Field(
        default="",
        max_length=500,
        description="How its tests are run, only if the request says so; the owner's own setting goes first",
    )


class Answer(BaseModel):
    """What the model answers."""

    message: str = Field(
        description="The commit's message: a line of at most 72 characters in the imperative, then why"
    )
    explanation: str = Field(
        description="What was wrong, what was changed and how it is known to work, for the owner"
    )
    open_points: list[str] = Field(description="What a person has to check, decide or do, one sentence each")
    risks: list[str] = Field(
        default=[],
        description="What could go wrong once it is merged, and for whom, one sentence each; empty if nothing",
    )
    follow_ups: NextJobs = []


class Output(Answer):
    """What later steps read."""

    repository: str
    base_sha: str
    began_at: str  # where the branch began: before a revision, its base
    files: list[str]
    added: int
    removed: int
    tests: Literal["pass", "fail", "stopped", "none"]
    refused: list[str] = []  # what the repository brings along and what was not obeyed, by code


@dataclass(frozen=True)
class Site:
    """Where one Task works: the repository, its tests, and whom the cell runs as."""

    name: str
    address: str
    test_command: str
    user: str


@dataclass(frozen=True)
class Work:
    """What was changed since the base, which is pushed, and since the branch began, which is read."""

    base_sha: str
    began_at: str
    step: git.Changes
    whole: git.Changes


class CodeAgent:
    """Reads, changes, tests; what it may touch is one work tree that is thrown away."""

    name: ClassVar[str] = "code"
    purpose: ClassVar[str] = (
        "Changes one of the owner's repositories (mends a fault, adds a feature or a test) and gives a patch with "
        "the result of its tests, on a branch of its own; it never merges."
    )
    prompt_version: ClassVar[str] = "v4"
    Input: ClassVar[type[BaseModel]] = Input
    Output: ClassVar[type[BaseModel]] = Output
    access: ClassVar[Access] = OWN_CODE
    typical: ClassVar[Typical] = Typical(calls=16, prompt_tokens=40_000, output_tokens=16_000)

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Make the change; before anything is spent, raises Unable where there is no repository or no cell, and
        NeedsAnswer where it is not clear which repository is meant, or what may go into it.
        """
        site = _site(read_input(brief, Input), brief, desk)
        brief = without_what_may_not_go(brief, site.name)
        clone, is_on_branch = _cloned(site, brief, desk)
        refused = refusals(clone.tree)
        tests = RunTests(site.test_command, clone.tree, user=site.user)
        answer = converse(
            desk,
            agent=self.name,
            system=prompts.load(self.name, self.prompt_version, turns=str(desk.limits.turns)),
            opening=f"{opening(brief, client=False)}\n\n{_about_tests(site)}",
            tools=_tools(clone, tests, _note(brief, clone, is_there=is_on_branch)),
            output=Answer,
            max_tokens=32_000,
        )
        work = _worked(site, brief, clone, desk.workdir)
        outcome = tests.outcome() if work.step.patch and site.test_command else None
        refused += walls(outcome.output) if outcome and not outcome.passed else []
        return _draft(desk, site, answer, work, outcome, refused)


def _site(task: Input, brief: Brief, desk: Desk) -> Site:
    """The repository that is meant, if the owner has named one so and its code can be run here."""
    repositories: dict[str, str] = desk.options.get("repositories") or {}
    name = _meant(task.repository, brief, repositories)
    user = str(desk.options.get("cell_user") or "")
    if missing := sandbox.probe(user):
        raise Unable(
            _("Code of a repository cannot be run safely on this machine. {names}").format(names=" ".join(missing))
        )
    commands: dict[str, str] = desk.options.get("test_commands") or {}
    command = commands.get(name) or task.test_command.strip()
    return Site(name, str(repositories[name]), command, user)


def _meant(wanted: str, brief: Brief, repositories: Mapping[str, str]) -> str:
    """The repository's name; asks the owner for one that is not there, or that strangers alone have chosen."""
    name, label = named(wanted, repositories), one_line(wanted, 80)
    if name is None:
        return _asked(
            _("There is no repository named “{label}” here. Which one is meant?").format(label=label),
            label,
            brief,
            repositories,
        )
    if brief.repositories is None or name in brief.repositories:
        return name
    question = _("Somebody from outside asks for work on the repository “{name}”. Which one shall it be?").format(
        name=name
    )
    return _asked(question, label, brief, repositories)


def _asked(question: str, label: str, brief: Brief, repositories: Mapping[str, str]) -> str:
    """The repository that the owner answered with; without an answer, the question which one is meant."""
    said = [answer.answer.strip() for answer in brief.answers if answer.question == question]
    if said and (name := named(said[-1], repositories)):
        return name
    known = ", ".join(sorted(repositories)) or _("none")
    if said and named(label, repositories):
        raise Unable(
            _("You let none of your repositories be worked on for this; there are: {known}.").format(known=known)
        )
    if said or not repositories:
        raise Unable(
            _(
                "There is no repository named {label} here; there are: {known}. Name one of these, "
                "or add it to NIGHTDESK_REPOSITORIES, then start the job again."
            ).format(label=f"{label!r}", known=known)
        )
    likely = sorted(repositories, key=lambda one: (one not in (brief.repositories or ()), one))
    raise NeedsAnswer(Question(question=question, suggestions=[*likely[:_MOST_SUGGESTED], _(_NONE_OF_THESE)]))


def named(wanted: str, repositories: Mapping[str, str]) -> str | None:
    """The owner's name for the repository: the name itself, or that of the one address which `wanted` stands for.

    A webhook says owner/name and an issue may give the whole address, while the owner calls it by a short name.
    """
    if wanted in repositories:
        return wanted
    plain = _plain_address(wanted)
    found = [name for name, address in repositories.items() if _stands_for(plain, _plain_address(str(address)))]
    return found[0] if len(found) == 1 else None


def _plain_address(text: str) -> str:
    """Without a login and the endings that mean nothing."""
    return re.sub(r"//[^/@]*@", "//", text.strip()).rstrip("/").removesuffix(".git")


def _stands_for(wanted: str, address: str) -> bool:
    if re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", wanted):
        return address.endswith((f"/{wanted}", f":{wanted}"))
    return "://" in wanted and wanted == address


def _cloned(site: Site, brief: Brief, desk: Desk) -> tuple[git.Clone, bool]:
    """The work tree, and whether the job's own branch is there: then work goes on from it, else from the newest.

    A Run that takes over stays at the commit that earlier ones of this round worked on.
    """
    try:
        branch = git.tip(site.address, f"agent/{brief.job_uid}", desk.workdir)
        base = commit_of(desk.journal.turns()) or branch or git.head(site.address, desk.workdir)
        return git.clone(site.address, base, desk.workdir), branch is not None
    except git.BaseGone as error:
        raise Unable(
            _("The work on {name} was begun, but {error}. Start the job again.").format(name=site.name, error=error)
        ) from error
    except git.GitFailed as error:
        raise Unable(
            _("The repository {name} cannot be read: {error}. Mend that, then retry.").format(
                name=site.name, error=error
            )
        ) from error


def _note(brief: Brief, clone: git.Clone, *, is_there: bool) -> str:
    """A revision goes on from the change that the owner saw: on its branch, else put in again if it fits."""
    if brief.revision is None or not brief.revision.previous.strip():
        return ""
    patch = brief.revision.previous.encode()
    is_there = is_there or clone.holds(patch) or clone.apply(patch)
    return _IN_THE_FILES if is_there else _NOT_IN_THE_FILES


def _worked(site: Site, brief: Brief, clone: git.Clone, scratch: Path) -> Work:
    """What came of it: against the base, and in a revision also against where the branch began."""
    step, began_at = clone.changes(), str(brief.revision.output.get("began_at", "")) if brief.revision else ""
    if began_at in {"", clone.base_sha} or not git.reach(site.address, clone, began_at, scratch):
        return Work(clone.base_sha, clone.base_sha, step, step)
    return Work(clone.base_sha, began_at, step, clone.changes(began_at))


def _tools(clone: git.Clone, tests: RunTests, note: str) -> list[Tool]:
    return stamped([*file_tools(Workspace(clone.tree)), tests], Stamp(clone.base_sha, note))


def _about_tests(site: Site) -> str:
    command = site.test_command
    return section("The tests", f"They are run with: {command}" if command else "No test command is known.")


def _draft(
    desk: Desk, site: Site, answer: Answer, work: Work, outcome: sandbox.Outcome | None, refused: list[str]
) -> Draft:
    told = answer.model_dump()
    code = [path for path in work.whole.files if not path.endswith(_WORDS)]
    if code and not any(_TEST_FILE.search(path) for path in code):
        told["open_points"] = [*told["open_points"], NO_TEST]
    output = Output(
        **told,
        repository=site.name,
        base_sha=work.base_sha,
        began_at=work.began_at,
        files=work.whole.files,
        added=work.whole.added,
        removed=work.whole.removed,
        tests=_result(outcome),
        refused=refused,
    )
    made = _patches(work)
    if outcome is not None:
        made.append(_test_output(site, outcome, refused))
    line = summary(output, outcome) if work.step.patch else _nothing(answer)
    return Draft(
        output=output.model_dump(mode="json"),
        made=made,
        effects=[_branch(site, output, work, made)] if made else [],
        summary=f"Rehearsal: {line}" if desk.llm.name == REHEARSAL else line,
        follow_ups=follow_ups(answer.follow_ups),
    )


def _patches(work: Work) -> list[Made]:
    """The whole change, and in a revision what it adds; nothing where nothing was changed."""
    if not work.step.patch:
        return []
    kinds = [("patch", PATCH, work.whole)]
    if work.whole is not work.step:
        kinds.append(("revision", STEP, work.step))
    return [
        Made(kind=kind, name=name, media_type="text/x-diff; charset=utf-8", content=changes.patch)
        for kind, name, changes in kinds
    ]


def _branch(site: Site, output: Output, work: Work, made: list[Made]) -> Effect:
    """One more commit on the job's branch, with what its readers should know."""
    fields: Json = {
        "repository": site.name,
        "base_sha": work.base_sha,
        "message": message(output, repository=site.name),
        "explanation": output.explanation,
        "open_points": [*output.open_points, *(f"Risk: {risk}" for risk in output.risks), *output.refused],
    }
    pushed = PATCH if work.whole is work.step else STEP
    tests = [one.name for one in made if one.name == TEST_OUTPUT]
    return Effect(kind="branch", fields=fields, files=[pushed, *tests])


def message(answer: Answer, *, repository: str) -> str:
    """The commit's message: one short line, then the reason, without anything that a terminal would obey."""
    first, _, rest = answer.message.strip().partition("\n")
    subject = one_line(first, _SUBJECT) or f"Change {repository}"
    body = "\n".join(one_line(line, 200) for line in rest.strip().splitlines())[:_BODY].strip()
    return f"{subject}\n\n{body}" if body else subject


def summary(output: Output, outcome: sandbox.Outcome | None) -> str:
    """One line for the owner: what changed and what the tests say of it, the bad news too."""
    changed = _("+{added} -{removed} in {files}").format(
        added=output.added, removed=output.removed, files=counted(len(output.files), "file")
    )
    tested = {
        "pass": _("tests pass"),
        "fail": _("tests fail"),
        "stopped": _("tests stopped: {why}").format(why=outcome.stopped) if outcome else "",
        "none": _("not tested: no test command is known"),
    }[output.tests]
    untried = _("no new test") if NO_TEST in output.open_points else ""
    risks = _("{risks} named").format(risks=counted(len(output.risks), "risk")) if output.risks else ""
    refused = _("{things} of the repository refused").format(things=counted(len(output.refused), "thing"))
    return ", ".join(filter(None, [changed, tested, untried, risks, refused if output.refused else ""]))


def _nothing(answer: Answer) -> str:
    return _("No change was made: {why}").format(why=one_line(answer.explanation, 160))


def _result(outcome: sandbox.Outcome | None) -> Literal["pass", "fail", "stopped", "none"]:
    if outcome is None:
        return "none"
    if outcome.stopped:
        return "stopped"
    return "pass" if outcome.passed else "fail"


def _test_output(site: Site, outcome: sandbox.Outcome, refused: list[str]) -> Made:
    text = "\n".join([f"$ {site.test_command}", outcome.output.rstrip(), "", verdict(outcome), *refused, ""])
    return Made(kind="test_output", name=TEST_OUTPUT, media_type="text/plain; charset=utf-8", content=text.encode())
