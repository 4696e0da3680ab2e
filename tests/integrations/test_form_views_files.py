"""Files that come by a form: from people by its page, from programs in JSON."""

import base64
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from pytest_django import Settings

from integrations import form_views
from jobs import queries
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import replay
from jobs.lifecycle.intake import secrets_of
from jobs.models import Artifact, Job, Receipt, Trigger
from tests.integrations.test_form_views import FIELDS, PAGE, SAID, hidden, opened, sent, text_of, visitor
from tests.jobs.conftest import a_rule
from tests.jobs.lifecycle.test_artifact import fill_the_disk

__all__ = ["visitor"]

pytestmark = pytest.mark.django_db

PLANS = {"name": "plans", "label": "Your plans", "kind": "file"}


@pytest.fixture
def rule() -> Trigger:
    """A rule whose page asks for files too."""
    conditions = {"fields": [*FIELDS, PLANS]}
    return a_rule("ask", conditions=conditions, title_template="{name}", brief_template="{text}")


def a_file(
    name: str = "plan.pdf", content: bytes = b"%PDF-1.7", kind: str = "application/pdf"
) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def with_files(
    visitor: Browser, *files: SimpleUploadedFile, page: dict[str, str] | None = None, **said: Any
) -> Any:
    """The answer to a page that was filled in, with these files."""
    return visitor.post(PAGE, {**(page or opened(visitor)), **SAID, **said, "plans": list(files)})


def test_the_page_has_a_place_for_files_and_says_how_much_is_taken(rule: Trigger, visitor: Browser) -> None:
    text = text_of(visitor.get(PAGE))
    assert 'enctype="multipart/form-data"' in text
    assert 'name="plans" type="file" multiple' in text
    assert "Up to 10 files, 5 MB each, 10 MB together." in text
    Trigger.objects.update(conditions={"fields": FIELDS})
    assert "enctype" not in text_of(visitor.get(PAGE))


def test_files_are_kept_with_the_submission_and_named_in_the_brief(rule: Trigger, visitor: Browser) -> None:
    content = bytes(range(256)) * 4_000
    assert with_files(visitor, a_file(content=content), a_file("b.txt", b"two")).status_code == 303
    receipt, job = Receipt.objects.get(), Job.objects.get()
    rows = queries.received_with(job)
    assert [(row.name, row.media_type, row.receipt) for row in rows] == [
        ("plan.pdf", "application/pdf", receipt),
        ("b.txt", "application/pdf", receipt),
    ]
    assert artifacts.load(rows[0].sha256) == content
    assert job.brief.endswith("Your plans: plan.pdf, b.txt")
    kept = json.loads(bytes(receipt.body))
    assert kept["files"][1] == {"name": "b.txt", "size": 3, "sha256": rows[1].sha256}
    assert len(bytes(receipt.body)) < 1_000


def test_a_page_without_files_is_as_it_was(rule: Trigger, visitor: Browser) -> None:
    assert sent(visitor).status_code == 303
    assert json.loads(bytes(Receipt.objects.get().body)) == {**SAID, "plans": ""}
    assert not Artifact.objects.exists()


def test_a_page_sent_twice_is_one_submission_and_with_another_file_another(rule: Trigger, visitor: Browser) -> None:
    page = opened(visitor)
    assert [with_files(visitor, a_file(), page=page).status_code for _ in range(2)] == [303, 303]
    assert Artifact.objects.count() == 1
    text = text_of(with_files(visitor, a_file(content=b"other"), page=page), 409)
    assert "sent before" in text
    assert "Please choose this again" in text
    again = {**page, "form_token": hidden(text, "form_token")}
    assert with_files(visitor, a_file(content=b"other"), page=again).status_code == 303
    assert Receipt.objects.count() == 2


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([a_file(content=b"x" * 5_000_001)], "“plan.pdf” has 5.1 MB"),
        ([a_file(f"{n}.pdf", b"x" * 4_000_000) for n in range(3)], "The files have 12 MB together"),
        ([a_file(f"{n}.pdf", b"x") for n in range(11)], "These are 11 files"),
    ],
)
def test_too_much_is_told_and_no_typed_word_is_lost(
    rule: Trigger, visitor: Browser, files: list[SimpleUploadedFile], said: str
) -> None:
    text = text_of(with_files(visitor, *files), 400)
    assert said in text
    assert "Do you deliver?</textarea>" in text
    assert 'value="lea@example.com"' in text
    assert "Please choose this again" in text
    assert not Receipt.objects.exists()
    assert not Artifact.objects.exists()


def test_a_word_that_is_missing_asks_for_the_files_again_too(rule: Trigger, visitor: Browser) -> None:
    text = text_of(with_files(visitor, a_file(), name=""), 400)
    assert "Please fill this in." in text
    assert "Please choose this again" in text
    assert not Artifact.objects.exists()


def test_a_file_that_has_to_be_there_is_asked_for(visitor: Browser) -> None:
    a_rule("ask", conditions={"fields": [{**PLANS, "required": True}]})
    assert "Please choose a file." in text_of(with_files(visitor), 400)
    assert with_files(visitor, a_file()).status_code == 303


def test_files_nobody_asked_for_are_dropped(rule: Trigger, visitor: Browser) -> None:
    Trigger.objects.update(conditions={"fields": FIELDS})
    assert with_files(visitor, a_file()).status_code == 303
    assert not Artifact.objects.exists()


def test_what_is_beyond_all_is_refused_before_it_is_read(
    rule: Trigger, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_views, "MOST_READ_BYTES", 10_000)
    assert "go back, where your words still are" in text_of(with_files(visitor, a_file(content=b"x" * 10_000)), 413)


def test_a_full_disk_keeps_nothing_and_loses_no_word(rule: Trigger, visitor: Browser, settings: Settings) -> None:
    page = opened(visitor)
    fill_the_disk(settings)
    text = text_of(with_files(visitor, a_file(), page=page), 503)
    assert "Do you deliver?</textarea>" in text
    assert not Receipt.objects.exists()


def test_a_hostile_name_is_a_name(rule: Trigger, visitor: Browser) -> None:
    evil = '<script>alert(1)</script>"../../x.html'
    assert "<script" not in text_of(with_files(visitor, a_file(evil), name=""), 400)
    assert with_files(visitor, a_file(evil)).status_code == 303
    assert "/" not in Artifact.objects.get().name


def test_what_falls_into_the_trap_keeps_its_files_and_a_replay_finds_them(rule: Trigger, visitor: Browser) -> None:
    assert with_files(visitor, a_file(), website="https://spam.example").status_code == 303
    (step,) = replay.replay(Receipt.objects.get(), by="owner")
    assert step.job is not None
    assert [row.name for row in queries.received_with(step.job)] == ["plan.pdf"]


def test_a_program_sends_files_in_json(rule: Trigger, settings: Settings) -> None:
    file = {"name": "plan.pdf", "media_type": "application/pdf", "base64": base64.b64encode(b"%PDF").decode()}
    headers = {"authorization": f"Bearer {secrets_of(rule)[1]}"}

    def posted(*files: Any) -> Any:
        body = json.dumps({**SAID, "files": list(files)})
        return Browser().post(PAGE, body, content_type="application/json", headers=headers)

    assert [posted(file).status_code for _ in range(2)] == [202, 200]
    row = Artifact.objects.get()
    assert (row.name, row.media_type, artifacts.load(row.sha256)) == ("plan.pdf", "application/pdf", b"%PDF")
    assert Receipt.objects.get().data["files"] == ["plan.pdf"]
    refusal = posted(*[{**file, "name": f"{n}.pdf"} for n in range(11)])
    assert (refusal.status_code, refusal.json()["error"]) == (413, "too_large")
    assert posted({**file, "base64": "!"}).json()["detail"].startswith("File 1 is not base64")
    fill_the_disk(settings)
    assert posted({**file, "base64": "AAAA"}).status_code == 503
    assert Receipt.objects.count() == 1
