"""What the set-up page is told of the places that are told of jobs."""

from collections.abc import Iterator

import pytest

from integrations.webhook.probe import TEST, WebhookProbe
from tests.emulators.webhook import KEY, WebhookEmulator
from tests.house import free_port

OTHER_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture
def crm() -> Iterator[WebhookEmulator]:
    emulator = WebhookEmulator().start()
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


def probe(crm: WebhookEmulator) -> WebhookProbe:
    """Three places: one in order, one with another key, one where nobody is."""
    shop, away = f"{crm.url}/hook", f"http://127.0.0.1:{free_port()}/"
    options = [("crm", shop, KEY), ("shop", shop, OTHER_KEY), ("away", away, KEY)]
    return WebhookProbe(places=[{"place": name, "url": url, "secret": key} for name, url, key in options])


def test_a_look_sends_nothing_and_says_who_answers(crm: WebhookEmulator) -> None:
    found = probe(crm).look()
    assert [one.ok for one in found] == [True, True, False]
    assert found[0].says == "crm: 127.0.0.1 answers"
    assert found[2].says.startswith("away gave no answer (ConnectionRefusedError")
    assert "NIGHTDESK_WEBHOOKS" in found[2].fix
    assert not crm.journal
    assert KEY not in repr(found)


def test_a_try_sends_each_place_a_signed_test(crm: WebhookEmulator) -> None:
    found = probe(crm).try_out()
    assert [(one.ok, one.says) for one in found[:2]] == [
        (True, "crm answered 202"),
        (False, "shop answered 401."),
    ]
    (said,) = crm.messages.values()
    assert (said["type"], said["data"]) == (TEST, {"event": 0})
