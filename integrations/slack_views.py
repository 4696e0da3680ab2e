"""The address that Slack posts to: its commands, events and interactions."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import slack_door
from integrations.contracts import Source
from integrations.slack.source import SlackSource
from integrations.views import answered, proven


@csrf_exempt
@require_POST
def hook(request: HttpRequest) -> HttpResponse:
    """What Slack needs to hear: 200, with words for a command; else what is wrong with it."""
    return answered(SlackSource.slug, lambda provider: _heard(provider, request))


def _heard(provider: Source, request: HttpRequest) -> HttpResponse:
    said = slack_door.hear(*proven(provider, request))
    return HttpResponse() if said is None else JsonResponse(said)
