"""What talks knows no language: it is told how to speak, and what is filled in stays as it is."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from integrations import words
from integrations.form import fields
from integrations.github.conditions import Conditions
from integrations.slack import job_card


def test_it_speaks_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_speak", str)
    assert words._("Any mail") == "Any mail"
    words.speak_by(str.upper)
    assert words._("Any mail") == "ANY MAIL"
    assert words.either(["a", "b"]) == "a OR b"
    assert words.gettext_noop("Any mail") == "Any mail"


def test_django_tells_it_at_the_start() -> None:
    assert words._speak is gettext
    with translation.override("de"):
        assert fields.sentence(fields.read({})) == "Jede Einsendung an die eigene Adresse."


def test_a_rule_of_github_is_a_sentence_in_german_too() -> None:
    asked = Conditions.read({"event": "issues.labeled", "label": ["agent", "bot"], "repository": "acme/site"})
    assert asked.sentence() == (
        "An issue gets the label agent or bot in acme/site,"
        " written by: the owner, members of the organisation, collaborators."
    )
    with translation.override("de"):
        assert asked.sentence() == (
            "Ein Issue bekommt das Label agent oder bot in acme/site,"
            " geschrieben von: Eigentümer, Mitglieder der Organisation, Mitarbeitende."
        )


def test_a_card_speaks_the_language_of_the_house() -> None:
    job = {"state": "in_progress", "title": "Menu", "tasks": [{"state": "completed"}, {}], "page": "https://x/"}
    with translation.override("de"):
        text, blocks = job_card.show(job)
    assert text == "In Arbeit: Menu"
    assert "1 von 2 Schritten erledigt" in str(blocks)
    assert "eigene Arbeit" in str(blocks)
