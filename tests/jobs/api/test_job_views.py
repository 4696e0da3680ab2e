"""Jobs over the API."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import queries
from jobs.lifecycle.intake import accept
from jobs.lifecycle.job import open_job
from jobs.models import Client, Event, Job, Review
from tests.jobs.api.conftest import Caller, problem
from tests.jobs.conftest import a_received_file, a_rule, an_event, document_result, done

pytestmark = pytest.mark.django_db


def test_a_job_is_opened_and_found(caller: Caller, trattoria: Client) -> None:
    body = {"brief": "Draft the menu.", "title": "Menu", "client": "trattoria-lume", "budget_microusd": 500_000}
    response = caller.post("jobs/", body)
    assert response.status_code == 201
    job = Job.objects.get()
    assert (job.brief, job.title, job.client, job.priority) == ("Draft the menu.", "Menu", trattoria, 1)
    assert job.budget_microusd == 500_000
    assert job.created_by == "api:n8n"
    assert response.headers["Location"].endswith(f"/api/v1/jobs/{job.uid}/")
    shown = caller.get(f"jobs/{job.uid}/").json()
    assert shown == response.json()
    assert (shown["id"], shown["client"], shown["state"]) == (str(job.uid), "trattoria-lume", "pending")
    assert shown["page"] == f"http://127.0.0.1:8000/jobs/{job.uid}/"


def test_a_job_may_be_due(caller: Caller) -> None:
    due_at = timezone.now() + timedelta(hours=3)
    shown = caller.post("jobs/", {"brief": "Draft the menu.", "due_at": due_at.isoformat()}).json()
    assert Job.objects.get().due_at == due_at
    assert datetime.fromisoformat(shown["due_at"]) == due_at
    past = caller.post("jobs/", {"brief": "Draft it.", "due_at": "2026-01-01T00:00:00Z"})
    assert problem(past, "invalid", 400)["errors"][0]["pointer"] == "/due_at"


def test_files_come_with_a_job_as_its_data(caller: Caller) -> None:
    files = [{"name": "notes.txt", "text": " two\nlines "}]
    caller.post("jobs/", {"brief": "Sum it up.", "data": {"tone": "dry"}, "files": files})
    assert Job.objects.get().data == {"tone": "dry", "files": files}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/brief"),
        ({"brief": "  "}, "/brief"),
        ({"brief": "a", "priority": 3}, "/priority"),
        ({"brief": "a", "client": "nobody"}, "/client"),
        ({"brief": "a", "budget_microusd": 0}, "/budget_microusd"),
        ({"brief": "a", "budget_microusd": 10**11}, "/budget_microusd"),
        ({"brief": "a", "data": []}, "/data"),
        ({"brief": "a", "data": {"files": 1}}, "/data"),
        ({"brief": "a", "files": [{"name": "x"}]}, "/files/0/text"),
        ({"brief": "a", "breif": "b"}, "/breif"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused_with_the_place(
    caller: Caller, body: dict[str, Any], pointer: str
) -> None:
    found = problem(caller.post("jobs/", body), "invalid", 400)
    assert [error["pointer"] for error in found["errors"]] == [pointer]
    assert not Job.objects.exists()


def test_a_list_has_pages_without_gap_or_repeat(
    caller: Caller, trattoria: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 3)
    for number in range(7):
        open_job(title=str(number), brief="Write it.", by="test", client=trattoria)
    titles: list[str] = []
    path = "jobs/"
    while path:
        body = caller.get(path).json()
        titles += [row["title"] for row in body["results"]]
        # What is opened while somebody turns pages is on none of them.
        open_job(title="late", brief="Write it.", by="test")
        path = (body["next"] or "").partition("/api/v1/")[2]
    assert titles == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_list_shows_what_was_asked_for(caller: Caller, trattoria: Client) -> None:
    open_job(title="client", brief="Write it.", by="test", client=trattoria)
    open_job(title="internal", brief="Write it.", by="test")
    ended = caller.post("jobs/", {"brief": "a", "title": "ended"}).json()
    caller.post(f"jobs/{ended['id']}/cancel/")

    def titles(**query: Any) -> list[str]:
        return [row["title"] for row in caller.get("jobs/", **query).json()["results"]]

    assert titles() == ["ended", "internal", "client"]
    assert titles(client="trattoria-lume") == ["client"]
    assert titles(priority=2) == ["ended", "internal"]
    assert titles(state="cancelled") == ["ended"]
    assert titles(state="pending", priority=2) == ["internal"]
    assert titles(client="nobody") == []


@pytest.mark.parametrize(
    "query", [{"state": "done"}, {"priority": 0}, {"cursor": "abc"}, {"cursor": "9" * 30}, {"status": "pending"}]
)
def test_a_filter_that_makes_no_sense_is_refused(caller: Caller, query: dict[str, Any]) -> None:
    problem(caller.get("jobs/", **query), "invalid", 400)


def test_the_next_page_keeps_the_filter(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 1)
    for number in range(2):
        open_job(title=str(number), brief="Write it.", by="test")
    assert "state=pending" in caller.get("jobs/", state="pending").json()["next"]


def test_a_list_needs_as_many_queries_for_ten_jobs_as_for_one(caller: Caller, trattoria: Client) -> None:
    open_job(title="x", brief="Write it.", by="test", client=trattoria)
    caller.get("jobs/")
    with CaptureQueriesContext(connection) as few:
        caller.get("jobs/")
    for _ in range(9):
        open_job(title="x", brief="Write it.", by="test", client=trattoria)
    with CaptureQueriesContext(connection) as many:
        caller.get("jobs/")
    assert len(many) == len(few)


def test_a_job_shows_its_plan_and_what_was_made(caller: Caller, planned: Callable[..., Job]) -> None:
    job = planned()
    done(document_result())
    shown = caller.get(f"jobs/{job.uid}/").json()
    assert [task["agent"] for task in shown["tasks"]] == ["drafting"]
    assert shown["artifacts"][0]["name"] == "draft.md"
    assert shown["deliveries"][0]["kind"] == "document"
    assert shown["deliveries"][0]["files"][0]["sha256"] == shown["artifacts"][0]["sha256"]


def test_a_job_is_ended_by_the_token(caller: Caller, job: Job) -> None:
    response = caller.post(f"jobs/{job.uid}/cancel/", {"reason": "Not needed."})
    assert response.status_code == 200
    assert (response.json()["state"], response.json()["reason"]) == ("cancelled", "Not needed.")
    assert Event.objects.get(name="job.cancelled").actor == "api:n8n"
    problem(caller.post(f"jobs/{job.uid}/cancel/"), "refused", 409)


def test_what_failed_starts_again(caller: Caller, failure: Review) -> None:
    response = caller.post(f"jobs/{failure.own_job.uid}/retry/", {"budget_microusd": 9_000_000})
    assert response.status_code == 200
    assert response.json()["state"] == "in_progress"
    assert response.json()["budget_microusd"] == 9_000_000
    assert response.json()["reviews"][0]["state"] == "superseded"


def test_a_job_that_did_not_fail_does_not_start_again(caller: Caller, job: Job) -> None:
    assert "pending" in problem(caller.post(f"jobs/{job.uid}/retry/"), "refused", 409)["detail"]


def test_the_history_is_read_page_by_page(
    caller: Caller, planned: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    job = planned()
    names: list[str] = []
    path = f"jobs/{job.uid}/events/"
    while path:
        body = caller.get(path).json()
        names += [row["name"] for row in body["results"]]
        path = (body["next"] or "").partition("/api/v1/")[2]
    assert names == list(Event.objects.filter(job=job).order_by("id").values_list("name", flat=True))
    assert names[0] == "job.opened"
    assert len(names) > 2


@pytest.mark.parametrize("verb", ["", "cancel/", "retry/", "events/"])
def test_a_job_that_is_not_there_is_not_found(caller: Caller, verb: str) -> None:
    path = f"jobs/{uuid.uuid4()}/{verb}"
    problem(caller.post(path) if verb in {"cancel/", "retry/"} else caller.get(path), "not-found", 404)


def test_a_job_shows_what_came_with_its_event(caller: Caller) -> None:
    (job,) = accept(an_event(files=[a_received_file()]), [a_rule()]).jobs
    (file,) = caller.get(f"jobs/{job.uid}/").json()["received"]
    assert (file["name"], file["untrusted"], file["made_by"]) == ("menu.csv", True, "lea@example.com")
    assert caller.get(f"artifacts/{file['sha256']}/").content == b"soup,7"
