"""Tokens: made once, recognised by their text alone, revoked for good."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.lifecycle import token as tokens
from jobs.models import Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(owner: User) -> Token:
    return tokens.make(name="n8n", user=owner, scopes=["read"])


def test_a_token_is_recognised_by_its_text(token: Token, owner: User) -> None:
    found = tokens.recognise(token.text)
    assert found == token
    assert found.user == owner
    assert found.text == "", "what is read back does not know it"


def test_the_database_does_not_hold_the_text(token: Token) -> None:
    assert token.text.startswith("nd_api_")
    assert len(token.text) >= 50
    (row,) = Token.objects.values()
    assert token.text not in str(row)
    assert token.text.removeprefix("nd_api_") not in str(row)


def test_no_two_tokens_are_alike(token: Token, owner: User) -> None:
    assert tokens.make(name="zapier", user=owner, scopes=["read"]).text != token.text


@pytest.mark.parametrize("change", ["first", "last", "shorter", "longer", "hash", "empty"])
def test_another_text_is_nobody(token: Token, change: str) -> None:
    text = {
        "first": "x" + token.text[1:],
        "last": token.text[:-1] + ("A" if token.text[-1] != "A" else "B"),
        "shorter": token.text[:-1],
        "longer": token.text + "A",
        "hash": token.hash,
        "empty": "",
    }[change]
    assert tokens.recognise(text) is None


def test_a_revoked_token_lets_nobody_in(token: Token) -> None:
    assert tokens.revoke(token)
    assert tokens.recognise(token.text) is None
    assert not tokens.revoke(token), "the first moment stays"


def test_a_token_of_somebody_who_left_lets_nobody_in(token: Token, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert tokens.recognise(token.text) is None


def test_use_is_noted_to_the_minute_and_not_at_each_call(token: Token) -> None:
    tokens.note_use(token)
    found = tokens.recognise(token.text)
    assert found
    assert found.last_used_at
    with CaptureQueriesContext(connection) as queries:
        tokens.note_use(found)
    assert not queries.captured_queries
    early = timezone.now() - datetime.timedelta(minutes=2)
    Token.objects.update(last_used_at=early)
    tokens.note_use(Token.objects.get())
    assert Token.objects.get().last_used_at != early
