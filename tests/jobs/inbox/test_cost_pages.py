"""What the page of costs is given."""

from datetime import date

import pytest
from django.http import QueryDict
from django.utils import timezone

from jobs.inbox import cost_pages
from jobs.lifecycle import envelope
from jobs.models import Day

pytestmark = pytest.mark.django_db


def test_every_date_of_the_span_is_there_the_latest_first() -> None:
    today = timezone.localdate()
    Day.objects.create(date=today, spent_microusd=5)
    Day.objects.create(date=date(2000, 1, 1), spent_microusd=7)
    context = cost_pages.costs(QueryDict(""))
    assert [day.date for day in context["days"]] == sorted((day.date for day in context["days"]), reverse=True)
    assert (len(context["days"]), context["days"][0].microusd, context["total"]) == (7, 5, 5)


def test_the_envelopes_say_who_set_them() -> None:
    envelope.change("day", 3_000_000, version=0, by="owner")
    night, day = cost_pages.costs(QueryDict(""))["envelopes"]
    assert (night.scope, night.is_set, night.version) == ("night", False, 0)
    assert (day.scope, day.most, day.changed_by, day.version, day.percent) == ("day", 3_000_000, "owner", 1, 0)


def test_the_span_that_has_a_name_is_marked() -> None:
    assert [name for name, _, is_shown in cost_pages.costs(QueryDict(""))["presets"] if is_shown] == ["7 days"]
