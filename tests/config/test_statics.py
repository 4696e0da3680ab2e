"""What is served of our scripts and styles says the same as what we wrote."""

import hashlib
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage
from pytest_django import Settings

from config.statics import LeanStaticFilesStorage, is_ours, lean

OURS = sorted(Path("jobs/static/nightdesk").glob("*.js"))

SCRIPT = """// Why it is so.
const at = (id) => document.getElementById(id); // kept: it shares a line
function look() {
  // inside
  return `${at("x")} // no comment`;
}
"""
STYLE = """/* The paper,
   and the desk. */
.paper {
  color: red; /* as ink */
}
"""


def test_a_script_loses_what_only_people_read() -> None:
    assert lean(SCRIPT, is_script=True).splitlines() == [
        "const at = (id) => document.getElementById(id); // kept: it shares a line",
        "function look() {",
        'return `${at("x")} // no comment`;',
        "}",
    ]


def test_a_style_does_too() -> None:
    assert lean(STYLE, is_script=False) == ".paper {\ncolor: red;\n}"


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_no_script_of_ours_has_a_text_of_several_lines(path: Path) -> None:
    # What stands at the beginning of a line of such a text is no indentation, and no comment.
    assert not [line for line in path.read_text(encoding="utf-8").splitlines() if line.count("`") % 2]


def test_only_our_own_files_are_read() -> None:
    assert is_ours("nightdesk/desk.js")
    assert is_ours("nightdesk/nightdesk.css")
    assert not is_ours("nightdesk/icon.svg")
    assert not is_ours("admin/js/core.js")


def test_what_is_collected_is_lean_and_named_by_what_it_says(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path
    storage = LeanStaticFilesStorage(location=tmp_path, base_url="/static/")
    found = finders.find("nightdesk/desk.js")
    assert isinstance(found, str)
    (tmp_path / "nightdesk").mkdir()
    (tmp_path / "nightdesk" / "desk.js").write_bytes(Path(found).read_bytes())
    paths = {"nightdesk/desk.js": (FileSystemStorage(location=tmp_path), "nightdesk/desk.js")}
    assert not [one for one in storage.post_process(paths) if isinstance(one[2], Exception)]
    served = tmp_path / storage.stored_name("nightdesk/desk.js")
    text = served.read_text(encoding="utf-8")
    assert text == lean(Path(found).read_text(encoding="utf-8"), is_script=True)
    assert hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12] in served.name
    assert served.with_name(f"{served.name}.gz").stat().st_size < len(text) / 2
