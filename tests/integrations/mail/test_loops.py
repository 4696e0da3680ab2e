import pytest

from integrations.mail.loops import why_automatic, why_ignored

OWN = ["Desk@example.com"]


@pytest.mark.parametrize(
    "headers",
    [
        {"auto-submitted": "auto-replied"},
        {"auto-submitted": "Auto-Notified; owner=x"},
        {"precedence": "auto_reply"},
        {"x-autoreply": "yes"},
        {"return-path": "<>"},
        {"content-type": 'multipart/report; report-type="delivery-status"'},
    ],
)
def test_machines_that_answer_are_kept_out(headers: dict[str, str]) -> None:
    assert why_ignored(headers, "marta@example.com", own=OWN)


def test_our_own_mail_is_kept_out_and_others_is_not() -> None:
    assert "desk@EXAMPLE.com" in why_ignored({}, "desk@EXAMPLE.com", own=OWN)
    assert not why_ignored({"return-path": "<marta@example.com>"}, "marta@example.com", own=OWN)
    assert not why_ignored({"content-type": "multipart/mixed"}, "", own=["", *OWN])


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, ""),
        ({"auto-submitted": "no"}, ""),
        ({"auto-submitted": "auto-generated"}, "Auto-Submitted: auto-generated"),
        ({"precedence": "Bulk"}, "Precedence: bulk"),
        ({"precedence": "first-class"}, ""),
    ],
)
def test_programs_that_only_tell_are_for_rules_that_want_them(headers: dict[str, str], said: str) -> None:
    assert why_automatic(headers) == said
    assert not why_ignored(headers, "marta@example.com", own=OWN)
