"""The pages of rules over HTTP."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from jobs import queries
from jobs.lifecycle import pace, slot
from jobs.lifecycle.intake import accept, secrets_of
from jobs.models import Client, Job, Receipt, Review, Trigger
from tests.jobs.conftest import a_rule, an_event
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>{__class__}{0.__init__}"


def url(name: str, rule: Trigger) -> str:
    return reverse(f"inbox:{name}", args=[rule.slug])


def written(**changes: Any) -> dict[str, Any]:
    """What a browser sends from the page of a new rule."""
    values = {
        "name": "Enquiry",
        "slug": "enquiry",
        "source": "form",
        "title_template": "{summary}",
        "brief_template": "{text}",
        "priority": "2",
    }
    return values | changes


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    return str(response.content.decode())


def test_the_list_says_what_each_rule_waits_for_and_what_went_wrong(desk: Browser, trattoria: Client) -> None:
    good = a_rule("good", client=trattoria)
    bad = a_rule("bad", source="standard", conditions={"types": ["paid"]}, brief_template="{nobody}", enabled=False)
    accept(an_event(), [good, bad])
    text = text_of(desk.get("/triggers/"))
    assert text.count("1 job in 7 days") == 1
    for words in ("Events of type paid.", "Trattoria Lume", "1 event could not become a job", "never yet", "off"):
        assert words in text


def test_a_schedule_says_when_it_comes_next(desk: Browser, hourly: Trigger) -> None:
    assert "Next at <time" in text_of(desk.get("/triggers/"))
    Trigger.objects.update(enabled=False)
    assert "Next at" not in text_of(desk.get("/triggers/"))


def test_without_a_rule_the_list_says_what_that_means(desk: Browser) -> None:
    assert "No rule yet" in text_of(desk.get("/triggers/"))


def test_a_rule_shows_all_of_itself_but_no_secret(desk: Browser) -> None:
    rule = a_rule("contact", agents=["research"], client_from="email", budget_microusd=500_000)
    (job,) = accept(an_event(), [rule]).jobs
    text = text_of(desk.get(url("trigger", rule)))
    for words in ("/hooks/form/contact/", "{summary}", "$0.50 a job", "research", "<code>email</code>", job.title):
        assert words in text
    assert not any(secret in text for secret in secrets_of(rule))


def test_a_missing_name_is_shown_on_the_rule(desk: Browser) -> None:
    rule = a_rule("contact", brief_template="{nobody}")
    accept(an_event(), [rule])
    text = text_of(desk.get(url("trigger", rule)))
    assert "The rule names {nobody}, but this event has: kind, name" in text
    assert 'role="alert"' in text


def test_secrets_are_shown_on_a_click_to_owners_alone(desk: Browser) -> None:
    rule = a_rule("contact")
    response = desk.post(url("trigger_secrets", rule))
    assert secrets_of(rule)[0] in text_of(response)
    assert response.headers["Cache-Control"] == "no-store"
    assert desk.get(url("trigger_secrets", rule)).status_code == 405
    helper = person("reviewer")
    helper.user_permissions.add(Permission.objects.get(codename="change_trigger"))
    browser = Browser()
    browser.force_login(helper)
    assert "whsec_" not in text_of(browser.post(url("trigger_secrets", rule)), 403)
    assert "Show its secrets" not in text_of(browser.get(url("trigger", rule)))


def test_new_secrets_end_the_old_ones(desk: Browser) -> None:
    rule = a_rule("contact")
    old = secrets_of(rule)[0]
    text = text_of(desk.post(url("trigger_secrets", rule), {"do": "renew"}))
    rule.refresh_from_db()
    assert rule.secret_version == 2
    assert old not in text
    assert secrets_of(rule)[0] in text


def test_a_rule_without_secrets_of_its_own_shows_and_renews_none(desk: Browser) -> None:
    rule = a_rule("issues", source="github")
    assert "no secrets of its own" in text_of(desk.post(url("trigger_secrets", rule), {"do": "renew"}), 409)
    rule.refresh_from_db()
    assert rule.secret_version == 1


def test_a_rule_is_written_without_a_script(desk: Browser) -> None:
    assert "Where do its events come from?" in text_of(desk.get("/triggers/new/"))
    assert "A new rule" in text_of(desk.get("/triggers/new/?source=form"))
    response = desk.post("/triggers/new/", written(agents=["research", "drafting"], budget="0.5"), follow=True)
    rule = Trigger.objects.get()
    assert response.redirect_chain == [("/triggers/enquiry/", 302)]
    assert (rule.agents, rule.budget_microusd, rule.enabled) == (["research", "drafting"], 500_000, True)


def test_a_phrase_is_taken_and_shown_back_as_the_next_slots(desk: Browser) -> None:
    when = {"conditions-when": "every weekday at 6:30", "conditions-timezone": "Europe/Berlin"}
    given = written(source="schedule", brief_template="Look around.", title_template="A walk", **when)
    text = text_of(desk.post("/triggers/new/", given, follow=True))
    slots = text.partition("Next slots")[2].partition("Last slots")[0]
    assert slots.count("06:30") == 5
    assert not {"Saturday", "Sunday"} & set(re.findall(r"[A-Z][a-z]+day", slots))


def test_a_rule_that_could_not_work_comes_back_with_what_was_typed(desk: Browser) -> None:
    wrong = written(source="github", brief_template="{x y}", **{"conditions-event_more": "isues"})
    text = text_of(desk.post("/triggers/new/", wrong), 409)
    for words in ("&#x27;isues&#x27; is no event", "isues</textarea>", "{x y} is no name", "{x y}</textarea>"):
        assert words in text
    assert not Trigger.objects.exists()


def test_a_rule_is_changed_and_keeps_its_switch_and_secrets(desk: Browser) -> None:
    rule = a_rule("enquiry", enabled=False, secret_version=3, agents=["code"])
    assert 'value="code" id="id_agents_3" checked' in text_of(desk.get(url("trigger_edit", rule)))
    assert desk.post(url("trigger_edit", rule), written(name="Better")).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.enabled, rule.secret_version, rule.agents) == ("Better", False, 3, [])
    assert "Change “Better”" in text_of(desk.post(url("trigger_edit", rule), written(name="")), 409)


def test_a_rule_says_within_which_time_it_is_to_be_answered(desk: Browser) -> None:
    rule = a_rule("enquiry")
    assert "within" not in text_of(desk.get(url("trigger", rule)))
    assert "To be answered within (hours)" in text_of(desk.get(url("trigger_edit", rule)))
    assert desk.post(url("trigger_edit", rule), written(due_hours="24")).status_code == 302
    assert "within 24 hours" in text_of(desk.get(url("trigger", rule)))
    assert desk.post(url("trigger_edit", rule), written(due_hours="0")).status_code == 409


def test_a_rule_is_switched(desk: Browser) -> None:
    rule = a_rule("contact")
    for word, state in (("off", False), ("on", True)):
        assert desk.post(url("trigger_switch", rule), {"enabled": word}).status_code == 302
        rule.refresh_from_db()
        assert rule.enabled is state


def test_a_rule_is_tried_with_an_event_that_came(desk: Browser) -> None:
    receipt = accept(an_event(), []).receipt
    rule = a_rule("contact", title_template="Question of {name}")
    text = text_of(desk.post(url("trigger_try", rule), {"receipt": receipt.pk}))
    assert "It would open: Question of Lea" in text
    assert not Job.objects.exists()


def test_a_rule_is_tried_with_a_pasted_event(desk: Browser) -> None:
    rule = a_rule("contact", brief_template="{text}")
    pasted = json.dumps({"subject": "Ask", "text": EVIL})
    text = text_of(desk.post(url("trigger_try", rule), {"pasted": pasted}))
    assert "It would open: Ask" in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{__class__}" in text
    assert not Receipt.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({}, 409, "Choose an event"),
        ({"pasted": "  "}, 409, "Choose an event"),
        ({"pasted": "{"}, 200, "not valid JSON"),
        ({"pasted": '{"a": 1}' + " " * 200_000}, 409, "at most 200000"),
        ({"receipt": "999999"}, 200, "no such event"),
        ({"receipt": "x"}, 409, "whole number"),
        ({"pasted": '{"a": "b"}'}, 200, "The rule names {nobody}"),
    ],
)
def test_what_cannot_be_tried_or_opened_says_why(
    desk: Browser, sent: dict[str, str], status: int, said: str
) -> None:
    rule = a_rule("contact", brief_template="{nobody}")
    assert said in text_of(desk.post(url("trigger_try", rule), sent), status)
    assert not Job.objects.exists()


def test_a_test_event_is_sent_and_shown(desk: Browser) -> None:
    rule = a_rule("contact")
    response = desk.post(url("trigger_test", rule), follow=True)
    text = text_of(response)
    receipt = Receipt.objects.get()
    assert (receipt.outcome, receipt.source) == ("test", "form")
    for words in ("The test event arrived", f"receipt {receipt.pk}</a>, marked as a test", "It would open: A test"):
        assert words in text
    assert not Job.objects.exists()


def test_a_test_event_that_is_not_taken_says_what_was_answered(desk: Browser) -> None:
    text = text_of(desk.post(url("trigger_test", a_rule("contact", enabled=False))), 409)
    assert "answered with 404: There is no enabled form rule named contact." in text
    gone = a_rule("gone", source="pigeon")
    assert "pigeon" in text_of(desk.post(url("trigger_test", gone)), 409)


def test_of_a_schedule_the_next_slot_is_tried_and_is_opened_all_the_same(desk: Browser, hourly: Trigger) -> None:
    assert "Try the next slot" in text_of(desk.get(url("trigger", hourly)))
    assert "It would open: " in text_of(desk.post(url("trigger_test", hourly), follow=True))
    tried = Receipt.objects.get()
    assert (tried.outcome, tried.data["slot"] > timezone.now().isoformat()) == ("test", True)
    assert not Job.objects.exists()
    assert queries.past_slots(hourly) == []
    slot.open_due(timezone.now() + timedelta(hours=1))
    assert Receipt.objects.filter(data__slot=tried.data["slot"]).count() == 2


def test_another_receipt_is_not_shown_as_a_test(desk: Browser) -> None:
    rule, receipt = a_rule("contact"), accept(an_event(), []).receipt
    for value in (str(receipt.pk), "x", "9" * 40, "-1"):
        assert "marked as a test" not in text_of(desk.get(url("trigger", rule), {"tested": value}))


def test_a_rule_is_made_from_an_event_and_applied_to_it_in_two_clicks(desk: Browser) -> None:
    a_rule("contacts", source="standard", conditions={"types": ["other"]})
    event = an_event(source="standard", kind="contact.created", address="contacts", external_id="contacts:1")
    receipt = accept(event, []).receipt
    assert f"/triggers/new/?receipt={receipt.pk}" in text_of(desk.get(f"/receipts/{receipt.pk}/"))
    page = desk.get(f"/triggers/new/?receipt={receipt.pk}")
    assert "contact.created from lea@example.com" in text_of(page)
    form = page.context["form"]
    fields = [*form, *form.stated]
    sent = {one.html_name: one.field.prepare_value(one.value()) for one in fields if one.value() is not None}
    response = desk.post("/triggers/new/", {**sent, "receipt": receipt.pk, "do": "apply"}, follow=True)
    job, made = Job.objects.get(), Trigger.objects.latest("id")
    assert (job.receipt, job.trigger, job.brief) == (receipt, made, "Do you deliver?")
    assert (made.conditions, made.address) == ({"types": ["contact.created"]}, "contacts")
    assert f"opened job {job.pk}" in text_of(response)


def test_a_rule_is_kept_for_an_event_without_being_applied(desk: Browser) -> None:
    receipt = accept(an_event(source="standard", address=""), []).receipt
    desk.post("/triggers/new/", written(source="standard", receipt=receipt.pk))
    assert Trigger.objects.count() == 1
    assert not Job.objects.exists()


def test_a_rule_made_from_a_test_event_opens_nothing(desk: Browser) -> None:
    receipt = accept(an_event(is_test=True), []).receipt
    response = desk.post("/triggers/new/", written(receipt=receipt.pk, do="apply"), follow=True)
    assert "This was a test" in text_of(response)
    assert not Job.objects.exists()


def test_hostile_words_of_a_stranger_are_text_on_every_page(desk: Browser) -> None:
    rule = a_rule("contact", brief_template="{nobody}")
    event = an_event(summary=EVIL, sender=EVIL, kind=EVIL[:80], data={"text": EVIL, EVIL: EVIL})
    receipt = accept(event, [rule]).receipt
    pages = ["/triggers/", url("trigger", rule), f"/triggers/new/?receipt={receipt.pk}"]
    for page in [*pages, "/receipts/", f"/receipts/{receipt.pk}/"]:
        text = text_of(desk.get(page))
        assert "<script>alert" not in text, page
    assert "&lt;script&gt;alert(1)" in text


def test_who_may_not_change_rules_reads_them() -> None:
    browser = browser_of(person("read-only"))
    rule, receipt = a_rule("contact"), accept(an_event(), []).receipt
    assert "Change it" not in text_of(browser.get(url("trigger", rule)))
    for name in ("trigger_switch", "trigger_try", "trigger_test", "trigger_secrets", "trigger_edit"):
        assert "Not yours to change" in text_of(browser.post(url(name, rule)), 403)
    assert browser.get("/triggers/new/").status_code == 403
    assert browser.post(f"/receipts/{receipt.pk}/replay/").status_code == 403
    rule.refresh_from_db()
    assert rule.enabled


def test_no_change_without_a_token_and_none_by_get(owner: User) -> None:
    rule = a_rule("contact")
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(owner)
    for name in ("trigger_switch", "trigger_try", "trigger_test", "trigger_secrets"):
        assert browser.post(url(name, rule)).status_code == 403
        assert browser.get(url(name, rule)).status_code == 405
    assert browser.post("/triggers/new/", written()).status_code == 403


@pytest.mark.parametrize(
    "path", ["/triggers/", "/triggers/new/", "/triggers/contact/", "/receipts/", "/receipts/1/"]
)
def test_nobody_reads_them_without_having_logged_in(path: str) -> None:
    assert Browser().get(path).status_code == 302


@pytest.mark.parametrize(
    "path", ["/triggers/nobody/", "/triggers/new/?receipt=999", "/triggers/new/?receipt=x", "/receipts/999/"]
)
def test_what_is_not_there_is_not_found(desk: Browser, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_the_page_of_a_schedule_has_its_slots_in_place_of_events(desk: Browser, silent: Review) -> None:
    address = reverse("inbox:trigger", args=["hourly"])
    text = desk.get(address).content.decode()
    for words in ("Next slots", "Europe/Berlin", silent.payload["label"], "missed: waits for your word"):
        assert words in text
    assert "Last events" not in text
    assert "None while it is off." not in text
    desk.post(reverse("inbox:trigger_switch", args=["hourly"]), {"enabled": "off"})
    assert "None while it is off." in desk.get(address).content.decode()


def test_a_rule_shows_its_pace_and_what_waits_for_its_turn(desk: Browser, settings: Settings) -> None:
    settings.PACE = {"rule": 1, "sender": 9, "source": 9}
    rule = a_rule("contact")
    assert "1 jobs an hour" in text_of(desk.get("/triggers/contact/"))
    for number in range(3):
        accept(an_event(external_id=str(number)), [rule])
    assert "<b>2 wait for their turn</b>" in text_of(desk.get("/triggers/contact/"))
    pace.keep()
    item = Review.objects.get()
    page = text_of(desk.get(f"/inbox/{item.pk}/"))
    for words in (
        "more came than may begin within an hour",
        "2 jobs",
        "Let all of them begin",
        "/triggers/contact/",
    ):
        assert words in page
    desk.post(f"/inbox/{item.pk}/run/", {"version": item.version})
    assert "wait for their turn" not in text_of(desk.get("/triggers/contact/"))
    assert Job.objects.filter(let_in_at__isnull=False).count() == 3


def test_what_waits_is_ended_from_the_page_of_its_rule(
    desk: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PACE = {"rule": 1, "sender": 9, "source": 9}
    monkeypatch.setattr(pace, "_ENDED_AT_ONCE", 2)
    rule = a_rule("contact")
    assert "End what waits" not in text_of(desk.get("/triggers/contact/"))
    for number in range(4):
        accept(an_event(external_id=str(number)), [rule])
    assert "End what waits" in text_of(desk.get("/triggers/contact/"))
    assert "2 ended, 1 left." in text_of(desk.post("/triggers/contact/waiting/", follow=True))
    assert "1 ended." in text_of(desk.post("/triggers/contact/waiting/", follow=True))
    assert list(Job.objects.order_by("id").values_list("state", flat=True)) == ["pending", *["cancelled"] * 3]
    assert desk.get("/triggers/contact/waiting/").status_code == 405
