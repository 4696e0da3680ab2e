"""The document: equal to the code, whole, and believed by calls made from it."""

import pytest
from django.urls import URLPattern

from jobs.api import problems, schema
from jobs.api.urls import urlpatterns


def test_the_committed_document_is_the_code() -> None:
    assert schema.PATH.read_text() == schema.written(), "run manage.py openapi"


def test_the_code_can_be_described_without_a_guess(capfd: pytest.CaptureFixture[str]) -> None:
    schema.document()
    assert capfd.readouterr().err == ""


def test_every_address_is_described() -> None:
    described = {
        path.removeprefix("/api/v1/").replace("{", "<").replace("}", ">") for path in schema.document()["paths"]
    }
    routes = [str(entry.pattern) for entry in urlpatterns if isinstance(entry, URLPattern)]
    written = {route.replace("uuid:", "").replace("int:pk", "id") for route in routes if not route.startswith("^")}
    assert written - {"openapi.json", ""} <= described
    assert "artifacts/<sha256>/" in described


def test_every_problem_has_a_schema() -> None:
    schemas = schema.document()["components"]["schemas"]
    kinds = {
        found["properties"]["type"]["enum"][0] for name, found in schemas.items() if name.startswith("Problem")
    }
    assert kinds == {kind.type for kind in problems.KINDS.values()}


def test_every_operation_names_its_problems_and_its_proof() -> None:
    for path, operations in schema.document()["paths"].items():
        for method, operation in operations.items():
            assert operation["security"] == [{"token": []}]
            wanted = {"401", "403", "429", "500", "503"} | ({"404"} if "{" in path else set())
            wanted |= {"400", "409", "413", "415", "422"} if method == "post" else set()
            assert wanted <= set(operation["responses"]), (method, path)


def test_every_post_takes_a_key() -> None:
    for operations in schema.document()["paths"].values():
        if "post" in operations:
            names = [parameter["name"] for parameter in operations["post"]["parameters"]]
            assert "Idempotency-Key" in names
