"""What a call may say. A name that is not known is refused: misspelt, it would be lost without a word."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from jobs.models import Client
from jobs.states import JobState, Priority, ReviewState

_MAX_BUDGET = 10_000 * 1_000_000
_TEXT = 10_000


class Strict(serializers.Serializer[Any]):
    """Only the names it has."""

    def to_internal_value(self, data: Any) -> Any:
        """The values. Raises ValidationError naming what is unknown or wrong."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            known = ", ".join(self.fields) or "none"
            raise serializers.ValidationError({name: [f"Unknown. Known here: {known}."] for name in unknown[:5]})
        return super().to_internal_value(data)


class Paged(Strict):
    """A list, page by page."""

    cursor = serializers.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        default=None,
        allow_null=True,
        help_text="From `next` of the page before; to be taken as it is.",
    )


class JobFilter(Paged):
    """Which jobs a list shows."""

    state = serializers.ChoiceField(choices=list(JobState), required=False)
    client = serializers.SlugField(max_length=60, required=False)
    priority = serializers.ChoiceField(choices=Priority.ALL, required=False)


class ReviewFilter(Paged):
    """Which items a list shows: those that wait, unless another state is named."""

    state = serializers.ChoiceField(choices=list(ReviewState), default=ReviewState.OPEN)


class NewFile(Strict):
    """A text to work with."""

    name = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=500_000, trim_whitespace=False, allow_blank=True)


class NewJob(Strict):
    """A request for an outcome."""

    brief = serializers.CharField(max_length=100_000, help_text="What should come out, in a sentence or more.")
    title = serializers.CharField(max_length=200, default="", allow_blank=True)
    client = serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Client.objects.all(),
        default=None,
        allow_null=True,
        help_text="A client's slug.",
    )
    priority = serializers.ChoiceField(
        choices=Priority.ALL, default=None, allow_null=True, help_text="1 client work, 2 internal."
    )
    data = serializers.DictField(  # type: ignore[assignment]  # the framework takes fields off the class
        default=dict, help_text="Named values that the agents may read."
    )
    files = NewFile(many=True, default=list, help_text="Texts to work with.")
    budget_microusd = serializers.IntegerField(
        min_value=1, max_value=_MAX_BUDGET, default=None, allow_null=True, help_text="The usual budget without it."
    )
    due_at = serializers.DateTimeField(
        default=None, allow_null=True, help_text="Until when you want to decide what it asks; not past."
    )

    def validate_due_at(self, due_at: datetime.datetime | None) -> datetime.datetime | None:
        """A time that has passed is a mistake."""
        if due_at and due_at <= timezone.now():
            raise serializers.ValidationError("This time has passed: name one that is still to come.")
        return due_at

    def validate_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Files have a field of their own."""
        if "files" in data:
            raise serializers.ValidationError("Give files as `files`, beside `data`.")
        return data

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """As the verb takes it: files are a part of the data."""
        files = [dict(file) for file in attrs.pop("files")]
        return {**attrs, "data": {**attrs["data"], **({"files": files} if files else {})}}


class Ending(Strict):
    """Why a job is ended."""

    reason = serializers.CharField(max_length=_TEXT, default="", allow_blank=True)


class Again(Strict):
    """Once more, with another budget if one is given."""

    budget_microusd = serializers.IntegerField(
        min_value=1, max_value=_MAX_BUDGET, default=None, allow_null=True, help_text="The present one without it."
    )


class Seen(Strict):
    """What was shown: a decision is bound to it."""

    version = serializers.IntegerField(min_value=1, max_value=2_147_483_647)
    digest = serializers.CharField(max_length=64, allow_blank=True)


class Approval(Seen):
    """Yes to exactly what was shown."""

    again = serializers.BooleanField(
        default=False, help_text="Needed where `in_doubt` is not empty: it is to be sent, though it may have gone."
    )


class Revision(Seen):
    """Back to its agent, with what should be different."""

    note = serializers.CharField(max_length=_TEXT)


class Refusal(Seen):
    """No, and why."""

    reason = serializers.CharField(max_length=_TEXT, default="", allow_blank=True)


class Answer(Seen):
    """The answer to a question."""

    text = serializers.CharField(max_length=_TEXT)
