import time
from typing import Any

import pytest

from integrations.mail.conditions import Conditions, fits

MAIL: dict[str, Any] = {
    "from": "Marta@Example.com",
    "verified": True,
    "recipients": ["desk+sales@example.com"],
    "subject": "[Support] Invoice 7",
    "attachments": [],
    "list_id": "",
    "automatic": "",
}


@pytest.mark.parametrize(
    ("wanted", "changes", "is_met"),
    [
        ({}, {}, True),
        ({"sender": "marta@example.com"}, {}, True),
        ({"sender": ["tom@example.com", "*@example.com"]}, {}, True),
        ({"sender": "example.com"}, {}, False),
        ({"sender": "*@example.com"}, {"from": "marta@example.com.evil.example"}, False),
        ({"sender": "*@example.com"}, {"verified": False}, False),
        ({"sender": "*@example.com", "unverified": True}, {"verified": False}, True),
        ({"subject": "invoice"}, {"verified": False}, True),
        ({"subject": "[support]*7"}, {}, True),
        ({"subject": "7*support"}, {}, False),
        ({"recipient": "desk+sales@*"}, {}, True),
        ({"recipient": "desk@example.com"}, {}, False),
        ({"has_attachment": True}, {}, False),
        ({"has_attachment": True}, {"attachments": ["a.pdf"]}, True),
        ({"has_attachment": False}, {"attachments": ["a.pdf"]}, False),
        ({}, {"automatic": "Precedence: bulk"}, False),
        ({"automatic": True}, {"automatic": "Precedence: bulk"}, True),
        ({}, {"list_id": "<news.example.com>"}, False),
        ({"automatic": True}, {"list_id": "<news.example.com>"}, False),
        ({"list_id": "news.example.com"}, {"list_id": "News <news.example.com>", "automatic": "x"}, True),
        ({"list_id": "news.example.com"}, {}, False),
    ],
)
def test_mail_meets_conditions(wanted: dict[str, Any], changes: dict[str, Any], is_met: bool) -> None:
    assert Conditions.read(wanted).are_met_by({**MAIL, **changes}) is is_met


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"sender": ""}, "sender"),
        ({"sender": [" "]}, "sender"),
        ({"subject": ["x"] * 21}, "subject"),
        ({"has_attachment": "perhaps"}, "has_attachment"),
        ({"from": "marta@example.com"}, "from"),
    ],
)
def test_what_cannot_be_read_is_named(wanted: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Conditions.read(wanted)


def test_a_pattern_takes_no_more_time_for_being_nasty() -> None:
    start = time.process_time()
    assert not fits("a" * 20_000, "*a" * 99 + "*b")
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("text", "pattern", "is_fit"),
    [
        ("abc", "abc", True),
        ("abc", "*", True),
        ("abc", "a*", True),
        ("abc", "*c", True),
        ("abc", "a*c", True),
        ("abc", "a**c", True),
        ("abc", "ab*bc", False),
        ("abc", "b", False),
        ("", "*", True),
    ],
)
def test_a_star_stands_for_anything(text: str, pattern: str, is_fit: bool) -> None:
    assert fits(text, pattern) is is_fit
