"""What Postmark is sent and asked is tested in test_provider.py, against its emulator."""

from django.core.mail import EmailMessage

from integrations.mail import postmark


def test_a_mail_is_marked_within_the_bounds_of_postmarks_metadata() -> None:
    mail = EmailMessage(headers={"Message-ID": f"<{'a' * 32}@studio.example>"})
    postmark.mark(mail)
    ((name, value),) = vars(mail)["metadata"].items()
    assert len(name) <= 20
    assert value == "a" * 32
