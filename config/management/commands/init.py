"""manage.py init: four questions with defaults, and the house has its owner. Safe to interrupt and to run again."""

import re
import sys
import zoneinfo
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, call_command
from django.core.validators import validate_email

from config import environment_file
from jobs import membership, rights
from jobs.inbox.entry import enter_link
from jobs.lifecycle import preference

# Name of the option, the question, and the setting that it becomes.
_QUESTIONS = (
    ("mail", "Your mail address, for the night's digest and alarms", "OWNER_MAIL"),
    ("zone", "Your time zone", "TIME_ZONE"),
    ("address", "The address that people open", "BASE_URL"),
    ("model_key", "Anthropic API key (empty: texts are rehearsed)", "ANTHROPIC_API_KEY"),
)
_SERVICE = """[Unit]
Description=Nightdesk
After=network-online.target
Wants=network-online.target

[Service]
WorkingDirectory={folder}
ExecStart={python} {folder}/manage.py up
Restart=always
User={user}

[Install]
WantedBy=multi-user.target"""


class Command(BaseCommand):
    """Writes .env without overwriting anything, makes the tables and the owner, and says how it is started."""

    help = "Set Nightdesk up for its owner: four questions, each with a default."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The answers, for whoever wants no questions."""
        for name, question, _ in _QUESTIONS:
            parser.add_argument(f"--{name.replace('_', '-')}", help=question)
        parser.add_argument("--owner", default="", help="the owner's name at the login; default: from the address")
        parser.add_argument("--no-input", action="store_false", dest="ask", help="take the defaults, ask nothing")
        parser.add_argument("--env", type=Path, default=settings.BASE_DIR / ".env", help="the file to write")

    def handle(self, *args: Any, owner: str, ask: bool, env: Path, **options: Any) -> None:
        """Ask, write, make; each step is left alone where it was done before."""
        answers = {
            name: self._answer(env, name, question, setting, options[name], ask=ask)
            for name, question, setting in _QUESTIONS
        }
        self._write(env, answers)
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write("✓ database      every table is there")
        person = self._owner(owner, answers)
        self._say_how(person, answers["address"])

    def _answer(self, env: Path, name: str, question: str, setting: str, given: str | None, *, ask: bool) -> str:
        """As given, as it stands in the file, or as somebody says; what makes no sense is asked again."""
        standing = environment_file.read(env).get(setting, "")
        default = standing or _DEFAULTS.get(name, "")
        if given is not None or standing or not ask or not sys.stdin.isatty():
            answer = default if given is None else given
            if why := _fault(name, answer):
                raise CommandError(f"--{name.replace('_', '-')}: {why}")
            return answer
        while True:
            answer = input(f"{question}{f' [{default}]' if default else ''}: ").strip() or default
            why = _fault(name, answer)
            if not why:
                return answer
            self.stderr.write(why)

    def _write(self, env: Path, answers: dict[str, str]) -> None:
        values = {setting: answers[name] for name, _, setting in _QUESTIONS if answers[name] != _DEFAULTS.get(name)}
        host = urlsplit(answers["address"]).hostname or ""
        if "BASE_URL" in values:
            values["ALLOWED_HOSTS"] = ",".join(dict.fromkeys([host, "127.0.0.1", "localhost"]))
        try:
            added = environment_file.add(env, values)
        except OSError as error:
            raise CommandError(f"{env} cannot be written: {error.strerror}.") from error
        told = f"{', '.join(added)} written" if added else "nothing to add"
        self.stdout.write(f"✓ settings      {env}: {told}; what stood there stays")

    def _owner(self, name: str, answers: dict[str, str]) -> User:
        present = [user for user in User.objects.filter(is_active=True).order_by("pk") if membership.is_owner(user)]
        if present and not (name and name != present[0].username):
            person, done = present[0], "is there already"
        else:
            person, done = _made(name or _name_of(answers["mail"]), answers["mail"]), "made"
        preference.set_zone(person, answers["zone"], is_guess=True)
        self.stdout.write(f"✓ owner         {person.username} {done}")
        return person

    def _say_how(self, person: User, address: str) -> None:
        folder = settings.BASE_DIR
        self.stdout.write(
            "\nStart it now:\n  manage.py up\n\nOr as a service, in /etc/systemd/system/nightdesk.service:\n"
        )
        self.stdout.write(_SERVICE.format(folder=folder, python=sys.executable, user=folder.owner()))
        link = enter_link(person).replace(settings.BASE_URL, address.rstrip("/"), 1)
        self.stdout.write(f"\n→ Then open {link}\n  (one use, 15 minutes; manage.py enter makes another)")
        self.stdout.write("  There you set a password or a passkey. What is missing: manage.py doctor")


_DEFAULTS = {"zone": settings.TIME_ZONE, "address": "http://127.0.0.1:8000"}


def _fault(name: str, answer: str) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if "\n" in answer or "\x00" in answer:
        return "Write it in one line."
    if name == "mail" and answer:
        try:
            validate_email(answer)
        except ValidationError:
            return "That is no mail address. Leave it empty for none."
    if name == "zone" and answer not in zoneinfo.available_timezones():
        return "There is no such time zone. Write one such as Europe/Berlin."
    if name == "address":
        parts = urlsplit(answer)
        is_local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if not parts.hostname or parts.scheme not in ({"http", "https"} if is_local else {"https"}):
            return "Write https://desk.example.com; http:// only for this machine."
    return ""


def _name_of(mail: str) -> str:
    return re.sub(r"[^\w.+-]", "", mail.partition("@")[0])[:60] or "owner"


def _made(name: str, mail: str) -> User:
    """An owner without a password: they come in by the link, and set one."""
    if User.objects.filter(username=name).exists():
        raise CommandError(f"There is somebody named {name} who is no owner: choose another name with --owner.")
    person = User.objects.create_superuser(name, email=mail or None)
    person.groups.add(Group.objects.get_or_create(name=rights.OWNER)[0])
    return person
