"""Whether a request is one that GitHub's own description allows: query, path and body.

`github_openapi.json.gz` is a slice of GitHub's description as @octokit/openapi 23.0.2 publishes it (MIT License,
Copyright (c) 2020 Octokit contributors): the requests of the operations that are served here, without prose and
answers.
"""

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError

from tests.emulators.kit import Req

_SLICE = Path(__file__).with_name("github_openapi.json.gz")
# A ref and a file's path may hold slashes, which a path parameter of the description cannot.
_REF = re.compile(r"(/repos/[^/]+/[^/]+/(?:git/refs?|branches|commits|contents)/)(.*?)(/check-runs|/status)?")
# The description knows one form of it; GitHub takes the bare list too, and that is what PyGithub sends.
_LABELS = re.compile(r"POST /repos/[^/]+/[^/]+/issues/\d+/labels")


class _Asked:
    """The request in the words of openapi-core."""

    def __init__(self, req: Req) -> None:
        self.host_url = "https://api.github.com"
        ref = _REF.fullmatch(req.path)
        self.path = f"{ref[1]}ref{ref[3] or ''}" if ref else req.path
        self.method = req.method.lower()
        self.parameters = RequestParameters(query={name: values[-1] for name, values in req.query.items()})
        self.content_type = "application/json"
        self.body = _body(req)


def problems(req: Req) -> list[str]:
    """What GitHub's description says against the request; empty if nothing."""
    found = [f"unknown in the query: {name}" for name in req.query.keys() - _known(req, "query")]
    found += [f"unknown in the body: {name}" for name in _keys(req) - _known(req, "body")]
    try:
        _description().validate_request(_Asked(req))
    except OpenAPIError as error:
        found.append(f"{type(error).__name__}: {error.__cause__ or error}")
    return found


def _body(req: Req) -> bytes | None:
    if _LABELS.fullmatch(f"{req.method} {req.path}") and req.body.startswith(b"["):
        return b'{"labels": ' + req.body + b"}"
    return req.body or None


def _keys(req: Req) -> set[str]:
    """The top level of the body; GitHub overlooks what it does not know, we do not."""
    try:
        body = json.loads(_body(req) or b"{}")
    except ValueError:
        return set()
    return set(body) if isinstance(body, dict) else set()


def _known(req: Req, place: str) -> set[str]:
    operation = _operation(req)
    if place == "query":
        given = [_resolved(one) for one in operation.get("parameters", [])]
        return {one["name"] for one in given if one["in"] == "query"}
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {name for one in _alternatives(schema) for name in one.get("properties", {})}


def _alternatives(schema: Any) -> Iterator[Any]:
    yield schema
    for way in ("oneOf", "anyOf", "allOf"):
        yield from schema.get(way, [])


def _operation(req: Req) -> Any:
    path = _Asked(req).path
    for pattern, operations in _document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and req.method.lower() in operations:
            return operations[req.method.lower()]
    return {}


def _resolved(part: Any) -> Any:
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    return _document()["components"][kind][name]


@cache
def _document() -> Any:
    return json.loads(gzip.decompress(_SLICE.read_bytes()))


@cache
def _description() -> OpenAPI:
    return OpenAPI.from_dict(_document())
