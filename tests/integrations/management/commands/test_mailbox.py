"""What the listener does is tested in tests/integrations/test_polling.py, at a real server."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mailbox", "said"),
    [({}, "Set IMAP_URL"), ({"url": "imap://user:x@mail.example.com"}, "in the clear")],
)
def test_a_mailbox_that_is_not_set_up_is_named(settings: Settings, mailbox: dict[str, str], said: str) -> None:
    settings.MAILBOX = mailbox
    with pytest.raises(CommandError, match=said):
        call_command("mailbox")
