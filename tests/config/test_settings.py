"""The settings file, read anew in an environment of its own."""

import json
import os
import runpy
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config import env

ROOT = Path(__file__).parent.parent.parent
_SETTINGS = ROOT / "config" / "settings.py"
_KEY = "from config import env; env.load_file = print; from config import settings; print(settings.SECRET_KEY)"

Read = Callable[..., Any]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Nothing of this process's own environment but what Python needs."""
    # The owner's own .env is none of these tests' business.
    monkeypatch.setattr(env, "load_file", lambda path: None)
    monkeypatch.setattr(env, "asked", set())
    monkeypatch.setattr(env, "addresses", {})
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return {**kept, "NIGHTDESK_VAR": str(tmp_path / "var")}


@pytest.fixture
def read(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Read:
    """A function that evaluates an expression on the settings, as JSON, under these variables."""

    def evaluate(expression: str, **variables: str) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(os, "environ", environment | variables)
            settings = SimpleNamespace(**runpy.run_path(str(_SETTINGS)))
            return json.loads(json.dumps(eval(expression, {"settings": settings}), default=str))

    return evaluate


@pytest.fixture
def refusal(read: Read) -> Callable[..., str]:
    """A function that returns what a start under these variables dies with."""

    def start(**variables: str) -> str:
        with pytest.raises(env.BadSetting) as refused:
            read("0", **variables)
        return str(refused.value)

    return start


def test_without_any_variable_it_starts_on_sqlite_alone(read: Read, tmp_path: Path) -> None:
    database, broker, models, debug = read(
        "[settings.DATABASES['default'], settings.Q_CLUSTER, settings.ANTHROPIC_API_KEY, settings.DEBUG]"
    )
    assert database["ENGINE"] == "config.sqlite3"
    assert database["NAME"] == str(tmp_path / "var/nightdesk.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert "synchronous=NORMAL" in database["OPTIONS"]["init_command"]
    assert database["OPTIONS"]["timeout"] >= 20
    assert broker["orm"] == "default"
    assert (models, debug) == ("", False)


def test_what_is_promised_about_defaults_holds(read: Read) -> None:
    names = ["ORCHESTRATE_EVERY", "DAILY_BUDGET", "JOB_BUDGET", "UNDO", "UNDO_CLIENT", "BASE_URL", "TIME_ZONE"]
    assert read(f"[getattr(settings, name) for name in {names}]") == [
        "0:05:00",
        20_000_000,
        2_000_000,
        "0:00:10",
        "0:00:30",
        "http://127.0.0.1:8000",
        "UTC",
    ]
    assert read("settings.ALLOWED_HOSTS") == ["127.0.0.1", "localhost", "[::1]"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/desk.sqlite3", str(ROOT / "var/desk.sqlite3")),
        ("sqlite:////srv/desk/desk.sqlite3", "/srv/desk/desk.sqlite3"),
    ],
)
def test_a_sqlite_address_is_relative_with_three_slashes_and_absolute_with_four(
    read: Read, url: str, path: str
) -> None:
    assert read("settings.DATABASES['default']['NAME']", DATABASE_URL=url) == path


def test_a_postgresql_address_is_taken_apart(read: Read) -> None:
    entry = read(
        "settings.DATABASES['default']", DATABASE_URL="postgresql://desk:p%40ss%2Fword@db.example:5433/night"
    )
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    parts = [entry[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
    assert parts == ["desk", "p@ss/word", "db.example", 5433, "night"]
    # Without kept connections a webhook costs four times as much; a kept one may have died.
    assert entry["CONN_MAX_AGE"] > 0
    assert entry["CONN_HEALTH_CHECKS"] is True


def test_a_postgresql_address_may_leave_most_to_the_server(read: Read) -> None:
    entry = read("settings.DATABASES['default']", DATABASE_URL="postgres:///night")
    assert [entry[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == ["", "", "", "", "night"]


def test_another_database_is_refused(refusal: Callable[..., str]) -> None:
    assert "DATABASE_URL must begin with sqlite:/// or postgresql://" in refusal(DATABASE_URL="mysql://db/night")


def test_redis_is_the_broker_where_it_has_an_address(read: Read) -> None:
    broker = read("settings.Q_CLUSTER", REDIS_URL="redis://127.0.0.1:6379/4")
    assert broker["redis"] == "redis://127.0.0.1:6379/4"
    assert "orm" not in broker


def test_a_typing_slip_in_a_name_of_ours_is_refused(refusal: Callable[..., str]) -> None:
    line = refusal(NIGHTDESK_DAILY_BUGDET="5")
    assert "NIGHTDESK_DAILY_BUGDET is not a setting of Nightdesk" in line
    assert "NIGHTDESK_DAILY_BUDGET" in line


def test_a_value_that_cannot_be_read_stops_the_start(refusal: Callable[..., str]) -> None:
    assert "NIGHTDESK_LEASE is 'a minute'" in refusal(NIGHTDESK_LEASE="a minute")
    assert "NIGHTDESK_CONCURRENCY is '1'" in refusal(NIGHTDESK_CONCURRENCY="1")


_COOKIES = (
    "[settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE,"
    " settings.CSRF_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS > 0]"
)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:9000", "http://[::1]:8000"])
def test_on_this_machine_alone_cookies_come_back_over_http(read: Read, url: str) -> None:
    assert read(_COOKIES, BASE_URL=url) == ["session", "csrf", False, False, False, False]


def test_anywhere_else_everything_is_https(read: Read) -> None:
    url = "https://desk.example.com"
    assert read(_COOKIES, BASE_URL=f"{url}/") == ["__Host-session", "__Host-csrf", True, True, True, True]
    assert read("settings.CSRF_TRUSTED_ORIGINS", BASE_URL=f"{url}/") == [url]
    assert read("settings.SECURE_PROXY_SSL_HEADER", BASE_URL=url) == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_the_key_is_made_once_and_for_the_owner_alone(read: Read, tmp_path: Path) -> None:
    key = read("settings.SECRET_KEY")
    path = tmp_path / "var/secret_key"
    assert len(key) >= 50
    assert path.read_text() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read("settings.SECRET_KEY") == key
    assert [found.name for found in path.parent.glob("secret_key*")] == ["secret_key"]


def test_processes_that_start_at_once_agree_on_the_key(environment: dict[str, str]) -> None:
    command = [sys.executable, "-W", "error", "-c", _KEY]
    starting = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = {process.communicate(timeout=60)[0].splitlines()[-1] for process in starting}
    assert said == {Path(environment["NIGHTDESK_VAR"], "secret_key").read_text()}
    assert [process.returncode for process in starting] == [0] * 4


def test_a_given_key_is_kept_nowhere(read: Read, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a key from a file\n")
    assert read("settings.SECRET_KEY", SECRET_KEY_FILE=str(tmp_path / "key")) == "a key from a file"
    assert not (tmp_path / "var/secret_key").exists()


def test_the_models_are_one_for_all_unless_named(read: Read) -> None:
    models = read("settings.MODELS", NIGHTDESK_MODEL="small", NIGHTDESK_CODE_MODEL="large")
    assert models["default"] == "small"
    assert models["code"] == "large"
    assert models["orchestrator"]


def test_several_secrets_of_a_sender_hold_while_one_is_changed(read: Read) -> None:
    secrets = read("settings.SOURCE_SECRETS", GITHUB_WEBHOOK_SECRET="old,new")
    assert secrets["github"] == ["old", "new"]


def test_github_is_asked_for_what_is_missing_where_there_is_a_token_and_a_hook(read: Read) -> None:
    assert read("settings.GAP_FINDERS", GITHUB_TOKEN="t") == {}
    assert read("settings.GAP_FINDERS", GITHUB_HOOKS="acme") == {}
    found = read("settings.GAP_FINDERS", GITHUB_TOKEN="t", GITHUB_HOOKS="acme/x,acme", BASE_URL="http://localhost")
    assert found["github"] == {
        "token": "t",
        "owners": ["acme/x", "acme"],
        "address": "http://localhost/hooks/github/",
        "base_url": "https://api.github.com",
    }


def test_our_own_accounts_at_github_are_a_list(read: Read) -> None:
    found = read("settings.SOURCES", GITHUB_LOGIN="desk-bot, desk[bot]", GITHUB_REVIEWERS="mona")["github"]
    assert found == {"own_logins": ["desk-bot", "desk[bot]"], "reviewers": ["mona"]}
    assert read("settings.SOURCES")["github"] == {"own_logins": [], "reviewers": []}
