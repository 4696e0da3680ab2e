"""A hundred jobs while a random worker is killed every second: every job finishes, every effect is there once."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import SIZES, House, Person, bare_repository, built, git

pytestmark = [pytest.mark.services, pytest.mark.long]

JOBS = 100
MAILS = 10
BRANCHES = 5
KILL_EVERY_SECONDS = 1.0
JOBS_ARRIVE_SECONDS = 30.0
MAIL = "Please tell Marta in a short mail that guided winter tour number {} can be booked from Monday on."


@pytest.mark.parametrize("size", SIZES)
def test_every_job_finishes_and_every_effect_is_there_once(size: str, tmp_path: Path) -> None:
    site = bare_repository(tmp_path / "site.git", {"hours.py": "OPEN = '17-23'\n"})
    settings = {
        "NIGHTDESK_REPOSITORIES": f"site={site}",
        "NIGHTDESK_ORCHESTRATE_EVERY": "1s",
    }
    with built(tmp_path / "var", size, **settings) as house:
        house.start()
        house.set_up()
        with killing(house) as killed:
            open_jobs(house)
            house.wait_for("the end of all thinking", lambda: not working(house), seconds=300)
            approve_everything(house)
            house.wait_for("the end of all work", lambda: not working(house), seconds=120)
        assert len(killed) > JOBS_ARRIVE_SECONDS / 2
        assert house.counts("jobs_job") == {"completed": JOBS}
        assert house.counts("jobs_delivery").keys() == {"delivered"}
        check_effects(house, site)


def open_jobs(house: House) -> None:
    """Most are internal drafts; some end in a mail, some on a branch. They arrive while the workers are killed."""
    pause, never = JOBS_ARRIVE_SECONDS / JOBS, threading.Event()
    for number in range(JOBS):
        never.wait(pause)
        kind, text = "ticket", f"Draft a short note about tour {number}."
        if number % 10 == 0:
            kind, text = "enquiry", MAIL.format(number)
        elif number % 20 == 1:
            text = f"Fix bug {number} in the repository site."
        payload = {"summary": text, "text": text, "subject": text, "message": text}
        path = f"/hooks/{'form' if kind == 'enquiry' else 'standard'}/{kind}/"
        assert house.post_hook(path, house.secrets[kind], payload)[0] < 300


@contextlib.contextmanager
def killing(house: House) -> Iterator[list[int]]:
    """Inside, one process of a cluster, whichever it is, is killed every second."""
    chance, done, killed = random.Random(7), threading.Event(), list[int]()

    def kill() -> None:
        while not done.wait(KILL_EVERY_SECONDS):
            clusters = house.pids(having="Q_CLUSTER_NAME=")
            if clusters:
                killed.append(chance.choice(clusters))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


def approve_everything(house: House) -> None:
    person = Person(house)
    person.log_in()
    for (review,) in house.rows("SELECT id FROM jobs_review WHERE state = 'open'"):
        person.open(f"/inbox/{review}/")
        person.submit(f"/inbox/{review}/approval/")


def working(house: House) -> bool:
    """Whether anything still goes on by itself."""
    jobs, deliveries = house.counts("jobs_job"), house.counts("jobs_delivery")
    return bool(jobs.keys() & {"pending", "in_progress"} or deliveries.keys() & {"pending", "sending", "unknown"})


def check_effects(house: House, site: Path) -> None:
    documents = house.rows("SELECT external_id FROM jobs_delivery WHERE kind = 'document'")
    placed = [path for path in (house.folder / "folder").glob("2*/*/*") if path.is_file()]
    files = [path for path in placed if path.name != "index.html"]
    assert {row[0] for row in documents} == {str(path.relative_to(house.folder / "folder")) for path in files}
    assert len(documents) == len(files)
    sent = house.rows("SELECT count(*) FROM jobs_delivery WHERE kind = 'client_message'")
    assert sent == [(len(list((house.folder / "mail").glob("*.eml"))),)]
    assert sent[0][0] >= MAILS
    pushed = house.rows("SELECT external_id FROM jobs_delivery WHERE kind = 'branch'")
    refs = git(site, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/agent").splitlines()
    assert {row[0] for row in pushed} == {line.split()[0] for line in refs}
    assert len(refs) == BRANCHES
    # A turn that was paid is never asked for again.
    assert house.rows(
        "SELECT count(*) FROM (SELECT 1 FROM jobs_turn GROUP BY run_id, ask_digest HAVING count(*) > 1) x"
    ) == [(0,)]
