"""A person before the inbox, and items of each kind in it, made by the real verbs."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import planning
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.artifact import File
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Job, Review
from tests.jobs.conftest import a_file, branch_result, claimed, done, message_result, sending

PATCH = """diff --git a/shop/vat.py b/shop/vat.py
--- a/shop/vat.py
+++ b/shop/vat.py
@@ -1,2 +1,2 @@
 def vat(net):
-    return round(net)
+    return ceil(net)
"""


@pytest.fixture
def desk(owner: User) -> Browser:
    """A browser in which the owner has logged in."""
    browser = Browser(enforce_csrf_checks=False)
    browser.force_login(owner)
    return browser


@pytest.fixture
def message(planned: Callable[..., Job]) -> Review:
    """A message that waits for its approval."""
    planned()
    done(message_result())
    return Review.objects.get()


@pytest.fixture
def merge(planned: Callable[..., Job]) -> Review:
    """A branch that was pushed and waits to be accepted."""
    planned()
    result = branch_result()
    files = [
        File("patch", "changes.patch", "text/x-diff", PATCH.encode()),
        a_file("tests.txt", "1 passed in 0.1s", "report"),
    ]
    done(tasks.Result(result.output, result.summary, files, result.effects))
    delivery = sending()
    deliveries.land(delivery, external_id="9f1c2e", url="", detail="agent/a-branch", by="deliveries")
    return Review.objects.get()


@pytest.fixture
def question(job: Job) -> Review:
    """A question with three suggestions."""
    suggestions = ["The prints", "The calendar", "Both"]
    return planning.ask(claimed(), question="Which one?", suggestions=suggestions, recommended=1, by="orchestrator")


@pytest.fixture
def failure(planned: Callable[..., Job]) -> Review:
    """A task that failed."""
    planned()
    tasks.fail(claimed(), cause="The source answered 403.", fix="Renew the access.", by="agent:test")
    return Review.objects.get()


@pytest.fixture
def unknown(message: Review, owner: User) -> Review:
    """A message of which nobody knows whether it arrived."""
    reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    Delivery.objects.update(ready_at=message.created_at)
    deliveries.doubt(sending(), reason="the line broke", lag_seconds=0, by="deliveries")
    doubted = Delivery.objects.get()
    deliveries.leave_to_person(doubted, by="deliveries")
    return Review.objects.get(kind="failure")


def several(client: Client, number: int) -> list[Review]:
    """As many messages for this client, each of a job of its own."""
    for place in range(number):
        open_job(title=f"Status {place}", brief="Write it.", by="test", client=client)
        planning.accept_plan(claimed(), [planning.PlannedStep("communication", "Write it", {})], by="orchestrator")
        done(message_result(subject=f"Status {place}"))
    return list(Review.objects.order_by("id"))
