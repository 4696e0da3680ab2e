"""The place of documents: looked at, and written to once."""

from pathlib import Path

from integrations.folder.probe import FolderProbe


def test_a_folder_is_written_into_and_left_as_it_was(tmp_path: Path) -> None:
    probe = FolderProbe(root=tmp_path / "out")
    (found,) = probe.look()
    assert (found.ok, found.says) == (True, f"Documents lie in {tmp_path / 'out'}.")
    assert not (tmp_path / "out").exists(), "a look changes nothing"
    (tried,) = probe.try_out()
    assert tried.ok
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_place_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    probe = FolderProbe(root=tmp_path / "out")
    for (found,) in (probe.look(), probe.try_out()):
        assert not found.ok
        assert str(tmp_path / "out") in found.says
        assert "NIGHTDESK_FOLDER" in found.fix
