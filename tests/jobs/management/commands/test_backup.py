"""manage.py backup."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from jobs.models import Artifact, Job
from tests.jobs.conftest import document_result, done

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_says_where_it_lies_and_how_it_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("backup", tmp_path)
    (path,) = tmp_path.iterdir()
    said = capsys.readouterr().out
    assert f"{path}  " in said
    assert f"manage.py restore {path}" in said
    call_command("backup", verify=path)
    assert "all read again" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="There is no backup"):
        call_command("backup", tmp_path / "file")
    with pytest.raises(CommandError, match="no whole backup"):
        call_command("backup", verify=tmp_path / "file")


def test_artifacts_that_are_gone_end_it_with_two(
    planned: Callable[..., Job], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned()
    done(document_result())
    sha256 = Artifact.objects.get().sha256
    storages["artifacts"].delete(f"{sha256[:2]}/{sha256}")
    with pytest.raises(SystemExit) as ended:
        call_command("backup", tmp_path / "backups")
    assert ended.value.code == 2
    assert sha256[:12] in capsys.readouterr().err
    assert len(list((tmp_path / "backups").iterdir())) == 1
