"""What a notice says, made from the rows at the moment at which it is sent.

`fields` of the Outgoing hold "event", "job" and "review", each as the API shows it, where the notice is about one.
What a review would send lies in `files`, whole.
"""

from typing import Any

from integrations.contracts import Landed, OutFile, Outgoing
from jobs.api.serializers import EventOut, JobDetail, ReviewDetail
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import notice
from jobs.models import Delivery, Event, Job, Review


def compose(delivery: Delivery) -> Outgoing:
    """The notice as it stands now, with what its target shows of the same card."""
    fields, event = dict(delivery.fields), _event(delivery)
    job, review = _subjects(delivery, event)
    if event:
        fields["event"] = EventOut(event).data
    if job:
        fields["job"] = JobDetail(job).data
    if review:
        fields["review"] = ReviewDetail(review).data
    shown = notice.last_shown(delivery)
    return Outgoing(
        key=delivery.key,
        kind="notice",
        job_uid=str(job.uid) if job else "",
        job_title=job.title if job else "",
        client=job.client.name if job and job.client else "",
        fields=fields,
        files=_files(review) if review else [],
        card=delivery.card,
        previous=Landed(external_id=shown.external_id, url=shown.url, detail=shown.detail) if shown else None,
        created_at=delivery.created_at,
    )


def _event(delivery: Delivery) -> Event | None:
    pk = delivery.fields.get("event")
    return Event.objects.get(pk=pk) if pk else None


def _subjects(delivery: Delivery, event: Event | None) -> tuple[Job | None, Review | None]:
    """The job and the review that the card shows, else those that the event is about."""
    noun, _, pk = delivery.card.partition(":")
    if not noun and event:
        noun, pk = event.noun, str(event.row)
    if noun == "review":
        review = Review.objects.select_related("decided_by").get(pk=pk)
        return _job(review.job_id) if review.job_id else None, review
    if noun == "job":
        return _job(int(pk)), None
    return _job(event.job_id) if event and event.job_id else None, None


def _job(pk: int) -> Job:
    return Job.objects.select_related("client", "trigger").get(pk=pk)


def _files(review: Review) -> list[OutFile]:
    """Every byte that approving the review would send."""
    files: list[dict[str, Any]] = [file for row in review.deliveries.all() for file in row.files]
    return [OutFile(**file, content=artifacts.load(file["sha256"])) for file in files]
