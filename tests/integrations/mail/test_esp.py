"""How each provider is read is tested through the webhook, in tests/integrations/test_mail_views.py."""

from anymail import urls as anymail_urls

from integrations.mail.esp import PROVIDERS


def test_every_provider_whose_mail_anymail_reads_is_there() -> None:
    names = {str(pattern.name) for pattern in anymail_urls.urlpatterns}
    inbound = {name.removesuffix("_inbound_webhook") for name in names if name.endswith("_inbound_webhook")}
    # Sendinblue is the former name of Brevo; Mandrill has one address for all of its events.
    assert set(PROVIDERS) == inbound - {"sendinblue"} | {"mandrill"}
