"""The demo's git repositories."""

from pathlib import Path

import pytest

from config.demo import repositories
from config.demo.night import CODE, REPOSITORIES, CodeItem
from tests.house import git


def test_they_are_bare_and_hold_the_files_of_the_night_on_main(tmp_path: Path) -> None:
    repositories.make(tmp_path)
    places = repositories.addresses(tmp_path)
    assert places.keys() == REPOSITORIES.keys()
    for name, place in places.items():
        assert git(Path(place), "rev-parse", "--is-bare-repository").strip() == "true"
        assert set(git(Path(place), "ls-tree", "-r", "--name-only", "main").split()) == set(REPOSITORIES[name])
        for path, text in REPOSITORIES[name].items():
            assert git(Path(place), "show", f"main:{path}") == text


def test_making_them_again_keeps_what_happened_in_them(tmp_path: Path) -> None:
    repositories.make(tmp_path)
    place = repositories.addresses(tmp_path)["shop"]
    git(Path(place), "branch", "mine", "main")
    repositories.make(tmp_path)
    assert "mine" in git(Path(place), "branch")


def test_every_making_gives_the_same_commits(tmp_path: Path) -> None:
    for folder in (tmp_path / "first", tmp_path / "second"):
        repositories.make(folder)
    first, second = (repositories.addresses(tmp_path / name)["shop"] for name in ("first", "second"))
    assert repositories.head(first) == repositories.head(second)
    assert repositories.head(first) == git(Path(first), "rev-parse", "main").strip()


@pytest.mark.parametrize("item", CODE, ids=lambda item: item.title)
def test_every_patch_applies_and_does_what_the_night_says(tmp_path: Path, item: CodeItem) -> None:
    repositories.make(tmp_path)
    place = repositories.addresses(tmp_path)[item.repository]
    (tmp_path / "changes.patch").write_bytes(repositories.patch(place, item.changes))
    git(tmp_path, "clone", "--quiet", place, "tree")
    git(tmp_path / "tree", "apply", "--index", str(tmp_path / "changes.patch"))
    for change in item.changes:
        assert change.new in (tmp_path / "tree" / change.path).read_text()
    files, counts = 0, [0, 0]
    for line in git(tmp_path / "tree", "diff", "--cached", "--numstat").splitlines():
        added, removed, _ = line.split()
        files, counts = files + 1, [counts[0] + int(added), counts[1] + int(removed)]
    assert item.summary.startswith(f"+{counts[0]} -{counts[1]} in {files} file")
