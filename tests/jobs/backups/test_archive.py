"""One archive: whole or not there, read again, and refused when anything in it is not what was written."""

import datetime
import io
import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from jobs.backups import archive, databases
from jobs.backups.databases import Unusable
from jobs.lifecycle import arrival
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle.intake import Inbound
from jobs.models import Artifact, Job
from tests.jobs.conftest import document_result, done, held

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def document(planned: Callable[..., Job]) -> Artifact:
    """A job with an artifact."""
    planned()
    done(document_result())
    return Artifact.objects.get()


def changed(path: Path, name: str, content: bytes) -> Path:
    """The archive with other bytes under one name."""
    other = path.with_name("nightdesk-20200101T000000Z.tar.gz")
    with tarfile.open(path) as source, tarfile.open(other, "w:gz") as target:
        for member in source.getmembers():
            data = source.extractfile(member)
            assert data is not None
            read = content if member.name == name else data.read()
            member.size = len(read)
            target.addfile(member, io.BytesIO(read))
    return other


def manifest_of(path: Path) -> dict[str, Any]:
    with tarfile.open(path) as source:
        data = source.extractfile("manifest.json")
        assert data is not None
        found: dict[str, Any] = json.load(data)
    return found


def test_it_holds_every_row_and_every_artifact_and_is_for_its_owner_alone(
    document: Artifact, tmp_path: Path
) -> None:
    path, manifest = archive.write(tmp_path / "backups")
    assert manifest.rows["jobs_job"] == 1
    assert manifest.artifacts == [document.sha256]
    assert archive.verify(path).rows == manifest.rows
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in (tmp_path / "backups").iterdir()] == [path.name]
    assert archive.made_at(path) <= manifest.made_at


def test_the_latest_are_kept(document: Artifact, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"nightdesk-2026010{day}T030000Z.tar.gz").write_bytes(b"old")
    (folder / "holiday.tar.gz").write_bytes(b"not ours")
    path, _ = archive.write(folder, keep=3)
    left = {one.name for one in folder.iterdir()}
    assert left == {
        path.name,
        "nightdesk-20260105T030000Z.tar.gz",
        "nightdesk-20260104T030000Z.tar.gz",
        "holiday.tar.gz",
    }


def test_an_artifact_that_is_gone_or_damaged_is_named(document: Artifact, tmp_path: Path) -> None:
    place = Path(storages["artifacts"].path(f"{document.sha256[:2]}/{document.sha256}"))
    place.write_bytes(b"something else")
    path, manifest = archive.write(tmp_path)
    assert (manifest.missing, manifest.artifacts) == ([document.sha256], [])
    place.unlink()
    assert archive.verify(path).missing == [document.sha256]


@pytest.mark.parametrize("at", ["dump", "verify", "replace"])
def test_a_process_that_dies_leaves_no_archive_and_takes_no_old_one(
    document: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    old = folder / "nightdesk-20260101T030000Z.tar.gz"
    old.write_bytes(b"old")

    def die(*args: Any, **kwargs: Any) -> None:
        raise OSError("no space left on device")

    owner = {"dump": databases, "verify": archive, "replace": Path}[at]
    monkeypatch.setattr(owner, at, die)
    with pytest.raises(OSError, match="no space"):
        archive.write(folder, keep=1)
    assert [one.name for one in folder.iterdir()] == [old.name]


def test_what_was_changed_in_it_is_refused(document: Artifact, tmp_path: Path) -> None:
    path, manifest = archive.write(tmp_path)
    names = [name for name in manifest.members if not name.endswith(".copy") or name.endswith("jobs_job.copy")]
    for name in names:
        with pytest.raises(Unusable, match="is not what was written"):
            archive.verify(changed(path, name, b"other"))


def test_half_an_archive_is_refused(document: Artifact, tmp_path: Path) -> None:
    path, _ = archive.write(tmp_path)
    content = path.read_bytes()
    for size in (0, 10, len(content) // 2, len(content) - 20):
        path.write_bytes(content[:size])
        with pytest.raises(Unusable, match="no whole backup"):
            archive.verify(path)


@pytest.mark.parametrize("name", ["../outside", "database/../../outside", "/etc/outside", "artifacts/", "a/b/c"])
def test_a_name_that_leads_elsewhere_is_refused(document: Artifact, tmp_path: Path, name: str) -> None:
    path, _ = archive.write(tmp_path)
    said = manifest_of(path)
    said["members"][name] = "0" * 64
    with pytest.raises(Unusable, match="no backup has"):
        archive.verify(changed(path, "manifest.json", json.dumps(said).encode()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vendor": "oracle"}, "of a oracle database"),
        ({"migrations": [["jobs", "9999_flying"]]}, "later version"),
    ],
)
def test_what_this_installation_cannot_take_is_refused(
    document: Artifact, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    path, _ = archive.write(tmp_path)
    other = changed(path, "manifest.json", json.dumps(manifest_of(path) | change).encode())
    with pytest.raises(Unusable, match=said):
        archive.restore(other)
    assert Job.objects.count() == 1


def test_rows_that_do_not_add_up_are_refused(document: Artifact, tmp_path: Path) -> None:
    path, _ = archive.write(tmp_path)
    said = manifest_of(path)
    said["rows"]["jobs_job"] = 7
    with pytest.raises(Unusable, match="jobs_job"):
        archive.verify(changed(path, "manifest.json", json.dumps(said).encode()))


def test_everything_comes_back(document: Artifact, tmp_path: Path) -> None:
    job = Job.objects.get()
    path, manifest = archive.write(tmp_path)
    Job.objects.all().update(title="Changed since")
    storages["artifacts"].delete(f"{document.sha256[:2]}/{document.sha256}")
    archive.restore(path)
    assert Job.objects.get().title == job.title
    assert artifacts.load(document.sha256)
    with connection.cursor() as cursor:
        for table, number in manifest.rows.items():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            assert (table, cursor.fetchone()[0]) == (table, number)
    # The next row gets a number of its own.
    assert Job.objects.create(title="Next", brief="x", budget_microusd=1, ready_at=timezone.now()).pk > job.pk


def test_the_houses_own_key_comes_along_and_one_from_the_environment_does_not(
    document: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "VAR", tmp_path)
    assert "secret_key" not in archive.write(tmp_path / "a")[1].members
    (tmp_path / "secret_key").write_text(settings.SECRET_KEY)
    path, manifest = archive.write(tmp_path / "b")
    assert "secret_key" in manifest.members
    archive.restore(path)
    assert (tmp_path / "secret_key").read_text() == settings.SECRET_KEY
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_one_is_due_each_date_after_three(tmp_path: Path, settings: Any) -> None:
    night = datetime.datetime(2026, 11, 27, 2, 30, tzinfo=datetime.UTC)
    assert not archive.is_due(tmp_path, night)
    assert archive.is_due(tmp_path, night + datetime.timedelta(hours=1))
    (tmp_path / "nightdesk-20261127T031500Z.tar.gz").write_bytes(b"")
    assert not archive.is_due(tmp_path, night + datetime.timedelta(hours=20))
    assert archive.is_due(tmp_path, night + datetime.timedelta(hours=25))


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="with many writers nothing waits")
def test_an_event_that_waits_is_taken_in_first_and_so_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_PATIENCE_SECONDS", 0.05)
    with held():
        arrival.receive(arrival.Arrival(Inbound("standard", "bench:1", "event", b"raw"), []))
        with pytest.raises(Unusable, match="1 accepted events wait"):
            archive.write(tmp_path / "backups")
    assert archive.listing(tmp_path / "backups") == []
    _, manifest = archive.write(tmp_path / "backups")
    assert manifest.rows["jobs_receipt"] == 1
