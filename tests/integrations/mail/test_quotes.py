import time

import pytest

from integrations.mail.quotes import is_forwarded, latest

ANSWER = "Yes, please.\n\nMarta"
QUOTED = "> Shall we print it?\n> Desk"


@pytest.mark.parametrize(
    "below",
    [
        f"On Mon, Nov 23, 2026 at 9:00 AM Desk <desk@example.com> wrote:\n\n{QUOTED}",
        f"On Mon, Nov 23, 2026 at 9:00 AM Desk of the Trattoria\n<desk@example.com> wrote:\n{QUOTED}",
        f"Am 23.11.2026 um 09:00 schrieb Desk <desk@example.com>:\n{QUOTED}",
        f"Le lun. 23 nov. 2026 à 09:00, Desk <desk@example.com> a écrit :\n{QUOTED}",
        f"El lun, 23 nov 2026 a las 9:00, Desk (<desk@example.com>) escribió:\n{QUOTED}",
        f"Il giorno lun 23 nov 2026 Desk <desk@example.com> ha scritto:\n{QUOTED}",
        f"Op ma 23 nov. 2026 om 09:00 schreef Desk <desk@example.com>:\n{QUOTED}",
        "On 23 Nov 2026, at 09:00, Desk <desk@example.com> wrote:\n\nShall we print it?",
        "-----Original Message-----\nFrom: Desk\nShall we?",
        "________________________________\nFrom: Desk\nSent: Monday\nTo: Marta\nSubject: Menu\nShall we?",
        "From: Desk <desk@example.com>\nSent: Monday, 23 November 2026\nTo: Marta\nSubject: Menu\n\nShall we?",
        "Von: Desk\nGesendet: Montag\nAn: Marta\nBetreff: Menu\n\nSollen wir?",
        QUOTED,
    ],
)
def test_the_mail_that_is_answered_is_left_out(below: str) -> None:
    assert latest(f"{ANSWER}\n\n{below}\n") == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "Just a mail.\n\nFrom: here to there.\n\nGoodbye.",
        f"{QUOTED}\nYes.\n> And when?\nTomorrow.",
        f"On Monday, Desk wrote:\n{QUOTED}\nYes, print it.",
        "> nothing but a quote",
        "",
        "On reflection I wrote: no.\nStill, what do you think?",
    ],
)
def test_what_may_be_an_answer_is_kept(text: str) -> None:
    assert latest(text) == text.strip()


def test_a_forwarded_mail_is_what_it_is_about() -> None:
    assert is_forwarded("Fwd: Invoice")
    assert is_forwarded("WG: Rechnung")
    assert not is_forwarded("Re: Forward planning")


@pytest.mark.parametrize(
    "piece",
    [
        "On ",
        "On x wrote ",
        "Am x schrieb ",
        "On x wrote:\n",
        "\n",
        "> ",
        "From: x\n",
        "On a\n",
        "_",
        "On x: wrote ",
    ],
)
def test_a_nasty_text_takes_no_more_than_its_length(piece: str) -> None:
    start = time.process_time()
    latest(piece * (40_000 // len(piece)))
    assert time.process_time() - start < 2
