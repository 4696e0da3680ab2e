"""The set-up page: what others found, what is missing, and a button that has them look again."""

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs.lifecycle import checkup
from jobs.models import Checkup
from tests.jobs.conftest import waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queues")]

FOUND = [
    {"level": "ok", "name": "shop", "says": "Logged in as desk.", "fix": ""},
    {"level": "fail", "name": "shop", "says": "It may not push.", "fix": "Give it Contents: write."},
]


@pytest.fixture(autouse=True)
def rows() -> None:
    """One part of this installation, one provider that is connected and one that is not."""
    checkup.enter("database", cluster="deliveries")
    checkup.enter("shop", place=1, cluster="deliveries", is_provider=True, can_try=True, about="Sells things.")
    how = "Set SHELF_TOKEN."
    checkup.enter("shelf", place=2, cluster="deliveries", is_provider=True, is_connected=False, how=how)


def test_it_shows_what_was_found_and_how_to_get_what_is_missing(client: Browser, owner: User) -> None:
    checkup.keep(Checkup.objects.get(name="shop"), FOUND, is_trial=False)
    client.force_login(owner)
    page = client.get("/setup/").content.decode()
    for words in ("Logged in as desk.", "It may not push.", "Give it Contents: write.", "mend it", "Sells things."):
        assert words in page
    assert "not looked at yet" in page
    assert "Set SHELF_TOKEN." in page
    assert "/setup/shelf/test/" not in page
    assert 'href="/setup/"' in page


def test_a_test_is_asked_of_the_cluster_that_holds_the_secret(
    client: Browser, owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client.force_login(owner)
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post("/setup/shop/test/", follow=True).content.decode()
    assert "is being tested" in page
    assert "Being tested" in page
    assert (waiting("deliveries"), waiting("agents")) == (1, 0)
    (row,) = checkup.due(["deliveries"])
    checkup.keep(row, FOUND, is_trial=True)
    page = client.get("/setup/").content.decode()
    assert "Being tested" not in page
    assert "tested <time" in page


def test_what_is_missing_is_made_on_a_click_where_it_can_be(client: Browser, owner: User) -> None:
    client.force_login(owner)
    shop = Checkup.objects.get(name="shop")
    checkup.keep(shop, FOUND, is_trial=False)
    assert "Make what is missing" not in client.get("/setup/").content.decode()
    checkup.enter("shop", can_mend=True)
    assert "/setup/shop/mend/" in client.get("/setup/").content.decode()
    assert "is being made" in client.post("/setup/shop/mend/", follow=True).content.decode()
    assert [row.wanted for row in checkup.due(["deliveries"])] == [checkup.MEND]
    assert client.post("/setup/nothing/mend/").status_code == 404
    checkup.keep(Checkup.objects.get(name="shop"), FOUND[:1], is_trial=False)
    assert "Make what is missing" not in client.get("/setup/").content.decode()


def test_the_page_is_its_owners_alone(client: Browser) -> None:
    client.force_login(User.objects.create_user("helper", password="another long password"))
    assert client.get("/setup/").status_code == 403
    assert client.post("/setup/shop/test/").status_code == 403
    assert client.post("/setup/shop/mend/").status_code == 403
    assert "/setup/" not in client.get("/inbox/").content.decode()
    assert not Checkup.objects.exclude(wanted="").exists()


def test_strangers_are_led_to_the_login(client: Browser) -> None:
    assert client.get("/setup/").headers["Location"].startswith("/login/")


def test_a_get_tests_nothing(client: Browser, owner: User) -> None:
    client.force_login(owner)
    assert client.get("/setup/shop/test/").status_code == 405
    assert client.post("/setup/nobody/test/").status_code == 404


def test_before_the_first_start_it_says_so(client: Browser, owner: User) -> None:
    Checkup.objects.all().delete()
    client.force_login(owner)
    assert "Nobody has looked yet" in client.get("/setup/").content.decode()


def test_it_begins_with_how_much_is_in_order(client: Browser, owner: User) -> None:
    checkup.keep(Checkup.objects.get(name="shop"), FOUND, is_trial=False)
    checkup.keep(Checkup.objects.get(name="database"), FOUND[:1], is_trial=False)
    client.force_login(owner)
    page = client.get("/setup/").content.decode()
    for words in ("1 to mend", "1 in order", "1 not connected", "Database"):
        assert words in page
