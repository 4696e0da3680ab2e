"""What a browser needs to install Nightdesk."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from jobs.inbox import installing


@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """For everybody: a browser asks for it without its cookies."""
    return JsonResponse(installing.manifest(), content_type="application/manifest+json")
