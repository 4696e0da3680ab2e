"""A backup is put back after the world has gone on: real mails, files and branches are there once each.

Each effect is made after the backup, so that the restored rows know nothing of it; then the workers go on.
"""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client as Browser
from django.utils import timezone

from integrations import workers
from jobs import workers as clock
from jobs.lifecycle import planning
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Job, Receipt, Restore, Review, Trigger
from tests.house import bare_repository, git
from tests.integrations.mail.conftest import Post
from tests.jobs.conftest import STEP, a_file, claimed, document_result, done, last_hour, message_result

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("one_thread")]

PATCH = """diff --git a/README.md b/README.md
--- a/README.md
+++ b/README.md
@@ -1 +1 @@
-old
+new
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A repository that agents may push branches to."""
    return bare_repository(tmp_path / "site.git", {"README.md": "old\n"})


@pytest.fixture(autouse=True)
def places(settings: Any, tmp_path: Path, site: Path) -> Path:
    """Where the effects of a test are made; returns the folder of mails."""
    settings.EMAIL_BACKEND = "integrations.mail.outbox.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.BACKUPS = tmp_path / "backups"
    folder = {**settings.TARGETS["folder"], "root": str(tmp_path / "documents")}
    settings.TARGETS = {**settings.TARGETS, "folder": folder}
    workers._target.cache_clear()
    return tmp_path / "mail"


@pytest.fixture
def message(trattoria: Client) -> Review:
    """A message to a client that waits."""
    open_job(title="Status mail", brief="Write it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result())
    return Review.objects.get()


def approve(review: Review, owner: User, *, again: bool = False) -> None:
    fresh, person = Review.objects.get(pk=review.pk), User.objects.get(pk=owner.pk)
    reviews.approve(fresh, by=person, version=fresh.version, digest=fresh.digest, again=again)


def back_up(folder: Path) -> Path:
    call_command("backup", folder)
    (path,) = folder.glob("nightdesk-*.tar.gz")
    return path


def put_back(path: Path) -> None:
    call_command("restore", path, replace=True)


def work() -> None:
    """Everything that is due, and what follows from it, until nothing is."""
    for _ in range(4):
        Delivery.objects.filter(state="pending").update(ready_at=timezone.now())
        workers.work()


def mails(folder: Path) -> int:
    return len(list(folder.glob("*.eml")))


def test_a_message_that_was_on_its_way_is_there_once(
    message: Review, owner: User, places: Path, tmp_path: Path
) -> None:
    approve(message, owner)
    path = back_up(tmp_path / "backups")
    work()
    assert mails(places) == 1
    put_back(path)
    assert Delivery.objects.get().state == "pending"
    work()
    assert mails(places) == 1
    assert (Delivery.objects.get().state, Job.objects.get().state) == ("delivered", "completed")


def test_a_message_that_was_not_sent_after_the_backup_leaves_once(
    message: Review, owner: User, places: Path, tmp_path: Path
) -> None:
    approve(message, owner)
    put_back(back_up(tmp_path / "backups"))
    work()
    assert mails(places) == 1
    assert Job.objects.get().state == "completed"


def test_a_message_that_was_approved_and_sent_after_the_backup_is_told_and_not_sent_again(
    message: Review, owner: User, places: Path, tmp_path: Path
) -> None:
    path = back_up(tmp_path / "backups")
    approve(message, owner)
    work()
    put_back(path)
    review = Review.objects.get()
    assert (review.state, review.version) == ("open", message.version + 1)
    assert "It may already have gone, after the backup of " in review.consequence
    with pytest.raises(reviews.NotAllowed, match="It may already have gone"):
        approve(review, owner)
    approve(review, owner, again=True)
    work()
    assert mails(places) == 1
    assert Delivery.objects.get().state == "delivered"


def test_a_document_is_there_once(trattoria: Client, tmp_path: Path) -> None:
    open_job(title="A page", brief="Write it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    path_before = back_up(tmp_path / "backups")
    done(document_result())
    work()
    written = sorted(one for one in (tmp_path / "documents").rglob("*.md"))
    assert written
    put_back(path_before)
    # The task is done once more, and its effect bears the same key.
    clock.sweep()
    done(document_result())
    work()
    assert sorted((tmp_path / "documents").rglob("*.md")) == written
    assert Delivery.objects.get().state == "delivered"


def test_a_held_message_that_no_server_can_be_asked_for_leaves_again_on_words_alone(
    message: Review, owner: User, post: Post, tmp_path: Path
) -> None:
    path = back_up(tmp_path / "backups")
    approve(message, owner)
    work()
    assert len(post.taken) == 1
    put_back(path)
    review = Review.objects.get()
    browser = Browser()
    browser.force_login(User.objects.get(pk=owner.pk))
    page = browser.get(f"/inbox/{review.pk}/").content.decode()
    assert page.count("It may already have gone: a backup of ") == 2, "on the item, and where it is approved"
    assert "Write “send it again” if it is to be sent all the same" in page
    assert "It may already have gone, after the backup of " in browser.get("/inbox/").content.decode()
    said = {"version": review.version, "digest": review.digest}
    for words in ({}, {"again": "yes"}, {"again": "send it"}):
        refused = browser.post(f"/inbox/{review.pk}/approval/", said | words)
        assert (refused.status_code, "Say in words" in refused.content.decode()) == (409, True)
    work()
    assert (len(post.taken), Review.objects.get().state) == (1, "open")
    browser.post(f"/inbox/{review.pk}/approval/", said | {"again": " “Send it  again.” "})
    work()
    assert len(post.taken) == 2


@pytest.mark.parametrize("arrived", [True, False])
def test_where_nobody_can_be_asked_the_owner_is(
    message: Review, owner: User, post: Post, tmp_path: Path, arrived: bool
) -> None:
    approve(message, owner)
    path = back_up(tmp_path / "backups")
    work()
    assert len(post.taken) == 1
    put_back(path)
    work()
    assert len(post.taken) == 1
    asked = Review.objects.get(kind="failure", state="open")
    assert "It may have been sent to marta@example.com" in asked.payload["cause"]
    assert "a backup of " in asked.payload["cause"]
    reviews.resolve_unknown(asked, by=owner, version=asked.version, arrived=arrived)
    work()
    # Sent again on the owner's word alone.
    assert len(post.taken) == (1 if arrived else 2)
    assert Job.objects.get().state == "completed"


def test_a_branch_is_pushed_once(trattoria: Client, owner: User, settings: Any, site: Path, tmp_path: Path) -> None:
    options = {**settings.TARGETS["git"], "repositories": {"site": str(site)}, "workdir": str(tmp_path / "git")}
    settings.TARGETS = {**settings.TARGETS, "git": options}
    workers._target.cache_clear()
    base = git(site, "rev-parse", "main").strip()
    open_job(title="Fix it", brief="Fix it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [planning.PlannedStep("code", "Fix it", {})], by="orchestrator")
    effect = tasks.WantedEffect(
        "branch", {"repository": "site", "base_sha": base, "message": "Fix it"}, ["c.patch"]
    )
    done(tasks.Result(output={}, summary="+1 -1", files=[a_file("c.patch", PATCH, "patch")], effects=[effect]))
    path = back_up(tmp_path / "backups")
    work()
    branch = f"agent/{Job.objects.get().uid}"
    commits = git(site, "rev-list", branch)
    assert len(commits.split()) == 2
    put_back(path)
    work()
    assert git(site, "rev-list", branch) == commits
    assert Delivery.objects.get(kind="branch").state == "delivered"
    assert Review.objects.filter(kind="merge", state="open").count() == 1


def test_a_schedule_does_not_catch_up_what_was_done_after_the_backup(db: None, tmp_path: Path) -> None:
    rule = {"when": "every hour", "timezone": "Europe/Berlin", "catch_up": "all"}
    Trigger.objects.create(name="Look around", slug="hourly", source="schedule", conditions=rule)
    Trigger.objects.update(created_at=last_hour() - datetime.timedelta(hours=3))
    path = back_up(tmp_path / "backups")
    clock.open_due_slots()
    assert Job.objects.count() > 0
    put_back(path)
    clock.open_due_slots()
    assert (Job.objects.count(), Receipt.objects.count()) == (0, 0)
    active_since = Trigger.objects.get().active_since
    assert active_since is not None
    assert active_since > last_hour()


def test_notices_of_then_and_this_mornings_digest_are_not_told_again(
    message: Review, owner: User, settings: Any, tmp_path: Path
) -> None:
    settings.NOTICES = {"owner": {"events": ["review.*"], "cards": [], "digest": True}}
    settings.DIGEST_AT = datetime.time(0)
    Job.objects.update(created_at=timezone.now() - datetime.timedelta(days=2))
    approve(message, owner)
    assert Delivery.objects.filter(kind="notice", state="pending").exists()
    put_back(back_up(tmp_path / "backups"))
    clock.digest()
    assert set(Delivery.objects.filter(kind="notice").values_list("state", flat=True)) == {"cancelled"}
    assert Delivery.objects.filter(key__startswith="digest:owner:").count() == 1


def test_logins_of_then_end(owner: User, tmp_path: Path) -> None:
    browser = Browser()
    browser.force_login(owner)
    put_back(back_up(tmp_path / "backups"))
    assert not Session.objects.exists()
    assert browser.get("/inbox/").status_code == 302
    assert Restore.objects.get().archive.startswith("nightdesk-")


def test_what_came_after_the_restore_is_looked_for_nowhere(
    trattoria: Client, owner: User, places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(back_up(tmp_path / "backups"))
    open_job(title="New", brief="Write it.", by="test", client=Client.objects.get())
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result())
    approve(Review.objects.get(), owner)
    asked: list[Callable[..., Any]] = []
    monkeypatch.setattr("integrations.mail.target.MailTarget.find", lambda *args: asked.append(args[0]))
    work()
    assert (mails(places), asked) == (1, [])
