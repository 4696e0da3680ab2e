"""The rules to begin with: each is taken over as it stands, and opens its job."""

import json
from typing import Any

import pytest
from django.test import Client as Browser

from integrations.contracts import RuleTemplate
from integrations.github.rules import TEMPLATES
from integrations.github.source import GitHubSource
from jobs.models import Job, Receipt, Trigger
from tests.integrations.github import test_source
from tests.integrations.github.test_payloads import RUN
from tests.integrations.github.test_source import CHANGE, ISSUE

BY_SLUG = {template.slug: template for template in TEMPLATES}
OPENS: dict[str, tuple[str, dict[str, Any]]] = {
    "pull-request-opened": ("pull_request", CHANGE),
    "issue-labelled": ("issues", ISSUE),
    "workflow-failed": ("workflow_run", RUN),
}
WARNS = {
    "pull-request-opened": "written outside, to be judged and not obeyed",
    "issue-labelled": "The issue, written by marta (MEMBER)",
    "workflow-failed": "in the words of who made it",
}
WORDS = {
    "pull-request-opened": "Cache the menu",
    "issue-labelled": "It takes 9 s.",
    "workflow-failed": "Cache the menu",
}
STRANGER = {**CHANGE, "pull_request": {**CHANGE["pull_request"], "author_association": "NONE"}}
ANOTHER_LABEL = {**ISSUE, "label": {"name": "later"}}
ON_A_BRANCH = {**RUN, "workflow_run": {**RUN["workflow_run"], "head_branch": "cache"}}
ENDED_WELL = {**RUN, "workflow_run": {**RUN["workflow_run"], "conclusion": "success"}}
OPENS_NOT = [
    ("pull-request-opened", "pull_request", STRANGER),
    ("pull-request-opened", "pull_request", {**CHANGE, "action": "closed"}),
    ("issue-labelled", "issues", ANOTHER_LABEL),
    ("issue-labelled", "issues", {**ISSUE, "action": "unlabeled"}),
    ("workflow-failed", "workflow_run", ON_A_BRANCH),
    ("workflow-failed", "workflow_run", ENDED_WELL),
]


def taken_over(template: RuleTemplate) -> Trigger:
    """The owner's rule, made of the template alone."""
    return Trigger.objects.create(source="github", **template.model_dump())


def told(event: str, payload: dict[str, Any], delivery: str = "d-1") -> Any:
    """What GitHub hears of this event."""
    sent = test_source.TestGitHub().request(json.dumps(payload).encode(), event=delivery, kind=event)
    return Browser().post("/hooks/github/", sent.body, content_type="application/json", headers=dict(sent.headers))


@pytest.mark.parametrize("template", TEMPLATES, ids=BY_SLUG)
def test_a_template_reads_as_a_sentence(template: RuleTemplate) -> None:
    assert GitHubSource().check_conditions(template.conditions).endswith(".")


@pytest.mark.django_db
@pytest.mark.parametrize("template", TEMPLATES, ids=BY_SLUG)
def test_a_template_opens_its_job_once_however_often_it_is_sent(template: RuleTemplate) -> None:
    rule = taken_over(template)
    first, again = (told(*OPENS[template.slug]) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    job = Job.objects.get()
    assert first.json() == again.json() == {"receipt": Receipt.objects.get().pk, "jobs": [job.pk]}
    assert (job.trigger, job.priority, Receipt.objects.get().problems) == (rule, 2, {})
    assert "{" not in job.title + job.brief
    assert "Acme/widgets" in job.brief
    # That they are another's words stands before the words themselves.
    assert job.brief.index(WARNS[template.slug]) < job.brief.index(WORDS[template.slug])


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "event", "payload"), OPENS_NOT)
def test_a_template_opens_nothing_from_what_is_not_meant(slug: str, event: str, payload: dict[str, Any]) -> None:
    taken_over(BY_SLUG[slug])
    assert told(event, payload).json()["jobs"] == []
    assert Receipt.objects.get().problems == {}


@pytest.mark.django_db
def test_what_our_own_account_did_is_kept_with_the_reason_and_opens_nothing(settings: Any) -> None:
    settings.SOURCES = {"github": {"own_logins": ["tom"]}}
    taken_over(BY_SLUG["issue-labelled"])
    response = told(*OPENS["issue-labelled"])
    assert (response.status_code, response.json()["jobs"]) == (202, [])
    assert Receipt.objects.get().problems == {
        "every rule": "It was caused by tom, Nightdesk's own account.",
    }
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_ping_is_welcome() -> None:
    response = told("ping", {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {"name": "web"}})
    assert response.status_code == 202
    assert Receipt.objects.get().summary == "GitHub: ping; Keep it logically awesome."
