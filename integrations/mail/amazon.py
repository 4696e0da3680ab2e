"""Amazon's webhooks. They bring boto3 along, a third of a second to load: only its own mail waits for that."""

from anymail.webhooks.amazon_ses import AmazonSESInboundWebhookView, AmazonSESTrackingWebhookView


class AmazonSES(AmazonSESInboundWebhookView):  # type: ignore[misc]  # the library has no types
    """As anymail's; that there may be no shared password is made up for in `esp`."""

    warn_if_no_basic_auth = False


class AmazonSESTracking(AmazonSESTrackingWebhookView):  # type: ignore[misc]  # as above
    """Likewise."""

    warn_if_no_basic_auth = False
