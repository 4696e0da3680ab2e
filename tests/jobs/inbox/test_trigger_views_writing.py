"""A rule being written: its source first, its conditions as fields, what it reads as, what it may name."""

import pytest
from django.test import Client as Browser

from jobs.lifecycle.intake import accept
from jobs.models import Trigger
from tests.jobs.conftest import a_rule, an_event
from tests.jobs.inbox.test_trigger_views import text_of, url, written

pytestmark = pytest.mark.django_db


def test_the_source_of_a_rule_is_chosen_first_and_can_be_another(desk: Browser) -> None:
    rule = a_rule("bug", source="github", conditions={"event": "issues.labeled", "label": "agent"})
    page = text_of(desk.get(url("trigger_edit", rule)))
    for words in (
        "An issue gets the label agent in any repository",
        "An issue gets a label",
        "agent</textarea>",
        "?source=",
    ):
        assert words in page
    assert "Where do its events come from?" in text_of(desk.get(url("trigger_edit", rule), {"source": ""}))
    assert "Words in the subject" in text_of(desk.get(url("trigger_edit", rule), {"source": "mail"}))
    given = written(source="mail", slug="bug", **{"conditions-subject": "invoice"})
    text = text_of(desk.post(url("trigger_edit", rule), given, follow=True))
    assert "A mail that a person wrote with “invoice” in its subject." in text


def test_a_rule_can_begin_with_what_its_source_brings_along(desk: Browser) -> None:
    page = text_of(desk.get("/triggers/new/", {"source": "github"}))
    assert "A workflow fails on main</a>" in page
    begun = text_of(desk.get("/triggers/new/", {"source": "github", "template": "workflow-failed"}))
    for words in (
        'value="A workflow fails on main"',
        "main\nmaster</textarea>",
        "{workflow} fails on {branch} of {repository}",
        "find what fails and mend its cause",
    ):
        assert words in begun, words
    assert "Begin with:" not in text_of(desk.get("/triggers/new/", {"source": "mail"}))
    rule = a_rule("bug", source="github", conditions={"event": "issues.labeled", "label": "agent"})
    assert "Begin with:" not in text_of(desk.get(url("trigger_edit", rule)))


def test_how_a_rule_reads_is_shown_before_it_is_kept(desk: Browser) -> None:
    given = written(source="mail", do="look", **{"conditions-subject": "invoice"})
    assert "<b>It reads:</b> A mail that a person wrote" in text_of(desk.post("/triggers/new/", given))
    assert not Trigger.objects.exists()


def test_the_fields_of_a_page_are_written_one_by_one(desk: Browser) -> None:
    first = {"conditions-fields-rows": "1", "conditions-fields-0-label": "Your mail address"}
    more = text_of(desk.post("/triggers/new/", written(do="more:conditions-fields:0", name="", **first)))
    assert 'value="Your mail address"' in more
    assert 'name="conditions-fields-1-label"' in more
    assert "errorlist" not in more
    first |= {"conditions-fields-0-kind": "email", "conditions-fields-0-required": "on"}
    desk.post("/triggers/new/", written(**first))
    rule = Trigger.objects.get()
    (field,) = rule.conditions["fields"]
    assert field == {"label": "Your mail address", "kind": "email", "required": True, "name": "your_mail_address"}
    assert "Your mail address" in text_of(desk.get("/hooks/form/enquiry/"))
    text = text_of(desk.get(url("trigger_edit", rule)))
    assert "{your_mail_address}" in text


def test_what_can_stand_in_braces_is_shown_with_what_stood_there(desk: Browser) -> None:
    rule = a_rule("contact")
    accept(an_event(), [rule])
    text = text_of(desk.get(url("trigger_edit", rule)))
    for words in ("<code>{name}</code></dt><dd>Lea</dd>", "<code>{summary}</code></dt><dd>Lea asks</dd>"):
        assert words in text
