"""From a pushed branch to its merge, by the events of GitHub: real git, PyGithub, signed webhooks, real verbs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from integrations import workers
from jobs import pool
from jobs.lifecycle import feedback
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.models import Delivery, Event, Job, Receipt, Review, Task
from tests.emulators.github_sender import WebhookSender
from tests.integrations.branches.patches import EDIT, EDIT_AGAIN
from tests.integrations.github.world import World, hub
from tests.jobs.conftest import a_file, claimed, job, planned, sending

__all__ = ["hub", "job", "planned"]

pytestmark = pytest.mark.django_db

SECRET = "a secret of the webhook's"


@pytest.fixture
def github(hub: World, settings: Settings) -> WebhookSender:
    """GitHub, connected in both directions."""
    settings.SOURCES = {**settings.SOURCES, "github": {"own_logins": ["nightdesk-bot"], "reviewers": ["mona"]}}
    settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "github": [SECRET]}
    settings.BRANCHES_BY = {"shop": "github"}
    workers._target.cache_clear()
    options = {
        "repositories": {"shop": f"{hub.github.url}/acme/shop.git"},
        "workdir": hub.folder / "work",
        "token": "github_pat_emulator_0001",
        "base_url": hub.github.url,
        "pause": 0.0,
    }
    settings.TARGETS = {**settings.TARGETS, "github": options}
    browser = Browser()

    def post(body: bytes, headers: dict[str, str]) -> int:
        kind = headers.pop("content-type")
        return browser.post("/hooks/github/", data=body, content_type=kind, headers=headers).status_code

    return WebhookSender(hub.place, SECRET, post)


def work(hub: World, patch: bytes, name: str = "changes.patch") -> None:
    """The code agent is done; what it made goes out."""
    base = hub.owned.sha()
    fields = {"repository": "shop", "base_sha": base, "message": "Raise the price", "open_points": ["Is it right?"]}
    effect = tasks.WantedEffect("branch", fields, [name])
    files = [a_file(name, patch.decode(), "patch" if name == "changes.patch" else "revision")]
    tasks.succeed(claimed(), tasks.Result({}, "+1 -1, tests pass", files, [effect]), by="agent:code")
    carry_out()


def carry_out() -> None:
    Delivery.objects.filter(state="pending").update(ready_at=timezone.now() - timedelta(seconds=1))
    workers.carry_out(sending(), pool.Pulse("deliveries"))


def asked() -> Review:
    return Review.objects.get(state="open", kind="merge")


@pytest.fixture
def pushed(hub: World, github: WebhookSender, planned: Callable[..., Job]) -> WebhookSender:
    planned()
    work(hub, EDIT)
    return github


def test_checks_and_words_are_shown_where_the_owner_decides(
    pushed: WebhookSender, hub: World, owner: User, client: Any
) -> None:
    pull = hub.pull
    pushed.workflow_run(pull, "CI", None)
    pushed.workflow_run(pull, "CI", "failure")
    pushed.status(pull, "coverage", "success")
    pushed.comment(pull, "I would <b>not</b>.", login="stranger", association="NONE")
    assert {status for _, status in pushed.answers} == {202}
    client.force_login(owner)
    page = client.get(f"/inbox/{asked().pk}/").content.decode()
    for words in (
        "failed",
        "CI",
        "coverage",
        "I would &lt;b&gt;not&lt;/b&gt;.",
        "(shown only)",
        "Is it right?",
        "Merge",
    ):
        assert words in page
    assert f"/acme/shop/pull/{pull.number}" in page
    history = client.get(f"/jobs/{Job.objects.get().uid}/").content.decode()
    assert "The check “CI” of the branch: failure." in history


def test_a_comment_becomes_one_more_commit_on_the_same_pull_request(pushed: WebhookSender, hub: World) -> None:
    first = asked()
    guid = "00000000-0000-4000-8000-00000000abcd"
    assert pushed.comment(hub.pull, "Make it 16.", guid=guid) == 202
    assert pushed.comment(hub.pull, "Make it 16.", guid=guid) == 200
    feedback.revise_due(timezone.now() + feedback.QUIET)
    assert Task.objects.get().revision_note == "mona wrote:\nMake it 16."
    work(hub, EDIT_AGAIN, "revision.patch")
    second = asked()
    pushed.pull_request("synchronize", hub.pull, login="nightdesk-bot")
    assert asked().version == second.version == 1
    assert hub.owned.sha(f"{second.payload['commit']}^") == first.payload["commit"]
    assert len(hub.place.pulls) == 1
    (told,) = hub.pull.comments
    pushed.comment(hub.pull, told["body"], login="mona")
    feedback.revise_due(timezone.now() + 2 * feedback.QUIET)
    assert asked().pk == second.pk


def test_the_button_merges_and_githubs_own_word_of_it_changes_nothing(
    pushed: WebhookSender, hub: World, owner: User
) -> None:
    review = asked()
    reviews.approve(review, by=owner, version=1, digest=review.digest)
    carry_out()
    assert hub.owned.sha("main^2") == review.payload["commit"]
    assert (Job.objects.get().state, Task.objects.get().state) == ("completed", "completed")
    assert pushed.pull_request("closed", hub.pull, login="nightdesk-bot") == 202
    assert Review.objects.get().decided_by == owner


def test_a_branch_that_moves_after_the_word_was_given_is_asked_for_anew(
    pushed: WebhookSender, hub: World, owner: User
) -> None:
    review = asked()
    reviews.approve(review, by=owner, version=1, digest=review.digest)
    hub.owned.commit({"more.txt": "x\n"}, branch=hub.pull.head)
    before = hub.owned.sha("main")
    carry_out()
    assert hub.owned.sha("main") == before
    assert "went on since it was looked at" in asked().payload["refused"]


def test_merged_at_github_the_job_is_done(pushed: WebhookSender, hub: World) -> None:
    hub.github.merge(hub.place, hub.pull)
    assert pushed.pull_request("closed", hub.pull) == 202
    review = Review.objects.get()
    assert (review.state, review.note) == ("approved", "Merged there by mona.")
    assert Job.objects.get().state == "completed"


@pytest.mark.parametrize("forged", [{"secret": "another"}, {"tampered": True}])
def test_a_forged_word_merges_and_steers_nothing(pushed: WebhookSender, hub: World, forged: dict[str, Any]) -> None:
    told = {**hub.place.pull_as_json(hub.pull), "merged": True}
    payload = pushed.about("mona", action="closed", pull_request=told)
    assert pushed.send("pull_request", payload, **forged) == 401
    assert asked().state == "open"
    assert not Receipt.objects.exists()
    assert not Event.objects.filter(name__startswith="branch.").exists()
