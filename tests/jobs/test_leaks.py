"""A secret is found in whatever writing it would leave."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest

from jobs.leaks import found_in

SECRET = "ntn_4/9+secret?value"
HELD = {"NOTION_TOKEN": [SECRET], "EMAIL_URL": ["a password of mail"]}

WRITINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "percent": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of an address": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_a_secret_is_found_wherever_it_stands_and_however_it_is_written(writing: str, before: str) -> None:
    text = f"See {WRITINGS[writing](f'{before}{SECRET} and more')}."
    assert found_in([b"harmless", text.encode()], HELD) == "NOTION_TOKEN"


def test_the_one_that_was_found_is_named() -> None:
    assert found_in([b"Use a password of mail, please."], HELD) == "EMAIL_URL"


@pytest.mark.parametrize("text", ["", "ntn_4", "a password", "The winter page is ready."])
def test_what_holds_none_passes(text: str) -> None:
    assert found_in([text.encode()], HELD) == ""


def test_what_stands_in_texts_by_chance_is_no_secret() -> None:
    assert found_in([b"the word is tea"], {"SHORT": ["tea", ""]}) == ""
