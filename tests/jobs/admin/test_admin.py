"""The engine room: what can be changed, what can only be read, and what is refused with a clear word."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from jobs import queries
from jobs.lifecycle.intake import secrets_of
from jobs.lifecycle.rule import address_of, read_conditions
from jobs.models import (
    Artifact,
    Client,
    Delivery,
    Event,
    Job,
    KnownAnswer,
    Receipt,
    Review,
    Run,
    Task,
    Trigger,
    Turn,
)
from jobs.rule_form import RuleForm
from tests.jobs.inbox.conftest import several

pytestmark = pytest.mark.django_db

HISTORY = [Job, Task, Run, Turn, Receipt, Artifact, Review, Delivery, Event]


@pytest.fixture
def room(owner: User) -> Browser:
    """A browser in the engine room."""
    browser = Browser()
    browser.force_login(owner)
    return browser


def rule(**changes: Any) -> dict[str, Any]:
    """A whole form of a rule."""
    fields = {
        "name": "Enquiry",
        "slug": "enquiry",
        "source": "form",
        "conditions": "{}",
        "title_template": "{summary}",
        "brief_template": "{text}",
        "priority": 1,
        "secret_version": 1,
        "budget": "1.5",
    }
    return fields | changes


@pytest.mark.parametrize("model", [*HISTORY, Client, Trigger])
def test_every_noun_has_a_list(room: Browser, trattoria: Client, model: Any) -> None:
    several(trattoria, 1)
    assert room.get(reverse(f"admin:jobs_{model._meta.model_name}_changelist")).status_code == 200


@pytest.mark.parametrize("model", HISTORY)
def test_history_can_only_be_read(room: Browser, owner: User, rf: Any, model: Any) -> None:
    request = rf.get("/")
    request.user = owner
    site = admin.site.get_model_admin(model)
    assert not site.has_add_permission(request)
    assert not site.has_change_permission(request)
    assert not site.has_delete_permission(request)
    assert site.has_view_permission(request)
    assert room.get(reverse(f"admin:jobs_{model._meta.model_name}_add")).status_code == 403


def test_one_row_of_each_noun_can_be_opened(room: Browser, trattoria: Client) -> None:
    several(trattoria, 1)
    Receipt.objects.create(source="form", external_id="1", kind="x", body=b"<b>raw</b>", sha256="0" * 64)
    for model in (Job, Task, Run, Artifact, Review, Delivery, Event, Receipt):
        row = model.objects.latest("id")
        response = room.get(reverse(f"admin:jobs_{model._meta.model_name}_change", args=[row.pk]))
        assert response.status_code == 200
        assert "<b>raw" not in response.content.decode()


def test_no_list_counts_all_its_rows_or_is_edited_in_place() -> None:
    for model, shown in admin.site._registry.items():
        if model._meta.app_label == "jobs":
            assert not shown.show_full_result_count
            assert not shown.list_editable


def test_money_is_shown_as_money(room: Browser, trattoria: Client) -> None:
    several(trattoria, 1)
    Job.objects.update(spent_microusd=1_234_567)
    for model in (Job, Run):
        row = model.objects.latest("id")
        text = room.get(reverse(f"admin:jobs_{model._meta.model_name}_change", args=[row.pk])).content.decode()
        assert "microusd" not in text.lower()
    assert "$1.235 of" in room.get(reverse("admin:jobs_job_changelist")).content.decode().replace(
        "\N{NO-BREAK SPACE}", " "
    )


@pytest.mark.parametrize("model", [Job, Review, Delivery])
def test_a_list_needs_as_many_queries_for_many_rows_as_for_few(
    room: Browser, trattoria: Client, model: Any
) -> None:
    url = reverse(f"admin:jobs_{model._meta.model_name}_changelist")
    several(trattoria, 2)
    with CaptureQueriesContext(connection) as few:
        room.get(url)
    several(trattoria, 8)
    with CaptureQueriesContext(connection) as many:
        room.get(url)
    assert len(many) == len(few)


def test_a_jobs_verbs_are_called_from_its_list(room: Browser, trattoria: Client) -> None:
    several(trattoria, 1)
    job = Job.objects.get()
    url = reverse("admin:jobs_job_changelist")
    response = room.post(url, {"action": "retry", "_selected_action": [job.pk]}, follow=True)
    assert Job.objects.get().state == "needs_review"
    assert "Status 0" in response.content.decode()
    room.post(url, {"action": "cancel", "_selected_action": [job.pk]})
    assert Job.objects.get().state == "cancelled"
    assert Event.objects.filter(name="job.cancelled", actor="owner").exists()


def test_who_may_only_look_cannot_call_a_verb(trattoria: Client) -> None:
    several(trattoria, 1)
    person = User.objects.create_user("auditor", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_job"))
    browser = Browser()
    browser.force_login(person)
    browser.post(
        reverse("admin:jobs_job_changelist"), {"action": "cancel", "_selected_action": [Job.objects.get().pk]}
    )
    assert Job.objects.get().state == "needs_review"


def test_a_rule_is_kept_with_its_budget_in_micro_usd(room: Browser) -> None:
    response = room.post(reverse("admin:jobs_trigger_add"), rule(), follow=True)
    assert response.status_code == 200
    made = Trigger.objects.get()
    assert made.budget_microusd == 1_500_000
    assert RuleForm(instance=made).fields["budget"].initial == 1.5


def test_a_rule_shows_its_address_and_what_a_sender_proves_itself_with(room: Browser) -> None:
    made = Trigger.objects.create(name="Enquiry", slug="enquiry", source="form")
    text = room.get(reverse("admin:jobs_trigger_change", args=[made.pk])).content.decode()
    assert f"{settings.BASE_URL}/hooks/form/enquiry/" in text
    for secret in secrets_of(made)[:2]:
        assert secret in text.replace("&#x27;", "'")


def test_a_rule_without_an_address_of_its_own_shows_no_secret(room: Browser) -> None:
    for source in ("github", "schedule"):
        made = Trigger.objects.create(name=source, slug=source, source=source)
        text = room.get(reverse("admin:jobs_trigger_change", args=[made.pk])).content.decode()
        assert "whsec_" not in text
    assert address_of(Trigger(slug="x", source="github")).endswith("/hooks/github/")
    assert address_of(Trigger(slug="x", source="schedule")) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": "carrier-pigeon"}, "There is no source named"),
        ({"conditions": "[]"}, "JSON object"),
        ({"conditions": '{"label": "x"}'}, "label"),
        ({"source": "github", "conditions": '{"event": "psuh"}'}, "event"),
        ({"source": "schedule", "conditions": '{"cron": "every day"}'}, "no cron expression"),
        ({"source": "schedule", "conditions": '{"cron": "0 6 * * *", "timezone": "Mars"}'}, "no time zone"),
        ({"source": "schedule", "conditions": '{"when": "whenever"}'}, "is not understood"),
        ({"source": "schedule", "conditions": '{"cron": "0 6 * * *", "overlap": "no"}'}, "overlap is one of"),
        ({"source": "schedule", "conditions": '{"corn": "0 6 * * *"}'}, "not corn"),
        ({"title_template": "{first name}"}, "is no name"),
        ({"brief_template": "{}"}, "is no name"),
        ({"budget": "-1"}, "greater than"),
    ],
)
def test_a_rule_that_could_not_work_is_refused(room: Browser, changes: dict[str, str], said: str) -> None:
    response = room.post(reverse("admin:jobs_trigger_add"), rule(**changes))
    assert response.status_code == 200
    assert said in response.content.decode()
    assert not Trigger.objects.exists()


@pytest.mark.parametrize(
    ("source", "conditions"),
    [
        ("form", {}),
        ("standard", {"types": ["a"]}),
        ("schedule", {"cron": "30 5 * * 1-5", "timezone": "Europe/Berlin"}),
        ("schedule", {"when": "every weekday at 6:30", "overlap": "skip", "catch_up": "none", "jitter": 60}),
    ],
)
def test_conditions_are_told_as_a_sentence(source: str, conditions: dict[str, Any]) -> None:
    assert len(read_conditions(source, conditions)) > 5


def test_a_schedule_shows_its_next_slots_and_what_became_of_the_last(room: Browser, silent: Review) -> None:
    made = Trigger.objects.get()
    url = reverse("admin:jobs_trigger_change", args=[made.pk])
    text = room.get(url).content.decode()
    for slot in queries.next_slots(made):
        assert f"{slot:%a %d %b %Y, %H:%M} Europe/Berlin" in text
    assert f"<td>{silent.payload['label']}</td><td>missed: waits for your word</td>" in text
    Trigger.objects.update(enabled=False)
    assert "None while it is paused." in room.get(url).content.decode()


def test_a_rule_without_a_clock_has_no_slots(room: Browser) -> None:
    made = Trigger.objects.create(name="Enquiry", slug="enquiry", source="form")
    text = room.get(reverse("admin:jobs_trigger_change", args=[made.pk])).content.decode()
    assert "None yet." in text
    assert room.get(reverse("admin:jobs_trigger_add")).status_code == 200


def test_recipients_are_mail_addresses(room: Browser) -> None:
    fields = {"name": "A", "slug": "a", "recipients": '["not an address"]', "tone": "", "notes": ""}
    response = room.post(reverse("admin:jobs_client_add"), fields)
    assert "is no mail address" in response.content.decode()
    assert not Client.objects.exists()
    room.post(reverse("admin:jobs_client_add"), fields | {"recipients": '["a@example.com"]'})
    assert Client.objects.get().recipients == ["a@example.com"]


def test_the_source_loader_of_the_settings_resolves() -> None:
    assert callable(import_string(settings.SOURCE_LOADER))


def test_the_queue_is_named_for_what_it_is(room: Browser) -> None:
    assert "Queue internals" in room.get("/admin/").content.decode()


@pytest.mark.parametrize("path", ["/admin/", "/admin/jobs/job/", "/admin/jobs/trigger/"])
def test_the_engine_room_is_locked(path: str) -> None:
    assert Browser().get(path).status_code == 302
    browser = Browser()
    browser.force_login(User.objects.create_user("reviewer"))
    assert browser.get(path).status_code == 302


def test_what_is_known_of_a_client_is_shown_and_can_be_removed(room: Browser, trattoria: Client) -> None:
    known = KnownAnswer.objects.create(
        client=trattoria, question="Which tone?", answer="Dry.", said_by="owner", said_at=timezone.now()
    )
    page = reverse("admin:jobs_client_change", args=[trattoria.pk])
    assert "Which tone?" in room.get(page).content.decode()
    fields = {"name": trattoria.name, "slug": trattoria.slug, "recipients": "[]", "tone": "", "notes": ""}
    row = {
        "known_answers-TOTAL_FORMS": 1,
        "known_answers-INITIAL_FORMS": 1,
        "known_answers-0-id": known.pk,
        "known_answers-0-client": trattoria.pk,
        "known_answers-0-answer": "Dry.",
        "known_answers-0-DELETE": "on",
    }
    room.post(page, fields | row)
    assert not KnownAnswer.objects.exists()
