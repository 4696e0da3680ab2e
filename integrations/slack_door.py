"""What Slack hears, whether it comes over HTTP or by Socket Mode: kept first, answered then, within three seconds.

https://docs.slack.dev/interactivity/implementing-slash-commands and https://docs.slack.dev/apis/events-api
"""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations import reception, registry, slack_decisions, views
from integrations.contracts import Incoming, Json, RawRequest
from integrations.slack.payloads import HANDSHAKE, INTERACTIONS
from integrations.slack.source import SlackSource, payload_of
from integrations.slack.words import escaped
from jobs.lifecycle import arrival, intake
from jobs.models import Job, Trigger
from jobs.states import Outcome


def hear(raw: RawRequest, triggers: list[Trigger]) -> Json | None:
    """Keep what Slack itself sent, and return what it is told; None where it needs nothing but to be heard.

    Raises Refusal, and the database's own errors where nothing could be kept: then Slack sends it again.
    """
    provider = registry.source(SlackSource.slug, settings.SOURCES.get(SlackSource.slug))
    incoming = provider.parse(raw)
    if incoming.kind in INTERACTIONS:
        kept = reception.keep(provider, raw, incoming, triggers)
        is_test = kept.receipt.outcome == Outcome.TEST
        return views.receipt_of(kept) if is_test else slack_decisions.decide(payload_of(raw))
    return _said(incoming, reception.receive(provider, raw, incoming, triggers))


def _said(incoming: Incoming, kept: intake.Accepted | arrival.Waiting) -> Json | None:
    """What the sender needs to hear of an event that is kept."""
    if isinstance(kept, intake.Accepted) and kept.receipt.outcome == Outcome.TEST:
        return views.receipt_of(kept)
    if incoming.kind == HANDSHAKE:
        return {"challenge": incoming.data["challenge"]}
    if incoming.kind == "command":
        return {"response_type": "ephemeral", "text": _in_words(kept)}
    return None


def _in_words(kept: intake.Accepted | arrival.Waiting) -> str:
    """What became of a command, for the person who gave it."""
    if isinstance(kept, arrival.Waiting):
        return _("Accepted: it is kept, and read in a moment.")
    if kept.jobs:
        return "\n".join(_("Accepted: {job}").format(job=_linked(job)) for job in kept.jobs)
    if problems := kept.receipt.problems:
        return "\n".join(escaped(problem) for problem in problems.values())
    address = settings.BASE_URL + reverse("inbox:receipt", args=[kept.receipt.pk])
    kept_here = _("What you wrote is kept.")
    return _("No rule waits for this, so nothing was opened.") + f" <{address}|{kept_here}>"


def _linked(job: Job) -> str:
    return f"<{settings.BASE_URL}{reverse('inbox:job', args=[job.uid])}|{escaped(job.title)}>"
