"""Run a repository's own tests, in a cell, on what is in the work tree now."""

from pathlib import Path

from pydantic import BaseModel

from agents import sandbox
from agents.contracts import ToolError, Unable
from agents.tools.workspace import OWN_CODE
from agents.words import _

_HEAD = 4_000
_TAIL = 20_000


class NothingWanted(BaseModel):
    """The owner's command takes nothing from the model."""


class RunTests:
    """The tool that runs the tests. What they write is gone afterwards, so it changes nothing."""

    name = "run_tests"
    description = (
        "Run the repository's tests on the files as they are now. They have no network; what they write is gone "
        "afterwards."
    )
    replay = False
    access = OWN_CODE
    Input: type[BaseModel] = NothingWanted

    def __init__(self, command: str, tree: Path, *, user: str = "") -> None:
        self._command = command
        self._tree = tree
        self._user = user

    def run(self, given: NothingWanted) -> str:
        """The result in words, then what the tests said; raise ToolError where there is no command."""
        if not self._command:
            raise ToolError("No test command is known for this repository: work without, and say so in the end.")
        outcome = self.outcome()
        return f"{verdict(outcome)}\n\n{_shortened(outcome.output.strip())}"

    def outcome(self) -> sandbox.Outcome:
        """How the tests end; raise Unable where a cell could be built before and cannot be any more."""
        try:
            return sandbox.run(self._command, self._tree, user=self._user)
        except sandbox.CellUnavailable as error:
            raise Unable(_("The tests cannot be run: {error}").format(error=error)) from error


def verdict(outcome: sandbox.Outcome) -> str:
    """The result in one sentence."""
    if outcome.stopped:
        return f"The tests were stopped: {outcome.stopped}."
    if outcome.passed:
        return "The tests pass."
    return f"The tests fail: the command ended with {outcome.status}."


def _shortened(text: str) -> str:
    """The beginning and the end, where the result stands."""
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]}\n[{len(text) - _HEAD - _TAIL:,} characters left out]\n{text[-_TAIL:]}"
