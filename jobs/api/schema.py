"""The document that describes the API (OpenAPI 3), made from the code, with a schema for every problem."""

import json
from pathlib import Path
from typing import Any

from django.urls import include, path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from jobs.api import inputs, problems

PATH = Path(__file__).parent / "openapi.json"

_ALWAYS = ("not-authenticated", "not-permitted", "not-encrypted", "too-many-calls", "internal", "unavailable")
_WITH_QUERY = ("invalid",)
_WITH_PATH = ("not-found",)
_WITH_BODY = (
    "malformed",
    "invalid",
    "stale",
    "refused",
    "too-large",
    "unsupported-media-type",
    "key-reused",
)
_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="The same call again with the same key changes nothing and hears the same answer, for a day.",
)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """How a caller proves itself."""

    target_class = "jobs.api.authentication.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "Made in the engine room: nd_api_…"}


class CallSchema(AutoSchema):
    """Adds to each operation what calls have in common."""

    def get_override_parameters(
        self,
    ) -> list[OpenApiParameter | serializers.Serializer[Any] | type[serializers.Serializer[Any]]]:
        """A POST takes an Idempotency-Key."""
        return [_KEY] if self.method == "POST" else []

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation with every problem that it may answer."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        places = {parameter["in"] for parameter in operation.get("parameters", [])}
        names = set(_ALWAYS)
        names.update(_WITH_QUERY if "query" in places else ())
        names.update(_WITH_PATH if "path" in places else ())
        names.update(_WITH_BODY if self.method == "POST" else ())
        operation["responses"].update(_responses(names))
        return operation


def document() -> dict[str, Any]:
    """The whole description."""
    generator = SchemaGenerator(patterns=[path("api/v1/", include("jobs.api.urls"))])  # type: ignore[no-untyped-call]  # the library's
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # the library's
    return made


def written() -> str:
    """The description as the committed file has it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def page_of(row: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """A page of a list."""
    following = serializers.URLField(allow_null=True, help_text="The next page; null on the last.")
    page: serializers.Serializer[Any] = inline_serializer(
        f"{row.__name__.removesuffix('Out')}Page", {"results": row(many=True), "next": following}
    )
    return page


def finish(result: dict[str, Any], **around: Any) -> dict[str, Any]:
    """Add the problems' schemas, and that inputs have no other names than theirs."""
    schemas = result["components"]["schemas"]
    for name in inputs.__dict__:
        if name in schemas:
            schemas[name]["additionalProperties"] = False
    for kind in problems.KINDS.values():
        schemas[_component(kind)] = _schema(kind)
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _responses(names: set[str]) -> dict[str, Any]:
    kinds = [kind for name, kind in problems.KINDS.items() if name in names]
    found: dict[str, Any] = {}
    for status in sorted({kind.status for kind in kinds}):
        same = [kind for kind in kinds if kind.status == status]
        refs = [{"$ref": f"#/components/schemas/{_component(kind)}"} for kind in same]
        schema = refs[0] if len(refs) == 1 else {"oneOf": refs}
        found[str(status)] = {
            "description": ". Or: ".join(kind.title for kind in same) + ".",
            "content": {problems.MEDIA_TYPE: {"schema": schema}},
        }
    return found


def _component(kind: problems.Kind) -> str:
    return "Problem" + "".join(part.title() for part in kind.name.split("-"))


def _schema(kind: problems.Kind) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "type": {"type": "string", "enum": [kind.type]},
        "title": {"type": "string"},
        "status": {"type": "integer", "enum": [kind.status]},
        "detail": {"type": "string", "description": "What to do."},
    }
    if kind.name == "invalid":
        complaint = {"pointer": {"type": "string"}, "detail": {"type": "string"}}
        properties["errors"] = {
            "type": "array",
            "items": {"type": "object", "properties": complaint, "required": ["pointer", "detail"]},
        }
    required = ["type", "title", "status", "detail"]
    return {"type": "object", "description": kind.title + ".", "properties": properties, "required": required}
