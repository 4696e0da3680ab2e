"""The mail that an approved message becomes."""

import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from integrations.contracts import DeliveryError, Outgoing
from integrations.mail import replies
from integrations.mail.composing import compose, message_id
from tests.integrations.target_contract import CREATED, out_file

SENDER = "desk@studio.example"
FIELDS: dict[str, Any] = {"to": ["marta@example.com"], "subject": "Menu"}


def outgoing(*contents: bytes, files: list[Any] | None = None, **fields: Any) -> Outgoing:
    return Outgoing(
        key="job:1",
        kind="client_message",
        job_uid="3f2a9c1e",
        job_title="Autumn menu",
        fields={**FIELDS, **fields},
        files=files if files is not None else [out_file(content) for content in contents or (b"Hello\n",)],
        created_at=CREATED,
    )


def on_the_wire(wanted: Outgoing, sender: str = SENDER) -> EmailMessage:
    """The mail as its recipient's program reads it after it went over SMTP."""
    mail: Any = compose(wanted, sender=sender).message()
    found = email.message_from_bytes(mail.as_bytes(linesep="\r\n"), policy=email.policy.SMTP)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: EmailMessage) -> bytes:
    part = mail.get_body(("plain",))
    assert part is not None
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


@pytest.mark.parametrize(
    "approved",
    [
        b"Hello\n",
        b"no line end",
        b"many line ends\n\n\n",
        b"\n\n  starts late",
        b"trailing space  \nand tab\t\nend ",
        b".\n..\n.dot\n",
        b"From here on\n>From there\n",
        b"windows\r\nlines\r\n",
        b"old mac\rlines\r",
        b"mixed\r\nand\nplain\r",
        b"form\x0cfeed \x0b \x1c \x1d \x1e end\n",
        "Grüße 🌙 \u2028 \u2029 \x85 ende\n".encode(),
        b"x" * 5_000 + b"\n",
        "ü".encode() * 3_000,
        b"=3D =\n=20 equals\n",
        b"--boundary\n--===============1==\n",
    ],
)
def test_the_approved_bytes_are_the_bytes_sent(approved: bytes) -> None:
    # MIME has one line end for text: quoted-printable parts carry \n as \r\n, and programs turn it back.
    mail = on_the_wire(outgoing(approved))
    found = text_of(mail)
    if b"\r" not in approved:
        found = found.replace(b"\r\n", b"\n")
    assert found == approved
    assert mail.as_bytes().isascii()


def test_attachments_keep_every_byte() -> None:
    rows = b"a;b\r\n1;2\n\xff\x00"
    files = [
        out_file(b"See the list.\n", "message.md"),
        out_file(rows, "liste ü\r\nX-Evil: 1.csv", media_type="text/csv"),
        out_file(b"%PDF", "../menu.pdf", media_type="application/pdf"),
        out_file(b"From: x\n\nx", "mail.eml", media_type="message/rfc822"),
        out_file(b"?", "odd", media_type="nonsense"),
    ]
    mail = on_the_wire(outgoing(files=files))
    found = [(part.get_filename(), part.get_payload(decode=True)) for part in mail.iter_attachments()]
    assert found == [
        ("liste üX-Evil: 1.csv", rows),
        ("..-menu.pdf", b"%PDF"),
        ("mail.eml", b"From: x\n\nx"),
        ("odd", b"?"),
    ]
    assert text_of(mail).strip() == b"See the list."
    assert "X-Evil" not in mail


def test_headers_are_fixed_by_the_effect() -> None:
    first, second = on_the_wire(outgoing()), on_the_wire(outgoing())
    for name in ("Message-ID", "Date", "To", "From", "Subject"):
        assert first[name] == second[name]
    assert first["Date"].datetime == CREATED
    assert first["Message-ID"] == message_id("job:1", sender=SENDER)
    assert message_id("job:1", sender=SENDER) != message_id("job:2", sender=SENDER)
    assert first["Auto-Submitted"] is None


def test_message_ids_are_ascii() -> None:
    assert message_id("k", sender="Büro <a@bücher.example>").endswith("@xn--bcher-kva.example>")


def test_the_html_part_says_the_same() -> None:
    part = on_the_wire(outgoing("# Grüße\n".encode())).get_body(("html",))
    assert part is not None
    assert "<h1>Grüße</h1>" in part.get_content()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"to": []}, "no recipient"),
        ({"to": None}, "no recipient"),
        ({"to": "marta@example.com"}, "not a list"),
        ({"to": ["marta"]}, "no mail address"),
        ({"to": ["marta@example.com, eve@example.com"]}, "no mail address"),
        ({"to": ["marta@example.com\nBcc: eve@example.com"]}, "control character"),
        ({"to": ["marta@example.com\r\n\r\nbody"]}, "control character"),
        ({"to": ["Marta\x00 <marta@example.com>"]}, "control character"),
        ({"to": [None]}, "no mail address"),
        ({"to": ["x@example.com"], "cc": ["eve@"]}, "no mail address"),
        ({"to": [f"x{number}@example.com" for number in range(51)]}, "more than 50"),
        ({"subject": "Menu\nBcc: eve@example.com"}, "line break"),
        ({"subject": "Menu\r\n\r\nbody"}, "line break"),
        ({"subject": "Menu\u2028x"}, "line break"),
        ({"subject": "x" * 301}, "300 characters"),
    ],
)
def test_what_no_mail_can_be_made_of_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DeliveryError, match=said) as caught:
        compose(outgoing(**fields), sender=SENDER)
    assert caught.value.permanent


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"x" * 20_000_001])
def test_a_message_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(DeliveryError) as caught:
        compose(outgoing(content), sender=SENDER)
    assert caught.value.permanent


def test_names_and_foreign_letters_reach_their_headers() -> None:
    wanted = outgoing(
        to=["Märta Lume <marta@bücher.example>", "marta@example.com", "marta@example.com"], subject="Ü🌙"
    )
    mail = on_the_wire(wanted, "Büro <desk@studio.example>")
    assert [address.addr_spec for address in mail["To"].addresses] == [
        "marta@xn--bcher-kva.example",
        "marta@example.com",
    ]
    assert mail["To"].addresses[0].display_name == "Märta Lume"
    assert mail["Subject"] == "Ü🌙"


def test_without_a_subject_the_job_names_it() -> None:
    assert on_the_wire(outgoing(subject=""))["Subject"] == "Autumn menu"


def test_the_date_is_the_decisions() -> None:
    assert datetime(2026, 11, 23, 23, 45, tzinfo=UTC) == CREATED
    assert str(on_the_wire(outgoing())["Date"]) == "Mon, 23 Nov 2026 23:45:00 +0000"


UID = "3f2a9c1e-0000-4000-8000-000000000001"
THREAD = {"source": "mail", "message_id": "<2@x>", "references": ["<1@x>", "<2@x>"], "with": "Marta@example.com"}


def headers_of(thread: dict[str, Any], reply_to: str = "", **fields: Any) -> EmailMessage:
    wanted = outgoing(**fields).model_copy(update={"thread": thread, "job_uid": UID})
    mail: Any = compose(wanted, sender=SENDER, reply_to=reply_to).message()
    found = email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_an_answer_stands_below_the_mail_that_it_answers() -> None:
    mail = headers_of(THREAD)
    assert (mail["In-Reply-To"], mail["References"]) == ("<2@x>", "<1@x> <2@x>")
    long = headers_of({**THREAD, "references": [f"<{number}@x>" for number in range(50)]})
    assert long["References"].split()[-1] == "<2@x>"
    assert len(long["References"].split()) == 20


@pytest.mark.parametrize(
    "thread",
    [
        {},
        {**THREAD, "with": "tom@example.com"},
        {**THREAD, "with": ""},
        {**THREAD, "message_id": "<a@x>\r\nBcc: eve@example.com"},
        {**THREAD, "message_id": ["<2@x>"]},
        {**THREAD, "message_id": "none"},
    ],
)
def test_whoever_did_not_write_it_is_shown_no_thread(thread: dict[str, Any]) -> None:
    mail = headers_of(thread)
    assert (mail["In-Reply-To"], mail["References"], mail["Bcc"]) == (None, None, None)


@pytest.mark.parametrize("references", [None, 7, ["<1@x>\n", "", 7, "<a b>"]])
def test_references_that_are_none_are_left_out(references: object) -> None:
    assert headers_of({**THREAD, "references": references})["References"] == "<2@x>"


def test_it_asks_to_be_answered_where_the_answer_finds_its_job() -> None:
    mail = headers_of({}, reply_to="desk@studio.example")
    assert replies.job_of(mail["Reply-To"]) == UID
    assert headers_of({})["Reply-To"] is None
