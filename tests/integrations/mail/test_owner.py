"""Nightdesk's own mail: to its owner and nobody else, once, in its own words."""

import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from integrations.contracts import CannotTell, DeliveryError, Outgoing
from integrations.mail.owner import OwnerMailTarget
from tests.integrations.mail.test_target import FILED, SENDER
from tests.integrations.target_contract import CREATED, OnThisMachine, TargetContract

DIGEST = {
    "date": "2026-11-24",
    "subject": "Night to 24 November: 4 done.",
    "text": "4 done.\n",
    "url": "",
    "is_bad": False,
}
ALARM = {
    "kind": "alarm",
    "title": "Morning report, 06:00:\nthe slot was missed",
    "consequence": "Nobody opened it.",
    "payload": {"fix": "manage.py doctor says why."},
    "page": "https://desk.example.com/inbox/7/",
}


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    """Mails are kept as files."""
    settings.EMAIL_BACKEND = FILED
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"


def target() -> OwnerMailTarget:
    return OwnerMailTarget(sender=SENDER, to=["owner@studio.example"])


def outgoing(key: str = "digest:owner:2026-11-24", **fields: Any) -> Outgoing:
    values = {"job_uid": "3f2a", "fields": fields, "files": [], "created_at": CREATED}
    return Outgoing(key=key, kind="notice", **values)


def mails(files: Path) -> list[EmailMessage]:
    paths = sorted(files.glob("*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]


class TestOwnerMailToFiles(OnThisMachine, TargetContract):
    kind = "notice"
    fields = {"digest": DIGEST}

    def make(self) -> OwnerMailTarget:
        return target()

    def effects(self) -> int:
        return len(mails(self.folder / "mail"))

    def nothing(self) -> Outgoing:
        return self.outgoing(fields={})

    def refused_for_good(self) -> tuple[OwnerMailTarget, Outgoing]:
        return OwnerMailTarget(sender=SENDER, to=[]), self.outgoing()


def test_the_digest_is_mailed_once(files: Path) -> None:
    notice = outgoing(digest=DIGEST)
    assert target().find(notice) is None
    landed = target().deliver(notice)
    assert target().deliver(notice) == landed == target().find(notice)
    (mail,) = mails(files)
    assert (mail["To"], mail["Subject"]) == ("owner@studio.example", DIGEST["subject"])
    body = mail.get_body(("plain",))
    assert body
    assert body.get_content().strip() == "4 done."


def test_an_alarm_says_what_and_where(files: Path) -> None:
    target().deliver(outgoing("alarm:1", review=ALARM))
    (mail,) = mails(files)
    assert mail["Subject"] == "Alarm: Morning report, 06:00: the slot was missed"
    body = mail.get_body(("plain",))
    assert body
    text = body.get_content()
    assert text.splitlines()[0] == "Nobody opened it."
    assert "https://desk.example.com/inbox/7/" in text
    assert "doctor says why" in text


def test_an_alarm_says_until_when_it_is_to_be_decided(files: Path) -> None:
    target().deliver(outgoing("alarm:1", review={**ALARM, "due_at": None}))
    target().deliver(outgoing("alarm:2", review={**ALARM, "due_at": "2026-11-27T08:00:00+01:00"}))
    said = ["Due 2026-11-27 08:00." in str(mail) for mail in mails(files)]
    assert sorted(said) == [False, True]


@pytest.mark.parametrize("kind", ["client_message", "document"])
def test_nothing_for_a_client_passes_here(kind: Any, files: Path) -> None:
    other = outgoing(digest=DIGEST).model_copy(update={"kind": kind})
    with pytest.raises(DeliveryError) as caught:
        target().deliver(other)
    assert caught.value.permanent
    assert not mails(files)


def test_a_notice_without_words_is_refused(files: Path) -> None:
    with pytest.raises(DeliveryError, match="no words"):
        target().deliver(outgoing())


def test_what_really_left_cannot_be_looked_up(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with pytest.raises(CannotTell):
        target().find(outgoing(digest=DIGEST))


def test_a_provider_that_can_be_asked_is_asked_as_late_as_for_clients(settings: Any) -> None:
    assert target().lag_seconds == 0
    settings.EMAIL_PROVIDER = "postmark"
    assert target().lag_seconds == 60
