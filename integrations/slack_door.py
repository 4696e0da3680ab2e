"""What Slack hears, whether it comes over HTTP or by Socket Mode: kept first, answered then, within three seconds.

https://docs.slack.dev/interactivity/implementing-slash-commands and https://docs.slack.dev/apis/events-api
"""

from django.conf import settings
from django.urls import reverse

from integrations import registry, slack_decisions, views
from integrations.contracts import Json, RawRequest
from integrations.slack.payloads import HANDSHAKE, INTERACTIONS
from integrations.slack.source import SlackSource, payload_of
from integrations.slack.words import escaped
from jobs.lifecycle import intake
from jobs.models import Job, Trigger
from jobs.states import Outcome


def hear(raw: RawRequest, triggers: list[Trigger]) -> Json | None:
    """Keep what Slack itself sent, and return what it is told; None where it needs nothing but to be heard.

    Raises Refusal, and the database's own errors where nothing could be kept: then Slack sends it again.
    """
    provider = registry.source(SlackSource.slug, settings.SOURCES.get(SlackSource.slug))
    accepted = views.keep(provider, raw, triggers)
    kind = accepted.receipt.kind
    if accepted.receipt.outcome == Outcome.TEST:
        return views.receipt_of(accepted)
    if kind == HANDSHAKE:
        return {"challenge": accepted.receipt.data["challenge"]}
    if kind in INTERACTIONS:
        return slack_decisions.decide(payload_of(raw))
    if kind == "command":
        return {"response_type": "ephemeral", "text": _in_words(accepted)}
    return None


def _in_words(accepted: intake.Accepted) -> str:
    """What became of a command, for the person who gave it."""
    if accepted.jobs:
        return "\n".join(f"Accepted: {_linked(job)}" for job in accepted.jobs)
    if problems := accepted.receipt.problems:
        return "\n".join(escaped(problem) for problem in problems.values())
    kept = settings.BASE_URL + reverse("inbox:receipt", args=[accepted.receipt.pk])
    return f"No rule waits for this, so nothing was opened. <{kept}|What you wrote is kept.>"


def _linked(job: Job) -> str:
    return f"<{settings.BASE_URL}{reverse('inbox:job', args=[job.uid])}|{escaped(job.title)}>"
