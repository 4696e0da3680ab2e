"""manage.py doctor, as a person and a program call it."""

import json
import re
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config import checkups, probes
from config.probes import Finding
from tests.house import ROOT, built


def doctor(*arguments: str) -> str:
    """What it prints here."""
    out = StringIO()
    call_command("doctor", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_every_probe_has_its_line_and_what_to_do_stands_below() -> None:
    *said, _, last = doctor().splitlines()
    assert re.fullmatch(r"\d+ problems?, \d+ warnings?\.", last)
    assert [line.split()[0] for line in said if "→" not in line].count("ok") >= 5
    assert sum("→" not in line for line in said) == len(checkups.names())
    mail = next(number for number, line in enumerate(said) if line.startswith("warn  mail"))
    assert said[mail + 1].strip() == "→ Set EMAIL_URL to send them."


@pytest.mark.django_db
def test_one_probe_alone() -> None:
    found, _, last = doctor("--only", "python").splitlines()
    assert found.split() == ["ok", "python", sys.version.split()[0]]
    assert last == "All is in order."
    with pytest.raises(CommandError, match="invalid choice: 'snake'"):
        doctor("--only", "snake")


@pytest.mark.django_db
def test_a_program_gets_json(settings: Settings) -> None:
    settings.REPOSITORIES = {"site": "/nowhere/site.git"}
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("doctor", "--json", "--only", "repositories", stdout=out)
    assert end.value.code == 1, "a fault"
    assert json.loads(out.getvalue()) == [
        {
            "level": "fail",
            "name": "repositories",
            "says": "not there: site (/nowhere/site.git)",
            "fix": "Mend NIGHTDESK_REPOSITORIES.",
        }
    ]


def test_with_a_database_that_does_not_answer_all_else_is_looked_at_and_no_password_told(tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded", DATABASE_URL="postgresql://somebody:hidden@127.0.0.1:1/x") as house:
        command = [sys.executable, str(ROOT / "manage.py"), "doctor", "--json"]
        done = subprocess.run(command, env=house.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "hidden" not in done.stdout + done.stderr
    found = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert found["database"]["level"] == "fail"
    assert "does not answer" in found["database"]["says"]
    assert "DATABASE_URL" in found["database"]["fix"]
    assert found["workers"]["level"] == "warn"
    assert list(found) == checkups.names()


@pytest.mark.django_db
def test_elsewhere_than_on_a_terminal_it_is_plain() -> None:
    assert "\x1b" not in doctor()


@pytest.mark.django_db
def test_it_takes_less_than_five_seconds_whatever_keeps_quiet(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _quiet() -> Finding:
        time.sleep(60)
        raise AssertionError("not waited for")

    monkeypatch.setattr(probes, "PROBES", [_quiet, probes._python])
    out, began = StringIO(), time.monotonic()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert checkups.SECONDS < 5
    assert time.monotonic() - began < 30, "a machine that does much else makes it late, not a minute late"
    assert "fail  quiet         no answer in 4 seconds" in out.getvalue()


@pytest.mark.django_db
def test_fix_does_first_what_every_start_does(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr("config.management.commands.doctor.prepare", lambda: done.append("prepared"))
    assert "python" in doctor("--only", "python", "--fix")
    assert done == ["prepared"]
