"""Notion's door: the handshake is kept for the owner, events are believed by their signature alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from jobs import dispatch
from jobs.models import Receipt
from tests.emulators.notion import BOT
from tests.emulators.notion_hooks import VERIFICATION_TOKEN, event, handshake, signature

pytestmark = pytest.mark.django_db

PERSON = "a0000000-0000-4000-8000-000000000001"


def post(body: bytes, **headers: str) -> Any:
    return Browser().post("/hooks/notion/", body, content_type="application/json", headers=headers)


@pytest.fixture
def calls(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, int]]]:
    """What clusters are asked to call; Notion signs with its token."""
    settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "notion": [VERIFICATION_TOKEN]}
    asked: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr(dispatch, "async_task", lambda function, cluster, **given: asked.append((function, given)))
    return asked


def test_the_token_of_the_handshake_lies_where_only_its_owner_reads(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "notion": []}
    assert post(handshake()).status_code == 200
    kept = tmp_path / "notion" / "verification_token"
    assert kept.read_text() == VERIFICATION_TOKEN
    assert kept.stat().st_mode & 0o077 == 0
    assert not Receipt.objects.exists()
    assert post(event(None, by=PERSON)).status_code == 401


def test_once_there_is_a_secret_no_handshake_is_heard(
    settings: Any, tmp_path: Path, calls: list[tuple[str, dict[str, int]]]
) -> None:
    settings.VAR = tmp_path
    assert post(handshake("secret_of_somebody_else")).status_code == 401
    assert list(tmp_path.iterdir()) == []


def test_an_event_leaves_a_receipt_and_has_its_row_looked_at_once(calls: list[tuple[str, dict[str, int]]]) -> None:
    body = event(None, by=PERSON)
    headers = {"X-Notion-Signature": signature(body)}
    answers = [post(body, **headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    receipt = Receipt.objects.get()
    assert (receipt.source, receipt.data["page"]) == ("notion", json.loads(body)["entity"]["id"])
    assert calls == [("integrations.decisions.heard", {"receipt": receipt.pk})]


@pytest.mark.parametrize("sign", ["", "sha256=" + "0" * 64, signature(b"other")])
def test_what_is_not_signed_is_refused(calls: list[tuple[str, dict[str, int]]], sign: str) -> None:
    assert post(event(None, by=PERSON), **{"X-Notion-Signature": sign}).status_code == 401
    assert not Receipt.objects.exists()
    assert calls == []


def test_what_nightdesk_did_itself_opens_nothing(calls: list[tuple[str, dict[str, int]]]) -> None:
    body = event(None, by=BOT)
    assert post(body, **{"X-Notion-Signature": signature(body)}).status_code == 202
    assert Receipt.objects.get().outcome == "ignored"
