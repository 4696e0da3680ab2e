"""Looks at everything: at the same time, in seconds, with no secret in it, each by the process that can."""

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from config import checkups, probes
from config.probes import Finding, Level
from integrations import contracts, registry
from jobs.lifecycle import checkup
from jobs.models import Checkup, Client
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.emulators.slack import TOKEN as SLACK_TOKEN
from tests.emulators.slack import SlackEmulator
from tests.integrations.conftest import slack

__all__ = ["slack"]

pytestmark = pytest.mark.django_db


class Shop:
    """A provider's probe that says what it is told to."""

    slug: ClassVar[str] = "shop"
    says: ClassVar[list[contracts.Finding]] = []
    tried: ClassVar[list[str]] = []

    def __init__(self, *, token: str) -> None:
        self.token = token

    def look(self) -> list[contracts.Finding]:
        return list(self.says)

    def try_out(self) -> list[contracts.Finding]:
        self.tried.append(self.token)
        return [contracts.Finding(ok=True, says="A page was made and taken away.")]


@pytest.fixture(autouse=True)
def shop(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One provider that is connected; building a cell takes a second, and is tested elsewhere."""
    monkeypatch.setattr(probes, "PROBES", [probe for probe in probes.PROBES if probe is not probes._cell])
    monkeypatch.setitem(registry.PROBES, "shop", f"{__name__}.Shop")
    monkeypatch.delenv("NIGHTDESK_ROLE", raising=False)
    settings.PROBES = {"shop": {"token": "a-long-token"}}
    settings.REDIS_URL = ""
    monkeypatch.setattr(Shop, "says", [contracts.Finding(ok=True, says="Logged in as desk.")])
    Shop.tried.clear()


def replaced(monkeypatch: pytest.MonkeyPatch, *wanted: Callable[[], Finding]) -> None:
    """These are the only ones of this installation."""
    monkeypatch.setattr(probes, "PROBES", list(wanted))


def test_a_fresh_installation_has_no_fault() -> None:
    found = checkups.look(seconds=30)
    assert [one.name for one in found] == checkups.names()
    assert [one for one in found if one.level == Level.FAIL] == []
    assert {one.name for one in found if one.level == Level.WARN} == {"model", "mail", "repositories", "backup"}
    assert all(one.fix for one in found if one.level == Level.WARN)
    assert not any(one.fix for one in found if one.level == Level.OK)


def test_a_break_is_a_fault_and_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def _broken() -> Finding:
        raise RuntimeError("out of order")

    replaced(monkeypatch, _broken, probes._python)
    broken, python, shop = checkups.look()
    assert (broken.level, broken.name, broken.says) == (Level.FAIL, "broken", "RuntimeError: out of order")
    assert broken.fix
    assert (python.level, shop.level) == (Level.OK, Level.OK)


def test_what_keeps_quiet_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def _quiet() -> Finding:
        released.wait(60)
        return Finding(Level.OK, "quiet", "at last")

    replaced(monkeypatch, _quiet, probes._python)
    began = time.monotonic()
    quiet, python, _ = checkups.look(seconds=0.5)
    released.set()
    assert time.monotonic() - began < 30
    assert (quiet.level, quiet.says) == (Level.FAIL, "no answer in 0.5 seconds")
    assert quiet.fix
    assert python.level == Level.OK


def test_all_look_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=60)

    def _one() -> Finding:
        together.wait()
        return Finding(Level.OK, "one", "met")

    def _two() -> Finding:
        together.wait()
        return Finding(Level.OK, "two", "met")

    replaced(monkeypatch, _one, _two)
    assert [one.says for one in checkups.look(seconds=60)][:2] == ["met", "met"]


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("GITHUB_TOKEN", "ghp_abcdefgh", "ghp_abcdefgh"),
        ("EMAIL_URL", "smtps://desk:p%40ssword@mail.example.com", "p@ssword"),
        ("NIGHTDESK_FOLDER_KEY", "identity:very-secret", "very-secret"),
    ],
)
def test_no_secret_is_said(monkeypatch: pytest.MonkeyPatch, name: str, value: str, hidden: str) -> None:
    monkeypatch.setenv(name, value)
    said = contracts.Finding(ok=False, says=f"{hidden} was refused", fix=f"{value} is wrong")
    monkeypatch.setattr(Shop, "says", [said])
    (found,) = checkups.look(only="shop")
    assert hidden not in found.says + found.fix
    assert value not in found.fix
    assert found.says == "… was refused"


def test_a_right_that_is_too_wide_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = contracts.Finding(ok=True, says="It may delete repositories.", fix="Take that right from the token.")
    missing = contracts.Finding(ok=False, says="It may not push.", fix="Give it Contents: write.")
    monkeypatch.setattr(Shop, "says", [wide, missing])
    assert [one.level for one in checkups.look_at("shop")] == [Level.WARN, Level.FAIL]


def test_the_rows_are_what_there_is_to_look_at_and_to_connect() -> None:
    Checkup.objects.create(name="of an earlier version", cluster="agents")
    checkups.sync()
    rows = {row.name: row for row in Checkup.objects.all()}
    assert list(rows)[: len(checkups.names())] == checkups.names()
    assert "of an earlier version" not in rows
    assert (rows["shop"].is_provider, rows["shop"].is_connected, rows["shop"].can_try) == (True, True, True)
    assert (rows["notion"].is_provider, rows["notion"].is_connected) == (True, False)
    assert "NOTION_TOKEN" in rows["notion"].how
    assert (rows["model"].cluster, rows["shop"].cluster) == ("agents", "deliveries")


def test_each_cluster_looks_at_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    checkups.sync()
    monkeypatch.setenv("NIGHTDESK_ROLE", "agents")
    checkups.run()
    assert set(Checkup.objects.exclude(looked_at=None).values_list("name", flat=True)) == {"model", "reading"}
    monkeypatch.setenv("NIGHTDESK_ROLE", "deliveries")
    checkups.run()
    assert Checkup.objects.get(name="shop").findings == [
        {"level": "ok", "name": "shop", "says": "Logged in as desk.", "fix": ""}
    ]
    assert Checkup.objects.get(name="notion").looked_at is None
    assert Shop.tried == [], "nobody asked for that"


def test_what_notion_lacks_is_made_when_a_person_asks_for_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTION_TOKEN", TOKEN)
    notion = NotionEmulator().start()
    try:
        inbox = notion.add_source("Morning")
        home = {"token": TOKEN, "base_url": notion.url, "per_second": 1e6}
        settings.PROBES = {"notion": {**home, "review_data_source": inbox}}
        checkups.sync()
        row = Checkup.objects.get(name="notion")
        assert row.can_mend
        assert not Checkup.objects.get(name="database").can_mend
        checkup.want_mended(row)
        checkups.run()
        row.refresh_from_db()
        assert (row.wanted, row.level) == ("", "ok")
        assert row.findings[0]["says"].startswith("Added to the data source for the inbox: External ID, Digest,")
        assert "Status" in notion.sources[inbox].columns
    finally:
        notion.stop()
    assert notion.bugs() == []


def test_the_channels_of_clients_are_looked_at_by_the_table_of_clients(
    settings: Any, monkeypatch: pytest.MonkeyPatch, slack: SlackEmulator
) -> None:
    slack.add_channel("C0CLIENT1", member=False)
    Client.objects.create(name="Lume", slug="lume", slack_channel="C0CLIENT1")
    settings.CHANNELS_BY = "slack_connect"
    settings.PROBES = {"slack_connect": {"token": SLACK_TOKEN, "base_url": slack.base_url}}
    (found,) = checkups.look_at("slack_connect")
    assert (found.level, found.says) == (Level.FAIL, "Lume: the app is not in #c0client1.")
