"""What every call has in common: its token, strict JSON in and out, and problems as problem details."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from jobs.api import problems
from jobs.api.authentication import BearerToken, HasScope, PerToken
from jobs.api.bodies import StrictJSON
from jobs.api.inputs import Strict


class OneLanguage(BaseContentNegotiation):
    """JSON, whatever a caller would rather have."""

    def select_parser(self, request: Request, parsers: list[BaseParser]) -> BaseParser | None:  # type: ignore[override]  # a list, in fact
        """The one whose type the body says it has."""
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(  # type: ignore[override]  # a list, in fact
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The only one."""
        return renderers[0], str(renderers[0].media_type)


class Call(APIView):
    """An address of the API. `scopes` says for each method which scope a token needs."""

    scopes: ClassVar[dict[str, str]] = {}
    authentication_classes = [BearerToken]
    permission_classes = [HasScope]
    throttle_classes = [PerToken]
    parser_classes = [StrictJSON]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = OneLanguage
    metadata_class = None

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response]:
        """Problem details for everything."""
        return problems.answer


@extend_schema(exclude=True)
class Nowhere(Call):
    """Any other address: a problem like the others, not a page."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whatever the method."""
        raise Http404("There is no such address. The whole list is at /api/v1/openapi.json.")


def said(inputs: type[Strict], data: Any) -> dict[str, Any]:
    """The checked values of a body or a query. Raises ValidationError."""
    given = inputs(data=data)
    given.is_valid(raise_exception=True)
    values: dict[str, Any] = given.validated_data
    return values


def found(row: Any, what: str) -> Any:
    """The row. Raises Http404 if there is none."""
    if row is None:
        raise Http404(f"There is no such {what}.")
    return row


def page(request: Request, outputs: type[Serializer[Any]], rows: list[Any], following: int | None) -> Response:
    """One page of a list, with the address of the next one."""
    query = request.query_params.copy()
    query["cursor"] = str(following)
    address = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"results": outputs(rows, many=True).data, "next": address if following else None})


def address_of(request: Request, name: str, *parts: object) -> str:
    """Where something is, as a caller asks for it."""
    return request.build_absolute_uri(reverse(f"api:{name}", args=parts))
