"""What a call shows of each noun. Names are promises: one may be added, none changes its meaning."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs import queries
from jobs.lifecycle import restoration
from jobs.models import Artifact, Client, Delivery, Event, Job, Review, Task, Trigger
from jobs.states import DeliveryState, JobState, Priority, ReviewKind, ReviewState, TaskState


class ArtifactOut(serializers.Serializer[Artifact]):
    """Bytes that never change, to be read at /api/v1/artifacts/<sha256>/."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    kind = serializers.CharField()
    media_type = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    made_by = serializers.CharField()
    untrusted = serializers.BooleanField(source="is_untrusted", help_text="It came from outside, with the event.")
    created_at = serializers.DateTimeField()


class TaskOut(serializers.Serializer[Task]):
    """One step of the plan."""

    position = serializers.IntegerField()
    agent = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=list(TaskState))
    reason = serializers.CharField()
    summary = serializers.CharField()


class FileOut(serializers.Serializer[dict[str, Any]]):
    """A file that a delivery takes along, by the sum of its bytes."""

    name = serializers.CharField()
    media_type = serializers.CharField()
    sha256 = serializers.CharField()


class DeliveryOut(serializers.Serializer[Delivery]):
    """One effect on the world: where to, to whom, and with which bytes."""

    kind = serializers.CharField()
    target = serializers.CharField()
    state = serializers.ChoiceField(choices=list(DeliveryState))
    reason = serializers.CharField()
    facts = serializers.DictField(source="fields", help_text="To whom and about what; which repository.")
    files = FileOut(many=True)
    ready_at = serializers.DateTimeField(help_text="Not before: an approval can be taken back until then.")
    delivered_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()
    detail = serializers.CharField()


class JobOut(serializers.Serializer[Job]):
    """One requested outcome, as a list shows it. Money is in micro-USD."""

    id = serializers.UUIDField(source="uid")
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=list(JobState))
    reason = serializers.CharField()
    priority = serializers.ChoiceField(choices=Priority.ALL)
    client = serializers.CharField(source="client.slug", default=None, allow_null=True)
    trigger = serializers.CharField(source="trigger.slug", default=None, allow_null=True)
    budget_microusd = serializers.IntegerField()
    spent_microusd = serializers.IntegerField()
    cost_unknown = serializers.BooleanField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="Until when what it asks is to be decided.")
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    page = serializers.SerializerMethodField(help_text="Where a person looks at it.")

    def get_page(self, job: Job) -> str:
        """Its address in the inbox."""
        return settings.BASE_URL + reverse("inbox:job", args=[job.uid])


class ReviewRef(serializers.Serializer[Review]):
    """An item of the inbox, by name."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=list(ReviewKind))
    state = serializers.ChoiceField(choices=list(ReviewState))
    title = serializers.CharField()


class JobDetail(JobOut):
    """One requested outcome with all that became of it."""

    brief = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]  # the framework takes fields off the class
        source="receipt.source",
        default=None,
        allow_null=True,
        help_text="Where its event came from.",
    )
    data = serializers.DictField()  # type: ignore[assignment]  # as above
    tasks = TaskOut(many=True, source="tasks.all")
    artifacts = ArtifactOut(many=True, source="artifacts.all")
    received = serializers.SerializerMethodField(help_text="Files that came with the event.")
    deliveries = DeliveryOut(many=True, source="deliveries.all")
    reviews = ReviewRef(many=True, source="reviews.all")

    @extend_schema_field(ArtifactOut(many=True))
    def get_received(self, job: Job) -> list[dict[str, Any]]:
        """Marked untrusted: nobody of this house made them."""
        return [dict(ArtifactOut(row).data) for row in queries.received_with(job)]


class EventOut(serializers.Serializer[Event]):
    """One line of the history."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    actor = serializers.CharField()
    noun = serializers.CharField()
    row = serializers.IntegerField()
    source = serializers.CharField(help_text="The state before.")  # type: ignore[assignment]  # as above
    to = serializers.CharField(help_text="The state after.")
    data = serializers.DictField()  # type: ignore[assignment]  # the framework takes fields off the class
    at = serializers.DateTimeField()


class ReviewOut(ReviewRef):
    """An item of the inbox, as a list shows it."""

    job = serializers.UUIDField(
        source="job.uid", default=None, allow_null=True, help_text="Null: it is about the desk itself."
    )
    about = serializers.CharField(help_text="Of an item without a job: its target, place or rule, by name.")
    priority = serializers.ChoiceField(choices=Priority.ALL)
    consequence = serializers.CharField()
    payload = serializers.DictField(help_text="A question with its suggestions; a failure with its cause and fix.")
    digest = serializers.CharField(help_text="Of all that would leave. A decision names it.")
    version = serializers.IntegerField(help_text="Of the item. A decision names it.")
    note = serializers.CharField()
    due_at = serializers.DateTimeField(
        source="deadline", allow_null=True, help_text="Until when it is to be decided; null: no time is set."
    )
    snoozed_until = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    page = serializers.SerializerMethodField(help_text="Where a person decides it.")

    def get_page(self, review: Review) -> str:
        """Its address in the inbox."""
        return settings.BASE_URL + reverse("inbox:item", args=[review.pk])


class ReviewDetail(ReviewOut):
    """An item of the inbox with what would leave the house."""

    deliveries = DeliveryOut(many=True, source="deliveries.all")
    in_doubt = serializers.SerializerMethodField(
        help_text="Why its message may have gone already, after a backup that was put back; else empty."
    )

    def get_in_doubt(self, review: Review) -> str:
        """As the item says it."""
        return restoration.in_doubt(review)


class TriggerOut(serializers.Serializer[Trigger]):
    """The owner's rule: which events become which jobs."""

    slug = serializers.CharField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # as above
    enabled = serializers.BooleanField()
    conditions = serializers.DictField()
    client = serializers.CharField(source="client.slug", default=None, allow_null=True)
    priority = serializers.ChoiceField(choices=Priority.ALL)
    due_hours = serializers.IntegerField(
        allow_null=True, help_text="Hours within which what an event asks is to be answered."
    )
    created_at = serializers.DateTimeField()


class ClientOut(serializers.Serializer[Client]):
    """Whom work is for."""

    slug = serializers.CharField()
    name = serializers.CharField()
    recipients = serializers.ListField(child=serializers.CharField())
    slack_channel = serializers.CharField(help_text="Where messages go in place of mail, if Slack is connected.")
    created_at = serializers.DateTimeField()
