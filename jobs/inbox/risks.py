"""What in a change deserves a second look, told from the change itself and not in its maker's words."""

import re
from collections.abc import Callable, Iterable, Sequence

from jobs.inbox.rendering import DiffFile

_LONG_LINES = 400
_SHOWN = 3
_TESTS = {
    "fail": "The tests fail.",
    "none": "No test was run.",
    "stopped": "The tests were stopped before their end.",
}
_CI = re.compile(r"(^|/)(\.github/|\.gitlab-ci|\.circleci/|Jenkinsfile|\.ci/)")
_STANDS_ON = re.compile(
    r"(^|/)(requirements[\w.-]*\.txt|pyproject\.toml|setup\.(py|cfg)|uv\.lock|poetry\.lock|Pipfile(\.lock)?|"
    r"package(-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|go\.(mod|sum)|Cargo\.(toml|lock)|Gemfile(\.lock)?|"
    r"composer\.(json|lock)|Dockerfile)$"
)
_DATABASE = re.compile(r"(^|/)migrations?/|\.sql$")
_SECRETS = re.compile(r"(^|/)(\.env[\w.]*|settings[\w.-]*\.(py|ya?ml|json)|.*\.(pem|key))$")
_TEST = re.compile(r"(^|/)(tests?|spec)/|(^|/)test_[^/]+$|_test\.\w+$|\.(test|spec)\.\w+$")


def notes(files: Sequence[DiffFile], *, tests: str) -> list[str]:
    """One sentence each, the gravest first; `tests` is how they ended: pass, fail, stopped or none."""
    lines = sum(file.added + file.removed for file in files)
    found = [
        _TESTS.get(tests, ""),
        _named("What runs in CI changes", files, lambda file: bool(_CI.search(file.path))),
        _named("What the project stands on changes", files, lambda file: bool(_STANDS_ON.search(file.path))),
        _named("The database's form changes", files, lambda file: bool(_DATABASE.search(file.path))),
        _named("Settings or keys change", files, lambda file: bool(_SECRETS.search(file.path))),
        _named("Lines of tests are taken away", files, _loses_tests),
        f"It is long: {lines:,} lines." if lines > _LONG_LINES else "",
    ]
    return [note for note in found if note]


def _loses_tests(file: DiffFile) -> bool:
    return bool(_TEST.search(file.path)) and file.removed > file.added


def _named(what: str, files: Iterable[DiffFile], is_meant: Callable[[DiffFile], bool]) -> str:
    paths = [file.path for file in files if is_meant(file)]
    shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    return f"{what}: {shown}." if paths else ""
