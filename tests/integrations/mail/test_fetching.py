"""What is fetched is tested through the webhook, in tests/integrations/test_mail_views.py; here are its bounds."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from integrations.mail import fetching
from integrations.mail.resend import Resend
from tests.emulators.esp import KEYS, PASSWORD
from tests.emulators.mail_apis import MailApis


@pytest.fixture
def apis(settings: Settings) -> Iterator[MailApis]:
    emulator = MailApis().start()
    settings.ANYMAIL = {"WEBHOOK_SECRET": [PASSWORD], "RESEND_API_URL": emulator.url, **KEYS}
    yield emulator
    emulator.stop()


@pytest.mark.parametrize("answer", [{"body": []}, {"raw": b"<html>"}, {"body": {"raw": None}}, {"status": 500}])
def test_an_answer_that_is_none_means_later(apis: MailApis, answer: dict[str, Any]) -> None:
    apis.fault("GET /emails", "status", **answer)
    with pytest.raises(fetching.Unfetched):
        Resend()._fetch_inbound_email("m-1")


def test_a_silent_provider_is_given_up(apis: MailApis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", (0.2, 0.2))
    apis.mails["m-1"] = b"x"
    apis.fault("GET /emails", "stall", seconds=30)
    with pytest.raises(fetching.Unfetched):
        Resend()._fetch_inbound_email("m-1")


def test_no_more_than_the_limit_is_read(apis: MailApis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 100_000)
    apis.mails["m-1"] = b"x" * 1_000_000
    with pytest.raises(fetching.Unfetched, match="100000"):
        Resend()._fetch_inbound_email("m-1")
