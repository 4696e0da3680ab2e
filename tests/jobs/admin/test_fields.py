"""The engine room calls every table and every field by a word of its reader's language."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client as Browser

from jobs.admin.fields import FIELDS, ONE
from jobs.models import KnownAnswer
from tests.jobs.conftest import a_rule

SHOWN: list[Any] = [*(model for model in admin.site._registry if model._meta.app_label == "jobs"), KnownAnswer]


def test_every_table_and_field_that_is_shown_has_a_word_and_no_word_is_left_over() -> None:
    assert {model.__name__ for model in SHOWN} == set(ONE)
    assert {field.name for model in SHOWN for field in model._meta.fields} - {"id"} == set(FIELDS)


def test_a_word_is_no_part_of_a_table() -> None:
    # What a migration would be made of is the word in the model, of which there is none.
    table = apps.get_model("jobs", "Trigger")._meta
    assert table.get_field("created_at").deconstruct()[3].get("verbose_name") is None
    assert "verbose_name" not in table.original_attrs


@pytest.mark.django_db
def test_a_rule_in_the_engine_room_is_german_for_germans(admin_client: Browser) -> None:
    rule = a_rule("contact")
    page = admin_client.get(f"/admin/jobs/trigger/{rule.pk}/change/", headers={"accept-language": "de"})
    text = page.content.decode()
    for words in (
        "Regel ändern",
        "Vorlage des Titels",
        "Teilt die Adresse mit",
        "oder Bearer-Token",
        "Noch keine.",
    ):
        assert words in text
    for words in ("Title template", "None yet", "Secret version", "Another rule at"):
        assert words not in text
