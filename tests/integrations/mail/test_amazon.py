"""How its mail is read is tested through the webhook, in tests/integrations/test_mail_views.py."""

from pytest_django import Settings

from integrations.mail.amazon import AmazonSES


def test_it_may_be_without_a_shared_password_and_warns_nobody(settings: Settings) -> None:
    settings.ANYMAIL = {}
    assert AmazonSES().basic_auth == []
