"""What is at stake in an item, told from the thing itself: some words for its row, and a weight to sort by."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.states import ReviewKind

# What an item weighs in the order of the inbox.
NOTHING, STANDS_OUT, HOLDS_UP = 0, 1, 2
# A change of more lines is long.
LONG_LINES = 400

_CI = re.compile(r"(^|/)(\.github/|\.gitlab-ci|\.circleci/|Jenkinsfile|\.ci/)")
_STANDS_ON = re.compile(
    r"(^|/)(requirements[\w.-]*\.txt|pyproject\.toml|setup\.(py|cfg)|uv\.lock|poetry\.lock|Pipfile(\.lock)?|"
    r"package(-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|go\.(mod|sum)|Cargo\.(toml|lock)|Gemfile(\.lock)?|"
    r"composer\.(json|lock)|Dockerfile)$"
)
_DATABASE = re.compile(r"(^|/)migrations?/|\.sql$")
_SECRETS = re.compile(r"(^|/)(\.env[\w.]*|settings[\w.-]*\.(py|ya?ml|json)|.*\.(pem|key))$")
_TEST = re.compile(r"(^|/)(tests?|spec)/|(^|/)test_[^/]+$|_test\.\w+$|\.(test|spec)\.\w+$")
_MONEY = re.compile(
    r"(^|[/_-])(billing|checkout|invoic\w*|payments?|prices?|pricing|tax|vat)([/_.-]|$)", re.IGNORECASE
)
# A sum in a currency, whichever side its sign stands on.
_SUM = re.compile(r"[€$£]\s?\d(?:[\d.,']*\d)?|\d[\d.,']*\s?(?:€|\$|£|EUR|USD|CHF|GBP)(?!\w)")
_HOW_TESTS_ENDED = {
    "fail": gettext_lazy("Tests fail"),
    "none": gettext_lazy("No test was run"),
    "stopped": gettext_lazy("Tests were stopped"),
}


def sums(text: str) -> list[str]:
    """The sums of money that the text names, in its order and each once."""
    return list(dict.fromkeys(found[0] for found in _SUM.finditer(text)))


def runs_in_ci(path: str) -> bool:
    """Whether a change there is run by a machine that holds secrets."""
    return bool(_CI.search(path))


def handles_money(path: str) -> bool:
    """By its name; not a test of it, nor a step of the database, which has a word of its own."""
    return bool(_MONEY.search(path)) and not is_test(path) and not is_of_the_database(path)


def holds_settings(path: str) -> bool:
    """Settings, keys and what is kept beside them."""
    return bool(_SECRETS.search(path))


def is_of_the_database(path: str) -> bool:
    """A step that changes the database's form."""
    return bool(_DATABASE.search(path))


def is_stood_on(path: str) -> bool:
    """What names the project's dependencies, or builds its machine."""
    return bool(_STANDS_ON.search(path))


def is_test(path: str) -> bool:
    """By where it lies and what it is called."""
    return bool(_TEST.search(path))


_TOUCHES: tuple[tuple[Callable[[str], bool], Any], ...] = (
    (runs_in_ci, gettext_lazy("Touches CI")),
    (handles_money, gettext_lazy("Touches money")),
    (holds_settings, gettext_lazy("Touches settings or keys")),
    (is_of_the_database, gettext_lazy("Touches the database")),
    (is_stood_on, gettext_lazy("Touches dependencies")),
)


def label(kind: str, output: object, payload: Mapping[str, Any]) -> str:
    """What stands out of an item, from what its task made and what it carries; empty where nothing does."""
    made: Mapping[str, Any] = output if isinstance(output, dict) else {}
    if kind == ReviewKind.MERGE:
        return _of_change(made)
    if kind == ReviewKind.MESSAGE:
        said = f"{made.get('subject', '')}\n{made.get('body', '')}"
        return _("Names a sum") if _SUM.search(said) else ""
    return _("May have arrived already") if payload.get("unknown") else ""


def weight(kind: str, output: object, payload: Mapping[str, Any], *, holds_up: bool) -> int:
    """How far up it belongs among items of the same urgency: what others wait for, then what stands out."""
    if holds_up:
        return HOLDS_UP
    return STANDS_OUT if label(kind, output, payload) else NOTHING


def _of_change(output: Mapping[str, Any]) -> str:
    if ended := str(_HOW_TESTS_ENDED.get(output.get("tests", ""), "")):
        return ended
    paths = [str(path) for path in output.get("files") or []]
    touched = next((words for is_meant, words in _TOUCHES if any(map(is_meant, paths))), "")
    lines = int(output.get("added") or 0) + int(output.get("removed") or 0)
    return str(touched) or (_("Long") if lines > LONG_LINES else "")
