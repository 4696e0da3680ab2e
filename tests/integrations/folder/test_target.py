"""Documents as files."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from integrations.contracts import DeliveryError, Landed, OutcomeUnknown, Outgoing
from integrations.folder.places import Disk
from integrations.folder.target import FolderTarget
from tests.integrations.target_contract import OnThisMachine, TargetContract, out_file

PLACE = "2026-11-23/3f2a9c1e-autumn-menu"

FULL = """
import sys
from pathlib import Path
from integrations.contracts import DeliveryError
from integrations.folder.target import FolderTarget
from tests.integrations.folder.test_target import TestFolder, out_file

root = Path(sys.argv[1])
files = [out_file(b"small", "small.md"), out_file(b"x" * 200_000, "large.md")]
try:
    FolderTarget(root=root).deliver(TestFolder().outgoing(files=files))
except DeliveryError as error:
    print(error.permanent, error.retry_after, [p.name for p in root.rglob("*") if p.is_file()])
"""


class TestFolder(OnThisMachine, TargetContract):
    kind = "document"

    def make(self) -> FolderTarget:
        return FolderTarget(root=self.folder / "out")

    def seen(self) -> dict[str, bytes]:
        """The files that a person sees, by their place."""
        root = self.folder / "out"
        paths = [path for path in root.rglob("*") if path.is_file() and ".nightdesk" not in path.parts]
        paths = [path for path in paths if path.name != "index.html"]
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}

    def effects(self) -> int:
        return len(self.seen())

    def refused_for_good(self) -> tuple[FolderTarget, Outgoing]:
        return FolderTarget(root="/sys/nightdesk"), self.outgoing()

    def test_files_lie_where_a_person_looks(self) -> None:
        landed = self.make().deliver(self.outgoing())
        assert self.seen() == {f"{PLACE}/menu.md": b"# Menu\n\nWarm soup.\n"}
        assert landed.external_id == f"{PLACE}/menu.md"
        assert landed.detail == f"menu.md in {self.folder / 'out' / PLACE}"

    def test_several_files_are_one_effect(self) -> None:
        files = [out_file(b"a", "a.md"), out_file(b"b", "b.md"), out_file(b"c", "a.md")]
        landed = self.make().deliver(self.outgoing(files=files))
        assert landed.external_id == PLACE
        assert self.seen() == {f"{PLACE}/a.md": b"a", f"{PLACE}/b.md": b"b", f"{PLACE}/a-v2.md": b"c"}

    def test_nothing_is_overwritten(self) -> None:
        for number, content in enumerate((b"one", b"two", b"three")):
            self.make().deliver(self.outgoing(key=f"job-1:1:{number}:1", files=[out_file(content)]))
        assert self.seen() == {
            f"{PLACE}/menu.md": b"one",
            f"{PLACE}/menu-v2.md": b"two",
            f"{PLACE}/menu-v3.md": b"three",
        }

    def test_what_its_owner_did_with_the_files_is_left_alone(self) -> None:
        landed = self.make().deliver(self.outgoing())
        path = self.folder / "out" / PLACE / "menu.md"
        path.write_bytes(b"my own words")
        assert self.make().deliver(self.outgoing()) == landed
        path.unlink()
        assert self.make().find(self.outgoing()) == landed
        assert self.make().deliver(self.outgoing()) == landed
        assert self.seen() == {}

    def test_a_break_between_file_and_record_leaves_no_double(self) -> None:
        self.make().deliver(self.outgoing())
        shutil.rmtree(self.folder / "out" / ".nightdesk")
        assert self.make().find(self.outgoing()) is None
        self.make().deliver(self.outgoing())
        assert self.effects() == 1

    def test_a_key_is_not_used_for_other_files(self) -> None:
        self.make().deliver(self.outgoing())
        with pytest.raises(DeliveryError, match="under this key already") as caught:
            self.make().deliver(self.outgoing(files=[out_file(b"other")]))
        assert caught.value.permanent
        assert self.effects() == 1

    def test_an_unreadable_record_is_not_guessed_at(self) -> None:
        self.make().deliver(self.outgoing())
        (record,) = (self.folder / "out" / ".nightdesk").rglob("*.json")
        for content in (b"{", b"[]", b"{}", b'{"files": [], "external_id": 1, "url": "", "detail": ""}'):
            record.write_bytes(content)
            with pytest.raises(OutcomeUnknown, match=record.name):
                self.make().find(self.outgoing())

    def test_a_folder_that_cannot_be_read_is_unknown(self) -> None:
        self.folder.joinpath("out").write_text("a file")
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            self.make().find(self.outgoing())
        with pytest.raises(DeliveryError, match="no folder") as caught:
            self.make().deliver(self.outgoing())
        assert caught.value.permanent

    def test_a_full_disk_shows_nothing_and_is_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = []

        def full(handle: int) -> None:
            calls.append(handle)
            if len(calls) > 8:
                raise OSError(errno.ENOSPC, "No space left on device")

        files = [out_file(b"%d" % number, f"{number}.md") for number in range(20)]
        target, outgoing = self.make(), self.outgoing(files=files)
        fsync = os.fsync
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(DeliveryError, match="no room") as caught:
            target.deliver(outgoing)
        monkeypatch.setattr(os, "fsync", fsync)
        assert (caught.value.permanent, caught.value.retry_after) == (False, 300)
        assert [path for path in self.folder.rglob("*") if path.is_file()] == []
        target.deliver(outgoing)
        assert self.effects() == 20

    @pytest.mark.skipif(
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0,
        reason="needs user namespaces to mount a small disk",
    )
    def test_a_disk_that_is_really_full(self) -> None:
        command = (
            f"mount -t tmpfs -o size=64k tmpfs {self.folder} && exec {sys.executable} -c '{FULL}' {self.folder}"
        )
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", command],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
        )
        assert done.stdout == "False 300.0 []\n"

    def test_a_job_has_a_page_of_all_that_was_made(self) -> None:
        target = FolderTarget(root=self.folder / "out", pages="https://desk.example.com/jobs/")
        first = out_file(b"one", "menu & more.md")
        target.deliver(self.outgoing(files=[first], agent="drafting"))
        second = [out_file(b"two", "<b>.md"), out_file(b"three", "index.html")]
        target.deliver(self.outgoing(key="job-1:2:0:1", files=second, agent="review"))
        page = (self.folder / "out" / PLACE / "index.html").read_text()
        for file in (first, *second):
            assert file.sha256 in page
        assert '<a href="menu-%26-more.md">menu-&amp;-more.md</a>' in page
        assert '<a href="index-v2.html">' in page, "the page's own name is nobody else's"
        assert "<b>.md" not in page
        assert f"https://desk.example.com/jobs/{self.outgoing().job_uid}/" in page
        assert "For Trattoria Lume." in page
        assert page.index("drafting") < page.index("review")

    def test_a_break_after_the_page_leaves_no_double(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Died(Exception):
            """As if the process had ended here."""

        def die(self: Disk, path: str, content: bytes) -> None:
            raise Died

        with monkeypatch.context() as patch:
            patch.setattr(Disk, "write", die)
            with pytest.raises(Died):
                self.make().deliver(self.outgoing())
        assert self.make().find(self.outgoing()) is None
        landed = self.make().deliver(self.outgoing())
        assert self.make().find(self.outgoing()) == landed
        assert self.effects() == 1

    def test_at_once_by_many_jobs_effects_are_all_on_the_page(self) -> None:
        keys = [f"job-1:{number}:0:1" for number in range(8)]
        start = threading.Barrier(len(keys))

        def deliver(key: str) -> None:
            start.wait()
            self.make().deliver(self.outgoing(key=key, files=[out_file(key.encode(), f"{key}.md")]))

        threads = [threading.Thread(target=deliver, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        page = (self.folder / "out" / PLACE / "index.html").read_text()
        assert [key for key in keys if out_file(key.encode()).sha256 not in page] == []

    def test_at_once_by_many_is_one_effect(self) -> None:
        found: list[Landed] = []
        start = threading.Barrier(12)

        def deliver() -> None:
            start.wait()
            found.append(self.make().deliver(self.outgoing()))

        threads = [threading.Thread(target=deliver) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 12
        assert len({landed.external_id for landed in found}) == 1
        assert self.effects() == 1
