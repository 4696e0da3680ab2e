"""The rest: artifacts, rules, clients, and the document that describes it all."""

from pathlib import Path

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import queries
from jobs.api import inputs
from jobs.api.calls import Call, found, page, said
from jobs.api.schema import PATH, page_of
from jobs.api.serializers import ClientOut, TriggerOut
from jobs.lifecycle import artifact as artifacts
from jobs.models.token import READ


class ArtifactBytes(Call):
    """The bytes of one artifact."""

    scopes = {"GET": READ}

    @extend_schema(operation_id="get_artifact", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, sha256: str) -> HttpResponse:
        """Read an artifact: its bytes, checked against their sum, never as active content."""
        row = found(queries.artifact(sha256), "artifact")
        try:
            content = artifacts.load(row.sha256)
        except (artifacts.Corrupt, FileNotFoundError) as error:
            raise Http404(f"Its bytes are not there any more: {error}") from error
        response = HttpResponse(content, content_type="application/octet-stream")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Disposition"] = "attachment"
        return response


class Triggers(Call):
    """The owner's rules."""

    scopes = {"GET": READ}

    @extend_schema(operation_id="list_triggers", parameters=[inputs.Paged], responses=page_of(TriggerOut))
    def get(self, request: Request) -> Response:
        """List the rules, oldest first."""
        query = said(inputs.Paged, request.query_params)
        rows, following = queries.triggers(after=query.get("cursor"))
        return page(request, TriggerOut, rows, following)


class Clients(Call):
    """Whom work is for."""

    scopes = {"GET": READ}

    @extend_schema(operation_id="list_clients", parameters=[inputs.Paged], responses=page_of(ClientOut))
    def get(self, request: Request) -> Response:
        """List the clients, oldest first."""
        query = said(inputs.Paged, request.query_params)
        rows, following = queries.clients(after=query.get("cursor"))
        return page(request, ClientOut, rows, following)


@extend_schema(exclude=True)
class Document(Call):
    """This description, for whoever asks: it names no secret."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    def get(self, request: Request) -> HttpResponse:
        """The committed document; a test keeps it equal to the code."""
        return HttpResponse(Path(PATH).read_bytes(), content_type="application/json")
