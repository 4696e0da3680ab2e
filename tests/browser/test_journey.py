"""From a signed webhook to a delivered mail before a browser, through real processes."""

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import seen
from tests.house import PASSWORD, House, built

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.long]

WISH = "Please tell Marta in a short mail that guided winter tour number {} can be booked from Monday on."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running house with an owner, a client and two rules."""
    with built(tmp_path_factory.mktemp("house") / "var", "embedded") as one:
        one.start()
        one.set_up()
        yield one


@pytest.mark.parametrize(
    "page",
    [{"java_script_enabled": True}, {"java_script_enabled": False}],
    ids=["script", "no script"],
    indirect=True,
)
def test_what_a_site_posts_is_mailed_in_the_owners_own_words(page: Page, house: House) -> None:
    number = house.rows("SELECT count(*) FROM jobs_job")[0][0] + 1
    payload = {"subject": f"Tour {number}", "message": WISH.format(number)}
    assert house.post_hook("/hooks/form/enquiry/", house.secrets["enquiry"], payload)[0] < 300
    message = f"SELECT id FROM jobs_review WHERE state = 'open' AND title LIKE '%Tour {number}%'"
    ((review,),) = house.wait_for("the message", lambda: house.rows(message))

    page.goto(f"{house.url}/inbox/{review}/")
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".envelope")).to_contain_text("marta@example.com")
    page.get_by_role("link", name="Edit").click()
    page.locator("textarea[name=text]").fill(f"Hello Marta,\n\ntour {number} can be booked.")
    seen(page)
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("main")).to_contain_text(f"tour {number} can be booked")
    page.locator("summary", has_text="Approve").click()
    seen(page)
    page.get_by_role("button", name="Send it").click()

    kept = house.wait_for("the mail", lambda: mails_about(house, f"tour {number} can be booked"))
    assert len(kept) == 1
    done = f"SELECT state FROM jobs_job WHERE title = 'Tour {number}'"
    house.wait_for("the end of the job", lambda: house.rows(done) == [("completed",)])
    page.goto(f"{house.url}/jobs/")
    page.get_by_role("link", name="completed").click()
    page.locator("main a", has_text=f"Tour {number}").first.click()
    expect(page.locator("main")).to_contain_text("The message to the client is delivered")


def mails_about(house: House, text: str) -> list[Path]:
    found = []
    for path in (house.folder / "mail").glob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = mail.get_body(("plain",))
        if body is not None and text in body.get_content():
            found.append(path)
    return found
