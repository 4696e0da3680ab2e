"""From a signed webhook to a delivered mail, a filed document and a pushed branch, through real processes."""

import email
import email.policy
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import House, Person, bare_repository, built, git

pytestmark = pytest.mark.services

ENQUIRY = {
    "subject": "Guided winter tours",
    "message": "Please draft a short article about three guided winter tours, have it reviewed, and tell us in a"
    " mail when it is ready.",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository that the houses know as `site`."""
    files = {"hours.py": "OPEN = '17-23'\n", "README.md": "# Site\n"}
    return bare_repository(tmp_path_factory.mktemp("git") / "site.git", files)


@pytest.fixture(scope="module", params=["embedded", pytest.param("scaled", marks=pytest.mark.long)])
def house(request: pytest.FixtureRequest, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running house of each size, with an owner, a client, two rules and a repository."""
    folder = tmp_path_factory.mktemp(request.param) / "var"
    with built(folder, request.param, NIGHTDESK_REPOSITORIES=f"site={site}") as one:
        one.start()
        one.set_up()
        yield one


def test_from_a_webhook_to_a_mail_and_two_files(house: House) -> None:
    person = Person(house)
    person.log_in()

    status, _ = house.post_hook("/hooks/form/enquiry/", house.secrets["enquiry"], ENQUIRY, identity="msg_1")
    assert status in {200, 201, 202}
    house.post_hook("/hooks/form/enquiry/", house.secrets["enquiry"], ENQUIRY, identity="msg_1")
    assert house.rows("SELECT count(*) FROM jobs_receipt WHERE external_id LIKE '%msg_1'") == [(1,)]
    ((job,),) = house.rows(f"SELECT id FROM jobs_job WHERE title = '{ENQUIRY['subject']}'")

    ((review, version, digest),) = house.wait_for("the message", lambda: open_reviews(house, job))
    assert not mails(house), "nothing leaves before its approval"
    house.wait_for("the documents", lambda: len(documents(house, job)) == 2)
    page = person.open(f"/inbox/{review}/")
    assert "marta@example.com" in page
    assert digest in page
    person.submit(f"/inbox/{review}/approval/")
    (mail,) = house.wait_for("the mail", lambda: mails(house))
    sent = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    assert sent["To"] == "marta@example.com"
    house.wait_for("the end of the job", lambda: state(house, job) == "completed")

    again = person.submit(f"/inbox/{review}/approval/", version=str(version), digest=digest)
    assert "Already approved" in again
    assert mails(house) == [mail]


def test_code_ends_on_a_branch_of_its_own(house: House, site: Path) -> None:
    printed = house.manage(
        "job", "Fix the opening hours in the repository site: add Sunday, 12 to 21.", "--priority=1"
    )
    job = int(re.findall(r"Job (\d+)", printed)[0])
    found = house.wait_for("the branch", lambda: open_reviews(house, job))
    assert len(found) == 1, house.rows(f"SELECT kind, title, consequence FROM jobs_review WHERE job_id = {job}")
    ((review, _, _),) = found
    ((uid,),) = house.rows(f"SELECT uid FROM jobs_job WHERE id = {job}")
    assert f"refs/heads/agent/{uuid.UUID(str(uid))}" in git(site, "for-each-ref", "--format=%(refname)").split()
    assert git(site, "log", "--format=%s", "main").strip() == "As it is"
    person = Person(house)
    person.log_in()
    person.open(f"/inbox/{review}/")
    person.submit(f"/inbox/{review}/approval/")
    house.wait_for("the end of the job", lambda: state(house, job) == "completed")


def open_reviews(house: House, job: int) -> list[tuple[Any, ...]]:
    return house.rows(f"SELECT id, version, digest FROM jobs_review WHERE job_id = {job} AND state = 'open'")


def state(house: House, job: int) -> str:
    ((found,),) = house.rows(f"SELECT state FROM jobs_job WHERE id = {job}")
    return str(found)


def mails(house: House) -> list[Path]:
    return list((house.folder / "mail").glob("*.eml"))


def documents(house: House, job: int) -> list[tuple[Any, ...]]:
    """Files that were filed for the job; each is where its delivery says."""
    landed = (
        f"SELECT external_id FROM jobs_delivery WHERE job_id = {job} AND kind = 'document' AND state = 'delivered'"
    )
    return [row for row in house.rows(landed) if (house.folder / "folder" / row[0]).is_file()]
