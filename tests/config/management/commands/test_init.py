"""manage.py init."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from config.environment_file import read
from jobs import membership
from jobs.models import Preference

pytestmark = pytest.mark.django_db

ANSWERS = {
    "mail": "lea@example.com",
    "zone": "Europe/Berlin",
    "address": "https://desk.example.com",
    "model_key": "sk-ant-1",
}


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """The file that is written."""
    return tmp_path / ".env"


def init(env: Path, **options: Any) -> str:
    """What it says."""
    out = StringIO()
    call_command("init", env=env, ask=False, stdout=out, **options)
    return out.getvalue()


def test_it_writes_makes_and_says_how_to_go_on(env: Path) -> None:
    said = init(env, **ANSWERS)
    assert read(env) == {
        "OWNER_MAIL": "lea@example.com",
        "TIME_ZONE": "Europe/Berlin",
        "BASE_URL": "https://desk.example.com",
        "ANTHROPIC_API_KEY": "sk-ant-1",
        "ALLOWED_HOSTS": "desk.example.com,127.0.0.1,localhost",
    }
    owner = User.objects.get()
    assert (owner.username, owner.email, owner.has_usable_password()) == ("lea", "lea@example.com", False)
    assert membership.is_owner(owner)
    assert Preference.objects.get().zone == "Europe/Berlin"
    assert "ExecStart=" in said
    assert "manage.py up" in said
    assert "sk-ant-1" not in said
    link = said.partition("https://desk.example.com")[2].split()[0]
    assert Browser().post(link).headers["Location"] == "/inbox/"


def test_once_more_changes_nothing(env: Path) -> None:
    init(env, **ANSWERS)
    before = env.read_text()
    said = init(env, mail="other@example.com")
    assert env.read_text() == before
    assert "nothing to add" in said
    assert "is there already" in said
    assert User.objects.count() == 1


def test_defaults_alone_are_enough(env: Path) -> None:
    init(env)
    assert not env.exists()
    assert User.objects.get().username == "owner"


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("mail", "nobody", "no mail address"),
        ("zone", "Mars", "no such time zone"),
        ("address", "http://desk.example.com", "https://"),
        ("address", "desk", "https://"),
        ("model_key", "a\nSECRET_KEY=b", "one line"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(env: Path, name: str, answer: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        init(env, **{name: answer})
    assert not env.exists()


def test_somebody_elses_name_is_not_taken(env: Path) -> None:
    User.objects.create_user("lea")
    with pytest.raises(CommandError, match="--owner"):
        init(env, **ANSWERS)


def test_questions_are_asked_until_they_are_answered(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["not a mail", "lea@example.com", "", "https://desk.example.com", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: next(said))
    call_command("init", env=env, stdout=StringIO(), stderr=StringIO())
    assert read(env)["OWNER_MAIL"] == "lea@example.com"
    assert "TIME_ZONE" not in read(env)
