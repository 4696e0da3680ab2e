"""The APIs that mail is fetched from are as strict as they say."""

from collections.abc import Iterator

import pytest
import requests

from tests.emulators.esp import KEYS
from tests.emulators.mail_apis import MailApis
from tests.waiting import PATIENCE


@pytest.fixture
def apis() -> Iterator[MailApis]:
    emulator = MailApis().start()
    emulator.mails["m"] = b"x"
    yield emulator
    emulator.stop()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/emails/receiving/m", {"Authorization": f"Bearer {KEYS['RESEND_API_KEY']}"}),
        ("/inbound/inboxes/7/messages/m", {"Authorization": f"Bearer {KEYS['MAILTRAP_API_TOKEN']}"}),
        ("/inbound/attachments/m", {"api-key": KEYS["BREVO_API_KEY"]}),
    ],
)
def test_only_who_has_the_key_is_answered(apis: MailApis, path: str, headers: dict[str, str]) -> None:
    assert requests.get(f"{apis.url}{path}", headers=headers, timeout=PATIENCE).status_code == 200
    assert requests.get(f"{apis.url}{path}", timeout=PATIENCE).status_code == 401
    other = path.replace("/m", "/n") if path.endswith("/m") else path
    assert requests.get(f"{apis.url}{other}", headers=headers, timeout=PATIENCE).status_code == 404


def test_a_signed_address_takes_no_other_proof(apis: MailApis) -> None:
    assert requests.get(f"{apis.url}/signed/m", timeout=PATIENCE).content == b"x"
    both = requests.get(f"{apis.url}/signed/m", headers={"Authorization": "Bearer x"}, timeout=PATIENCE)
    assert both.status_code == 400
