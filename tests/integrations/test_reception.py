"""What is kept of an event is tested through the webhooks; here is what a source may say of one."""

import pytest

from integrations import reception, registry
from integrations.contracts import Attached, BadSignature, Incoming, RawRequest
from integrations.mail.source import MailSource
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Receipt, Review, Trigger
from jobs.states import Outcome
from tests.integrations.mail.mails import a_report
from tests.jobs.conftest import STEP, claimed, done, message_result

pytestmark = pytest.mark.django_db

RAW = RawRequest("POST", "/hooks/mail/", {}, b"raw")


def incoming(**changes: object) -> Incoming:
    known = {"external_id": "1", "kind": "mail", "data": {"text": "Please call."}}
    return Incoming.model_validate({**known, **changes})


def test_a_file_that_came_is_an_artifact_of_the_receipt() -> None:
    file = Attached(name="a.txt", media_type="text/plain", content=b"a")
    kept = reception.keep(registry.source("mail"), RAW, incoming(files=(file,)))
    assert [row.name for row in kept.receipt.artifacts.all()] == ["a.txt"]


def test_a_proof_for_one_event_is_refused_with_another() -> None:
    source = registry.source("mail")
    first = reception.keep(source, RAW, incoming(token="t"))
    assert reception.keep(source, RAW, incoming(token="t")).receipt == first.receipt
    with pytest.raises(BadSignature):
        reception.keep(source, RAW, incoming(token="t", external_id="2"))
    assert Receipt.objects.count() == 1


def test_a_rule_that_cannot_be_read_keeps_no_other_from_the_event() -> None:
    Trigger.objects.create(name="A", slug="a", source="mail", conditions={"moon": 1})
    good = Trigger.objects.create(name="B", slug="b", source="mail")
    kept = reception.keep(registry.source("mail"), RAW, incoming())
    assert [job.trigger for job in kept.jobs] == [good]
    assert "moon" in kept.receipt.problems["a"]


def test_an_answer_to_no_job_of_ours_meets_the_rules() -> None:
    Trigger.objects.create(name="B", slug="b", source="mail")
    kept = reception.keep(registry.source("mail"), RAW, incoming(answers="3f2a9c1e-0000-4000-8000-000000000001"))
    assert (kept.receipt.outcome, len(kept.jobs)) == (Outcome.OPENED, 1)


def test_a_report_on_a_mail_of_ours_raises_its_item_with_its_receipt(trattoria: Client) -> None:
    open_job(title="Autumn menu", brief="Write it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result())
    sent = Delivery.objects.get(kind="client_message")
    Delivery.objects.filter(pk=sent.pk).update_state(
        state="delivered", external_id="<abc@studio.example>", approved_digest=sent.digest
    )
    source = registry.source("mail")
    assert isinstance(source, MailSource)
    read = source.read(None, raw=a_report("Message-ID: <abc@studio.example>"))
    for _ in range(2):
        assert reception.keep(source, RAW, read).receipt.outcome == Outcome.IGNORED
    (item,) = Review.objects.filter(kind="alarm")
    assert item.job_id == sent.job_id
