"""Artifacts, rules, clients and the document over the API."""

import json
from pathlib import Path

import pytest

from jobs.api import schema
from jobs.lifecycle.intake import secrets_of
from jobs.models import Artifact, Client, Review, Trigger
from tests.jobs.api.conftest import Caller, problem

pytestmark = pytest.mark.django_db


def test_an_artifact_is_bytes_and_never_active_content(reader: Caller, message: Review) -> None:
    response = reader.get(f"artifacts/{Artifact.objects.get().sha256}/")
    assert response.content == b"Hello Marta"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize("sha256", ["0" * 64, "../../etc/passwd", "x"])
def test_an_artifact_that_is_not_there_is_not_found(reader: Caller, sha256: str) -> None:
    problem(reader.get(f"artifacts/{sha256}/"), "not-found", 404)


def test_bytes_that_changed_on_the_disk_are_not_given_out(reader: Caller, message: Review, tmp_path: Path) -> None:
    sha256 = Artifact.objects.get().sha256
    (tmp_path / "artifacts" / sha256[:2] / sha256).write_text("something else")
    assert "changed on the disk" in problem(reader.get(f"artifacts/{sha256}/"), "not-found", 404)["detail"]


def test_rules_are_listed_without_their_secrets(reader: Caller, trattoria: Client) -> None:
    trigger = Trigger.objects.create(name="Enquiry", slug="enquiry", source="form", client=trattoria, priority=1)
    response = reader.get("triggers/")
    (row,) = response.json()["results"]
    assert (row["slug"], row["source"], row["client"]) == ("enquiry", "form", "trattoria-lume")
    assert not [secret for secret in secrets_of(trigger) if secret in response.content.decode()]


def test_clients_are_listed(reader: Caller, trattoria: Client) -> None:
    (row,) = reader.get("clients/").json()["results"]
    assert (row["slug"], row["recipients"]) == ("trattoria-lume", ["marta@example.com"])


def test_the_document_is_there_for_everybody(db: None) -> None:
    response = Caller("").get("openapi.json")
    assert response.status_code == 200
    assert json.loads(response.content) == json.loads(schema.PATH.read_text())
