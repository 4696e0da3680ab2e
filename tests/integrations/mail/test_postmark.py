"""What Postmark is sent and asked is tested in test_provider.py, against its emulator."""

import pytest
from django.core.mail import EmailMessage

from integrations.mail import postmark


@pytest.mark.parametrize(("key", "is_told"), [("job-1:1:0:1", True), ("k" * 80, True), ("k" * 81, False)])
def test_a_mail_is_marked_within_the_bounds_of_postmarks_metadata(key: str, is_told: bool) -> None:
    mail = EmailMessage(headers={"Message-ID": f"<{'a' * 32}@studio.example>"})
    postmark.mark(mail, key=key, by="mail")
    metadata = vars(mail)["metadata"]
    assert all(len(name) <= 20 and len(value) <= 80 for name, value in metadata.items())
    assert metadata["nightdesk"] == "a" * 32
    assert metadata["nightdesk_by"] == "mail"
    assert (metadata.get("nightdesk_key") == key) is is_told
