"""Settings that would lose work are found at the start, each with what to do."""

import pytest
from django.core.checks import Error, run_checks
from pytest_django import Settings

from jobs import checks


def test_the_settings_as_they_are_have_no_fault() -> None:
    assert not [message for message in run_checks() if (message.id or "").startswith("nightdesk")]


def test_a_worker_that_cannot_be_imported_is_named_with_its_place(settings: Settings) -> None:
    settings.WORKERS = {**settings.WORKERS, "agents": "agents.workers.gone"}
    (found,) = checks.workers_resolve(None)
    assert isinstance(found, Error)
    assert found.id == "nightdesk.E001"
    assert "agents.workers.gone" in found.msg
    assert found.hint == "Mend the path in config/queue.py."


def test_a_schedule_that_leads_nowhere_is_named_too(settings: Settings) -> None:
    settings.SCHEDULES = {"sweep": {"func": "jobs.nowhere.sweep", "cluster": "deliveries", "minutes": 1}}
    assert ["sweep: jobs.nowhere.sweep" in found.msg for found in checks.workers_resolve(None)] == [True]


def test_both_are_registered(settings: Settings) -> None:
    settings.WORKERS = {"agents": "nowhere.at.all"}
    settings.VENDOR_ADDRESSES = {"ANTHROPIC_BASE_URL": "http://models.example.com"}
    assert {message.id for message in run_checks(tags=["nightdesk"])} == {"nightdesk.E001", "nightdesk.E002"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://models.example.com",
        "http://127.0.0.1:8080",
        "http://localhost:8080/v1",
        "http://[::1]:9000",
    ],
)
def test_a_private_address_is_fine(url: str, settings: Settings) -> None:
    settings.VENDOR_ADDRESSES = {"ANTHROPIC_BASE_URL": url}
    assert checks.vendor_addresses_are_private(None) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example.com",
        "HTTP://models.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@models.example.com",
        "ftp://127.0.0.1",
        "models.example.com",
        "http://[::1",
    ],
)
def test_a_key_does_not_travel_in_the_clear(url: str, settings: Settings) -> None:
    settings.VENDOR_ADDRESSES = {"ANTHROPIC_BASE_URL": "", "GITHUB_BASE_URL": url}
    (found,) = checks.vendor_addresses_are_private(None)
    assert found.id == "nightdesk.E002"
    assert "GITHUB_BASE_URL" in found.msg
