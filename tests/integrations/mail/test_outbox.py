"""Mails kept as files."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

from integrations.mail.outbox import EmailBackend


def mail(message_id: str = "<one@studio.example>", subject: str = "Grüße") -> EmailMessage:
    return EmailMessage(subject, "Body", "a@example.com", ["b@example.com"], headers={"Message-ID": message_id})


def test_every_mail_is_one_file_named_by_its_id(tmp_path: Path) -> None:
    backend = EmailBackend(file_path=tmp_path)
    assert backend.send_messages([mail(), mail("<two@studio.example>"), mail()]) == 3
    assert sorted(path.name for path in tmp_path.glob("*.eml")) == [
        "one@studio.example.eml",
        "two@studio.example.eml",
    ]
    index = (tmp_path / "index.txt").read_text(encoding="utf-8").splitlines()
    assert [line.partition("  ")[2] for line in index] == [
        "one@studio.example.eml  to b@example.com  Grüße",
        "two@studio.example.eml  to b@example.com  Grüße",
    ]


@pytest.mark.parametrize(
    "message_id", ["<../../etc/x@y>", "no brackets", "<>", "<.hidden@y>", "<a/b@y>", "<x@y>" * 99]
)
def test_no_id_leads_out_of_the_folder(tmp_path: Path, message_id: str) -> None:
    path = EmailBackend(file_path=tmp_path).path_of(message_id)
    assert path.parent == tmp_path
    assert len(path.name) == 68


def test_a_lost_line_of_the_index_comes_back(tmp_path: Path) -> None:
    backend = EmailBackend(file_path=tmp_path)
    backend.send_messages([mail()])
    (tmp_path / "index.txt").unlink()
    backend.send_messages([mail()])
    assert "one@studio.example.eml" in (tmp_path / "index.txt").read_text(encoding="utf-8")


def test_without_a_folder_it_says_what_to_set(settings: Any) -> None:
    settings.EMAIL_FILE_PATH = None
    with pytest.raises(ImproperlyConfigured, match="EMAIL_FILE_PATH"):
        EmailBackend()
