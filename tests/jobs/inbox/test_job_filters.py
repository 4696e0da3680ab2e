"""The filter stands in the address; what cannot be read counts as not given."""

import pytest
from django.http import QueryDict

from jobs.finding import Wanted
from jobs.inbox import job_filters
from jobs.models import Client

pytestmark = pytest.mark.django_db


def wanted(query: str, state: str = "") -> Wanted:
    return job_filters.Filter(QueryDict(query)).wanted(state)


def test_everything_can_be_asked_for(trattoria: Client) -> None:
    found = wanted("q=menu&client=trattoria-lume&agent=drafting&priority=1&since=week", "failed")
    assert found == Wanted("failed", "trattoria-lume", "", "drafting", 1, "week", "menu")
    assert found.is_narrowed()


def test_what_makes_no_sense_counts_as_not_given(trattoria: Client) -> None:
    assert wanted("client=nobody&agent=cook&priority=9&since=ever&q=", "unheard") == Wanted()


def test_an_address_says_the_same_again(trattoria: Client) -> None:
    found = wanted("q=a+b&client=trattoria-lume", "failed")
    again = QueryDict(job_filters.address(found))
    assert job_filters.Filter(again).wanted(again["state"]) == found
    assert "before=7" in job_filters.address(found, before=7)


def test_a_list_offers_what_its_jobs_allow() -> None:
    assert set(job_filters.possible(Wanted(state="failed"))) == {"retry", "cancel"}
    assert set(job_filters.possible(Wanted())) == {"client", "internal", "cancel"}
    assert not job_filters.possible(Wanted(state="completed"))
