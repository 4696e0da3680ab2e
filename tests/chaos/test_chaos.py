"""A hundred jobs while a random worker is killed every second: every job finishes, every effect is there once."""

import threading
from pathlib import Path

import pytest

from tests.house import SIZES, House, Person, bare_repository, built, git, killing

pytestmark = [pytest.mark.services, pytest.mark.long]

JOBS = 100
MAILS = 10
BRANCHES = 5
KILL_EVERY_SECONDS = 1.0
JOBS_ARRIVE_SECONDS = 30.0
# What was set aside and started again may end in something to decide, and be set aside once more.
MORNINGS = 4
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
        with killing(house, every=KILL_EVERY_SECONDS) as killed:
            open_jobs(house)
            house.wait_for("the end of all thinking", lambda: not working(house), seconds=300)
            for _ in range(MORNINGS):
                decide_everything(house)
                house.wait_for("the end of all work", lambda: not working(house), seconds=120)
        assert len(killed) > JOBS_ARRIVE_SECONDS / 2
        assert house.counts("jobs_job") == {"completed": JOBS}, story_of_the_failed(house)
        assert house.counts("jobs_delivery").keys() == {"delivered"}
        check_effects(house, site)


def story_of_the_failed(house: House) -> str:
    failed = "SELECT id FROM jobs_job WHERE state <> 'completed'"
    lines = house.rows(
        f"SELECT at, name, source, noun, row, data FROM jobs_event WHERE job_id IN ({failed}) ORDER BY id"
    )
    return "\n".join(" ".join(map(str, line)) for line in lines)


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


def decide_everything(house: House) -> None:
    """As its owner does: yes to what waits, and what chance killed three times in a row starts again."""
    person = Person(house)
    person.log_in()
    for review, kind, payload in house.rows("SELECT id, kind, payload FROM jobs_review WHERE state = 'open'"):
        is_failure = kind == "failure"
        assert not is_failure or "its process died each time" in str(payload), payload
        person.open(f"/inbox/{review}/")
        person.submit(f"/inbox/{review}/{'retry' if is_failure else 'approval'}/")


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
