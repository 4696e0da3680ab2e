from email.message import EmailMessage

import pytest

from integrations.contracts import Incoming
from integrations.mail import replies
from integrations.mail.reading import Envelope, Reader
from tests.integrations.mail.mails import AUTHSERV, a_mail, cpython_mails, with_files

READER = Reader(own=["desk@example.com"], authserv_ids=[AUTHSERV])
UID = "3f2a9c1e-0000-4000-8000-000000000001"


def read(raw: bytes, envelope: Envelope | None = None) -> Incoming:
    return READER.read(None, envelope or Envelope(), raw=raw)


def test_a_mail_is_read() -> None:
    data = read(a_mail(Cc="tom@example.com", Reply_To="office@example.com")).data
    assert (data["from"], data["from_name"], data["reply_to"]) == (
        "marta@example.com",
        "Marta Lume",
        "office@example.com",
    )
    assert (data["to"], data["cc"]) == (["desk@example.com"], ["tom@example.com"])
    assert (data["subject"], data["text"], data["verified"]) == ("Autumn menu", "Please call me back.", True)


def test_quotes_are_left_out_of_the_text_and_kept_in_the_full_one() -> None:
    answer = "Yes.\n\nOn Monday, Desk wrote:\n> Shall we?\n"
    answered = read(a_mail(answer, In_Reply_To="<a@example.com>")).data
    assert (answered["text"], "Shall we?" in answered["full_text"]) == ("Yes.", True)
    assert read(a_mail(answer)).data["text"] == answer.strip()
    forwarded = read(a_mail(answer, In_Reply_To="<a@example.com>", Subject="Fwd: this")).data
    assert forwarded["text"] == answer.strip()
    assert read(a_mail(answer), Envelope(stripped="Their yes.")).data["text"] == "Their yes."


def test_files_come_along_and_html_is_the_text_where_there_is_no_other() -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "marta@example.com", "x"
    mail.set_content("<p>Only <b>this</b></p>", subtype="html")
    mail.add_attachment(b"soup", maintype="image", subtype="png", filename="Menü.png")
    incoming = read(mail.as_bytes())
    assert incoming.data["text"] == "Only this"
    assert [(file.name, file.media_type, file.content) for file in incoming.files] == [
        ("Menü.png", "image/png", b"soup")
    ]
    assert incoming.data["attachments"] == ["Menü.png"]


def test_a_mail_without_words_still_has_a_text() -> None:
    assert read(a_mail("")).data["text"] == "Autumn menu"
    assert read(a_mail("", Subject=None)).data["text"] == "(The mail has no text.)"


def test_an_answer_carries_the_job_that_its_address_names() -> None:
    address = replies.address_for(UID, "desk@example.com")
    for incoming in (
        read(a_mail(To=address)),
        read(a_mail(Delivered_To=address)),
        read(a_mail(), Envelope(recipient=f"<{address}>")),
    ):
        assert (incoming.answers, incoming.data["answers"]) == (UID, UID)
    assert read(a_mail(Subject=f"Re: {UID}", In_Reply_To="<x@example.com>")).answers == ""


def test_what_an_answer_to_it_needs_is_kept() -> None:
    thread = read(a_mail(References="<a@x.example> <b@x.example>")).data["thread"]
    assert thread == {
        "source": "mail",
        "message_id": "<menu-1@example.com>",
        "references": ["<a@x.example>", "<b@x.example>", "<menu-1@example.com>"],
        "with": "marta@example.com",
    }
    assert read(a_mail(Message_ID=None)).data["thread"] == {}


def test_the_same_mail_has_the_same_id_by_whichever_way_and_another_has_not() -> None:
    first = read(a_mail()).external_id
    assert read(a_mail(Received="from here by there", X_Spam="no")).external_id == first
    assert read(a_mail().replace(b"\n", b"\r\n")).external_id == first
    assert first.startswith("<menu-1@example.com> ")
    others = [a_mail("Other.\n"), a_mail(Subject="Other"), a_mail(Message_ID="<menu-2@example.com>")]
    nameless = [a_mail(Message_ID=None), a_mail(Message_ID=None, Date="Tue, 24 Nov 2026 06:30:00 +0000")]
    attached = [with_files((name, name.encode()), Message_ID="none") for name in ("a", "b")]
    found = {read(raw).external_id for raw in [*others, *nameless, *attached]}
    assert len(found) == 7
    assert first not in found


def test_every_mail_of_pythons_own_tests_is_read() -> None:
    for path in cpython_mails():
        raw = path.read_bytes()
        incoming = read(raw)
        assert incoming.data["text"], path.name
        assert incoming.summary != "A mail that cannot be read", path.name
        assert incoming.external_id == read(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).external_id, (
            path.name
        )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"\xff" * 1_000,
        b"From: \n\n",
        b"From: " + b"<" * 5_000 + b"\n\n",
        b"Subject: =?utf-8?b?" + b"A" * 5_001 + b"?=\n\n",
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n" * 3_000,
        b"Content-Type: text/plain; charset=\xff\n\nx",
        b"Content-Type: ;;;=;=\n\nx",
        b"Content-Type: text/plain; name*0*=x''%ff; name*1=\"\n\nx",
        b"Content-Transfer-Encoding: base64\n\n\xff\xff=====",
        b"Content-Type: message/rfc822\n\n" * 2_000,
        b"Authentication-Results: " + b"(" * 9_000 + b";" * 9_000 + b"\n\nx",
    ],
)
def test_no_mail_is_too_broken(raw: bytes) -> None:
    incoming = read(raw)
    assert incoming.external_id
    assert incoming.data["verified"] is False


def test_what_a_library_chokes_on_is_an_event_of_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def chokes(*_: object) -> None:
        raise IndexError("a fault of a library")

    monkeypatch.setattr("integrations.mail.texts.getaddresses", chokes)
    incoming = read(a_mail())
    assert incoming.ignored
    assert incoming.external_id.startswith("sha256:")
