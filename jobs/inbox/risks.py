"""What of a change deserves a second look, in a sentence each."""

from collections.abc import Callable, Iterable, Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import stakes
from jobs.inbox.rendering import DiffFile

_SHOWN = 3
_TESTS = {
    "fail": gettext_lazy("The tests fail."),
    "none": gettext_lazy("No test was run."),
    "stopped": gettext_lazy("The tests were stopped before their end."),
}


def notes(files: Sequence[DiffFile], *, tests: str) -> list[str]:
    """One sentence each, the gravest first; `tests` is how they ended: pass, fail, stopped or none."""
    lines = sum(file.added + file.removed for file in files)
    found = [
        str(_TESTS.get(tests, "")),
        _named(_("What runs in CI changes"), files, lambda file: stakes.runs_in_ci(file.path)),
        _named(_("What handles money changes"), files, lambda file: stakes.handles_money(file.path)),
        _named(_("What the project stands on changes"), files, lambda file: stakes.is_stood_on(file.path)),
        _named(_("The database's form changes"), files, lambda file: stakes.is_of_the_database(file.path)),
        _named(_("Settings or keys change"), files, lambda file: stakes.holds_settings(file.path)),
        _named(_("Lines of tests are taken away"), files, _loses_tests),
        _("It is long: %(number)s lines.") % {"number": number_format(lines, force_grouping=True)}
        if lines > stakes.LONG_LINES
        else "",
    ]
    return [note for note in found if note]


def _loses_tests(file: DiffFile) -> bool:
    return stakes.is_test(file.path) and file.removed > file.added


def _named(what: str, files: Iterable[DiffFile], is_meant: Callable[[DiffFile], bool]) -> str:
    paths = [file.path for file in files if is_meant(file)]
    shown = ", ".join(paths[:_SHOWN]) + (
        " " + _("and %(number)d more") % {"number": len(paths) - _SHOWN} if len(paths) > _SHOWN else ""
    )
    return f"{what}: {shown}." if paths else ""
