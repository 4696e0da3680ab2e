"""What a person asks for, and what was found, with its time."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs.lifecycle import checkup
from jobs.models import Checkup
from tests.jobs.conftest import waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queues")]

FOUND = [{"level": "ok", "name": "shop", "says": "fine", "fix": ""}]


@pytest.fixture
def shop() -> Checkup:
    """A provider that is connected and can be tried."""
    checkup.enter("shop", cluster="deliveries", can_try=True)
    checkup.enter("disk", cluster="deliveries", place=1)
    checkup.enter("model", cluster="agents", place=2)
    return Checkup.objects.get(name="shop")


def test_what_is_wanted_is_asked_of_the_cluster_that_can(
    shop: Checkup, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        checkup.want(shop, trial=True)
    shop.refresh_from_db()
    assert shop.wanted == checkup.TRY
    assert (waiting("deliveries"), waiting("agents")) == (1, 0)


def test_what_cannot_be_tried_is_looked_at(shop: Checkup) -> None:
    disk = Checkup.objects.get(name="disk")
    checkup.want(disk, trial=True)
    disk.refresh_from_db()
    assert disk.wanted == checkup.LOOK


def test_what_cannot_be_mended_is_looked_at(shop: Checkup) -> None:
    checkup.want_mended(shop)
    shop.refresh_from_db()
    assert shop.wanted == checkup.LOOK
    checkup.enter("shop", can_mend=True)
    shop.refresh_from_db()
    checkup.want_mended(shop)
    shop.refresh_from_db()
    assert shop.wanted == checkup.MEND


def test_a_person_goes_before_the_hour(shop: Checkup) -> None:
    assert [row.name for row in checkup.due(["deliveries"])] == ["shop", "disk"]
    checkup.want(shop, trial=True)
    assert [row.name for row in checkup.due(["deliveries"])] == ["shop"]
    assert [row.name for row in checkup.due(["agents"])] == ["model"]


def test_what_is_not_connected_is_not_looked_at(shop: Checkup) -> None:
    checkup.enter("shop", is_connected=False)
    assert [row.name for row in checkup.due(["deliveries"])] == ["disk"]


def test_what_was_found_answers_who_asked(shop: Checkup) -> None:
    checkup.want(shop, trial=True)
    (row,) = checkup.due(["deliveries"])
    checkup.keep(row, FOUND, is_trial=True)
    row.refresh_from_db()
    assert (row.findings, row.wanted, row.level) == (FOUND, "", "ok")
    assert row.looked_at == row.tried_at


def test_the_worst_is_what_a_row_is(shop: Checkup) -> None:
    assert shop.level == ""
    shop.findings = [{"level": level} for level in ("ok", "fail", "warn")]
    assert shop.level == "fail"


def test_rows_of_what_is_gone_go(shop: Checkup) -> None:
    checkup.keep(shop, FOUND, is_trial=False)
    checkup.enter("shop", place=5)
    checkup.forget_others(["shop"])
    row = Checkup.objects.get()
    assert (row.name, row.place, row.findings) == ("shop", 5, FOUND), "what was found stays"
