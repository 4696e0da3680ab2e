"""A mail comes in, a message to its writer goes out below it, and the answer to that one finds its job."""

import email
import email.policy
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from integrations import workers
from integrations.mail import replies
from jobs import pool
from jobs.lifecycle import intake, planning
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.models import Client, Delivery, Job, Review, Trigger
from jobs.states import DeliveryState, JobState
from tests.emulators import esp
from tests.integrations.mail.conftest import Post
from tests.integrations.mail.mails import AUTHSERV, a_mail
from tests.integrations.test_mail_views import send
from tests.jobs.conftest import STEP, a_file, claimed, sending

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(settings: Settings) -> None:
    settings.SOURCES = {"mail": {"own": ["desk@studio.example"], "authserv_ids": [AUTHSERV]}}
    settings.ANYMAIL = {"WEBHOOK_SECRET": [esp.PASSWORD]}
    settings.TARGETS = {"mail": {"sender": "desk@studio.example", "reply_to": "desk@studio.example"}}
    workers._target.cache_clear()


def approved(owner: User) -> Delivery:
    """The message of the job that is at hand, written, approved, and past its undo window."""
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    file = a_file("reply.md", "Gladly.\n", "message")
    effect = tasks.WantedEffect("client_message", {"subject": "Re: Autumn menu"}, [file.name])
    tasks.succeed(claimed(), tasks.Result({}, "A reply", [file], [effect]), by="agent:communication")
    review = Review.objects.get()
    reviews.approve(review, by=owner, version=review.version, digest=review.digest)
    Delivery.objects.update(ready_at=timezone.now())
    return sending()


def test_a_conversation(settings: Settings, post: Post, trattoria: Client, owner: User) -> None:
    conditions = {"sender": "*@example.com"}
    Trigger.objects.create(
        name="Mail", slug="mail", source="mail", conditions=conditions, client_from="from", priority=1
    )
    opened = send(esp.postmark(a_mail()))
    job = Job.objects.get(pk=opened.json()["jobs"][0])
    delivery = approved(owner)
    workers.carry_out(delivery, pool.Pulse("deliveries"))
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DELIVERED
    (taken,) = post.taken
    content: Any = taken.content
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert (mail["In-Reply-To"], mail["References"]) == ("<menu-1@example.com>", "<menu-1@example.com>")
    assert replies.job_of(mail["Reply-To"]) == str(job.uid)
    job.refresh_from_db()
    assert job.state == JobState.COMPLETED
    answer = a_mail(
        "And soup?\n", Message_ID="<2@example.com>", To=mail["Reply-To"], In_Reply_To=mail["Message-ID"]
    )
    follow_up = Job.objects.get(pk=send(esp.postmark(answer)).json()["jobs"][0])
    assert (follow_up.parent, follow_up.client) == (job, trattoria)
    # What is written back to the answer stands below the answer.
    assert workers._thread(follow_up)["message_id"] == "<2@example.com>"


@pytest.mark.parametrize(
    "thread", [None, 7, ["mail"], {"source": "mail"}, {"source": "form", "message_id": "<x@x>"}]
)
def test_what_a_form_calls_a_thread_is_none_of_mails(thread: object) -> None:
    rule = Trigger.objects.create(name="Form", slug="form", source="form")
    inbound = intake.Inbound("form", "1", "submission", b"", data={"text": "x", "thread": thread})
    (job,) = intake.accept(inbound, [rule]).jobs
    found = workers._thread(job)
    assert found == (thread if isinstance(thread, dict) and thread.get("source") == "form" else {})
