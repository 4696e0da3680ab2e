"""The queue, one job and its artifacts over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs import finding
from jobs.lifecycle import planning
from jobs.lifecycle import task as tasks
from jobs.lifecycle.follow_up import WantedJob
from jobs.lifecycle.job import open_job
from jobs.models import Artifact, Client, Delivery, Job, Review
from tests.jobs.conftest import STEP, a_file, claimed, done, message_result, store_turn
from tests.jobs.inbox.conftest import several
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db


def test_the_queue_shows_what_is_under_way_and_counts_every_state(desk: Browser, message: Review) -> None:
    text = desk.get("/jobs/").content.decode()
    assert "Status mail" in text
    assert "needs review <b>1</b>" in text
    assert "Nothing here." in desk.get("/jobs/?state=completed").content.decode()
    assert "Status mail" in desk.get("/jobs/?state=no-such-state&before=x").content.decode()


def test_the_queue_turns_pages_by_the_last_job_seen(
    desk: Browser, trattoria: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "PAGE_SIZE", 2)
    jobs = [open_job(title=f"Job {n}", brief="x", by="test", client=trattoria) for n in range(3)]
    first = desk.get("/jobs/?state=pending").content.decode()
    assert "Job 2" in first
    assert "Job 0" not in first
    assert f"before={jobs[1].pk}" in first
    assert "Job 0" in desk.get(f"/jobs/?state=pending&before={jobs[1].pk}").content.decode()


def test_the_queue_needs_as_many_queries_for_many_jobs_as_for_few(desk: Browser, trattoria: Client) -> None:
    several(trattoria, 2)
    with CaptureQueriesContext(connection) as few:
        desk.get("/jobs/")
    several(trattoria, 15)
    with CaptureQueriesContext(connection) as many:
        desk.get("/jobs/")
    assert len(many) == len(few)
    assert len(many) <= 10


def test_a_job_shows_brief_steps_attempts_deliveries_and_history(desk: Browser, message: Review) -> None:
    text = desk.get(reverse("inbox:job", args=[message.own_job.uid])).content.decode()
    for words in (
        "Write the status mail.",
        "Write it",
        "message.md",
        "mail: marta@example.com",
        "$0.00 of $2.00",
        "The orchestrator planned it: Write it.",
        "The message to the client is held until somebody approves it.",
        "Waits for you",
    ):
        assert words in text


def test_a_job_needs_as_many_queries_for_many_runs_as_for_few(desk: Browser, message: Review, owner: User) -> None:
    url = reverse("inbox:job", args=[message.own_job.uid])
    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    for version in range(3):
        desk.post(reverse("inbox:revise", args=[Review.objects.latest("id").pk]), {"version": 1, "note": "Again."})
        done(message_result(text=f"Version {version}"))
    with CaptureQueriesContext(connection) as many:
        desk.get(url)
    assert len(many) == len(few)


def test_every_job_of_a_chain_shows_the_whole_chain_and_what_was_not_opened(
    desk: Browser, planned: Callable[..., Job]
) -> None:
    job = planned()
    wanted = [WantedJob("Ask the printer", "Ask the printer."), WantedJob("Again", job.brief)]
    done(tasks.Result(output={}, summary="more to do", files=[], follow_ups=wanted))
    child = Job.objects.get(depth=1)
    own = desk.get(reverse("inbox:job", args=[job.uid])).content.decode()
    assert f'<b aria-current="page">{job.title}</b>' in own
    assert f'<a href="{reverse("inbox:job", args=[child.uid])}">Ask the printer</a>' in own
    assert "$0.50 handed on to follow-up jobs" in own
    assert "The test agent opened a follow-up job, “Ask the printer”, with $0.50 of this job&#x27;s budget." in own
    assert "“Again”. It was not opened: “Status mail” of this chain was asked the same." in own
    other = desk.get(reverse("inbox:job", args=[child.uid])).content.decode()
    assert '<b aria-current="page">Ask the printer</b>' in other
    assert f'<a href="{reverse("inbox:job", args=[job.uid])}">{job.title}</a>' in other
    assert "handed on" not in other


def test_a_job_that_stands_alone_shows_no_chain(desk: Browser, message: Review) -> None:
    assert "Where it belongs" not in desk.get(reverse("inbox:job", args=[message.own_job.uid])).content.decode()


def test_a_failed_job_is_started_again(desk: Browser, failure: Review) -> None:
    uid = failure.own_job.uid
    assert "Start what failed again" in desk.get(reverse("inbox:job", args=[uid])).content.decode()
    assert desk.post(reverse("inbox:job_retry", args=[uid])).status_code == 302
    assert Job.objects.get().state == "in_progress"


def test_a_job_is_ended_with_a_reason(desk: Browser, message: Review) -> None:
    uid = message.own_job.uid
    assert desk.post(reverse("inbox:job_cancel", args=[uid]), {"reason": "Not needed.\x00"}).status_code == 302
    job = Job.objects.get()
    assert (job.state, job.reason) == ("cancelled", "Not needed.")
    for verb in ("job_cancel", "job_retry"):
        response = desk.post(reverse(f"inbox:{verb}", args=[uid]))
        assert response.status_code == 409
        assert 'role="alert"' in response.content.decode()


def test_a_hostile_artifact_is_never_active_content(desk: Browser, planned: Callable[..., Job]) -> None:
    planned()
    evil = [a_file("evil.html", "<script>alert(1)</script>"), a_file('no"te\r\n.md', "<b>x</b>")]
    done(tasks.Result(output={}, summary="", files=evil))
    page, note = Artifact.objects.order_by("id")
    response = desk.get(reverse("inbox:artifact", args=[page.sha256]))
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == 'attachment; filename="evil.html"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    response = desk.get(reverse("inbox:artifact", args=[note.sha256]))
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'inline; filename="no_te__.md"'
    assert response.content == b"<b>x</b>"
    download = desk.get(reverse("inbox:artifact", args=[note.sha256]) + "?download")
    assert download.headers["Content-Disposition"].startswith("attachment")


def test_what_is_not_there_is_not_found(desk: Browser) -> None:
    assert desk.get("/artifacts/" + "0" * 64 + "/").status_code == 404
    assert desk.get("/artifacts/../../etc/passwd/").status_code == 404
    assert desk.get("/jobs/00000000-0000-0000-0000-000000000000/").status_code == 404


def test_nothing_of_a_job_is_shown_or_done_without_a_login(message: Review) -> None:
    uid, sha256 = message.own_job.uid, Artifact.objects.get().sha256
    browser = Browser()
    for path in ("/jobs/", f"/jobs/{uid}/", f"/artifacts/{sha256}/"):
        assert browser.get(path).headers["Location"].startswith("/login/")
    for verb in ("retry", "cancel"):
        assert browser.post(f"/jobs/{uid}/{verb}/").headers["Location"] == f"/login/?next=/jobs/{uid}/"
    assert Job.objects.get().state == "needs_review"


def test_the_plan_is_drawn_and_each_step_has_its_attempts(desk: Browser, message: Review) -> None:
    text = desk.get(f"/jobs/{message.own_job.uid}/").content.decode()
    assert 'aria-label="Step 1: drafting, needs review."' in text
    assert "1 attempt" in text
    assert Delivery.objects.get().digest[:12] in text


def test_an_attempt_is_read_word_for_word(desk: Browser, planned: Callable[..., Job]) -> None:
    job = planned()
    run = claimed()
    reply = {"content": [{"type": "text", "text": "<b>Here</b>"}]}
    store_turn(run, request={"messages": [{"role": "user", "content": "Write it."}]}, reply=reply)
    assert f"/jobs/{job.uid}/runs/{run.pk}/" in desk.get(f"/jobs/{job.uid}/").content.decode()
    text = desk.get(f"/jobs/{job.uid}/runs/{run.pk}/").content.decode()
    assert "Write it." in text
    assert "&lt;b&gt;Here&lt;/b&gt;" in text
    assert desk.get(f"/jobs/{job.uid}/runs/{run.pk + 1}/").status_code == 404


def test_what_changed_between_two_versions_is_a_page(desk: Browser, message: Review) -> None:
    desk.post(reverse("inbox:revise", args=[message.pk]), {"version": 1, "note": "Again."})
    done(message_result(text="Hello Marta, and Paolo"))
    first, second = Artifact.objects.order_by("id")
    address = reverse("inbox:versions", args=[message.own_job.uid, second.pk])
    assert address in desk.get(f"/jobs/{message.own_job.uid}/").content.decode()
    assert "<ins>" in desk.get(address).content.decode()
    assert desk.get(reverse("inbox:versions", args=[message.own_job.uid, first.pk])).status_code == 404


def test_a_job_is_run_again_with_other_words(desk: Browser, message: Review) -> None:
    address = f"/jobs/{message.own_job.uid}/again/"
    answer = desk.post(address, {"title": "Shorter", "brief": "Half as long."})
    made = Job.objects.get(title="Shorter")
    assert answer.headers["Location"] == f"/jobs/{made.uid}/"
    text = desk.get(f"/jobs/{made.uid}/").content.decode()
    assert f'<a href="/jobs/{message.own_job.uid}/">Status mail</a>, with other words' in text
    for brief in ("", "\x00"):
        refused = desk.post(address, {"title": "Kept", "brief": brief})
        assert refused.status_code == 409
        assert 'value="Kept"' in refused.content.decode()
    assert Job.objects.count() == 2


def test_the_verbs_of_a_job_are_never_called_by_get(desk: Browser, message: Review) -> None:
    for verb in ("retry", "cancel", "again"):
        assert desk.get(f"/jobs/{message.own_job.uid}/{verb}/").status_code == 405


def test_a_job_shows_what_its_plan_was_to_cost_and_what_it_rests_on(desk: Browser, job: Job) -> None:
    cited = {"question": "Which tone?", "answer": "Dry.", "by": "", "said_on": "2026-11-20"}
    planning.accept_plan(claimed(), [STEP], by="orchestrator", rests_on=[cited], estimate_microusd=120_000)
    text = desk.get(f"/jobs/{job.uid}/").content.decode()
    assert "$0.12 for the plan, made before it began</dd>" in text
    assert "said on 2026-11-20, in an earlier job for Trattoria Lume" in text
    Job.objects.filter(pk=job.pk).update(budget_microusd=100_000)
    assert "more than the job may spend" in desk.get(f"/jobs/{job.uid}/").content.decode()


def test_the_list_says_why_each_job_waits_and_is_narrowed_by_its_address(desk: Browser, message: Review) -> None:
    open_job(title="Own notes", brief="x", by="test")
    text = desk.get("/jobs/").content.decode()
    assert "It waits for you: Sends to marta@example.com" in text
    assert "It is planned " in text
    text = desk.get("/jobs/?q=notes").content.decode()
    assert "Own notes" in text
    assert "Status mail" not in text
    assert '<details class="act narrow" open>' in text


def test_many_are_ended_after_their_number_was_shown(desk: Browser, trattoria: Client) -> None:
    for number in range(3):
        open_job(title=f"Job {number}", brief="x", by="test", client=trattoria)
    address = "/jobs/many/?client=trattoria-lume&verb=cancel"
    assert "End for good 3 jobs?" in desk.get(address).content.decode()
    assert Job.objects.filter(state="cancelled").count() == 0, "GET decides nothing"
    stale = desk.post(address, {"number": "2"})
    assert "The list has changed" in stale.content.decode()
    assert Job.objects.filter(state="cancelled").count() == 0
    answer = desk.post(address, {"number": "3"}, follow=True)
    assert "End all: done for 3 jobs." in answer.content.decode()
    assert Job.objects.filter(state="cancelled").count() == 3


@pytest.mark.parametrize("query", ["verb=cancel&q=nothing", "verb=explode", "", "verb=retry"])
def test_nothing_to_do_leads_back_to_the_list(desk: Browser, query: str, trattoria: Client) -> None:
    open_job(title="Job", brief="x", by="test", client=trattoria)
    answer = desk.post(f"/jobs/many/?{query}", {"number": "1"}, follow=True)
    assert "There is nothing there any more" in answer.content.decode()
    assert Job.objects.get().state == "pending"


def test_strangers_end_nothing(client: Browser, trattoria: Client) -> None:
    open_job(title="Job", brief="x", by="test", client=trattoria)
    assert client.post("/jobs/many/?verb=cancel", {"number": "1"}).status_code == 302
    assert Job.objects.get().state == "pending"


def test_work_is_added_by_hand(desk: Browser, trattoria: Client) -> None:
    page = desk.get("/jobs/new/?client=trattoria-lume").content.decode()
    assert '<option value="trattoria-lume" selected>' in page
    asked = {"brief": "Write the menu.", "client": "trattoria-lume", "budget": "1.50"}
    opened = desk.post("/jobs/new/", asked)
    job = Job.objects.get()
    assert opened.headers["Location"] == f"/jobs/{job.uid}/"
    assert (job.title, job.client, job.priority) == ("Write the menu.", trattoria, 1)
    assert (job.budget_microusd, job.created_by) == (1_500_000, "owner")


def test_what_is_due_says_so_on_every_page_of_it(desk: Browser, message: Review) -> None:
    soon = timezone.localtime() + timedelta(hours=3)
    clock = f">{soon:%H:%M}</time>"
    Job.objects.update(due_at=soon)
    assert clock in desk.get(f"/jobs/{message.own_job.uid}/").content.decode()
    for due_at, said in ((soon, "due <time"), (soon - timedelta(days=2), "was due <time")):
        Review.objects.update(due_at=due_at)
        page = desk.get("/inbox/").content.decode()
        assert page.count(f'<b class="risk">{said}') == 2, "in its row and over its words"
    Review.objects.update_state(state="superseded")
    assert "due <time" not in desk.get(f"/inbox/{message.pk}/").content.decode()


def test_a_list_of_jobs_says_what_is_due_while_it_is_open(desk: Browser, message: Review) -> None:
    soon = timezone.localtime() + timedelta(hours=3)
    assert "due <time" not in desk.get("/jobs/").content.decode()
    for due_at, said in ((soon, "due <time"), (soon - timedelta(days=2), "was due <time")):
        Job.objects.update(due_at=due_at)
        for address in ("/jobs/", "/jobs/many/?verb=cancel", "/clients/trattoria-lume/"):
            assert f'<b class="risk">{said}' in desk.get(address).content.decode(), address
    Job.objects.update_state(state="completed")
    for address in ("/jobs/?state=completed", "/clients/trattoria-lume/"):
        page = desk.get(address).content.decode()
        assert ("Status mail" in page, "due <time" in page) == (True, False), address


def test_when_a_job_is_due_is_said_and_changed_on_its_page(desk: Browser, message: Review) -> None:
    address = f"/jobs/{message.own_job.uid}/"
    assert "Say when it is due" in desk.get(address).content.decode()
    soon = (timezone.localtime() + timedelta(hours=3)).replace(second=0, microsecond=0)
    assert desk.post(f"{address}due/", {"due_at": f"{soon:%Y-%m-%dT%H:%M}"}).status_code == 302
    assert Job.objects.get().due_at == soon == Review.objects.get().deadline
    page = desk.get(address).content.decode()
    assert f'name="due_at" value="{soon:%Y-%m-%dT%H:%M}"' in page
    assert "changed when it is due." in page
    past = desk.post(f"{address}due/", {"due_at": "2026-01-01T08:00"})
    assert (past.status_code, "This time has passed" in past.content.decode()) == (409, True)
    assert Job.objects.get().due_at == soon
    desk.post(f"{address}due/", {"due_at": ""})
    assert (Job.objects.get().due_at, Review.objects.get().deadline) == (None, None)


def test_work_that_says_nothing_is_not_opened(desk: Browser) -> None:
    refused = desk.post("/jobs/new/", {"brief": " ", "title": "A title"})
    assert refused.status_code == 409
    assert "A title" in refused.content.decode()
    assert not Job.objects.exists()


def test_who_only_reads_adds_no_work(db: None) -> None:
    browser = browser_of(person("read-only"))
    assert browser.get("/jobs/new/").status_code == 403
    assert "/jobs/new/" not in browser.get("/jobs/").content.decode()


def test_the_search_stands_open_for_who_came_to_search(desk: Browser) -> None:
    assert "autofocus" in desk.get("/jobs/?find").content.decode()
    assert "autofocus" not in desk.get("/jobs/").content.decode()
