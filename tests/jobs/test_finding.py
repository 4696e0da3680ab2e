"""A list is narrowed by what the address says, and says how far it looked."""

from typing import Any

import pytest

from jobs import finding
from jobs.finding import Wanted
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Job, Trigger
from tests.jobs.conftest import STEP, claimed

pytestmark = pytest.mark.django_db


def opened(title: str, **columns: Any) -> Job:
    return open_job(title=title, brief=columns.pop("brief", "Do it."), by="test", **columns)


def titles(before: int | None = None, **wanted: Any) -> list[str]:
    return [job.title for job in finding.page(Wanted(**wanted), before=before).jobs]


def test_each_filter_narrows_and_all_together_too(trattoria: Client) -> None:
    rule = Trigger.objects.create(name="Shop", slug="shop", source="form")
    opened("Menu", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    opened("Report", trigger=rule)
    opened("Letter", brief="About the winter MENU.")
    assert titles() == ["Letter", "Report", "Menu"]
    assert titles(client="trattoria-lume") == ["Menu"]
    assert titles(trigger="shop") == ["Report"]
    assert titles(agent="drafting") == ["Menu"]
    assert titles(priority=1) == ["Menu"]
    assert titles(state="in_progress") == ["Menu"]
    assert titles(state="completed") == []
    assert titles(words="menu") == ["Letter", "Menu"]
    assert titles(words="winter menu") == ["Letter"]
    assert titles(words="menu", client="trattoria-lume", priority=1, agent="drafting", since="day") == ["Menu"]
    assert titles(words="100%") == []


def test_old_jobs_are_left_out_by_age(trattoria: Client) -> None:
    old, young = opened("Old"), opened("Young")
    Job.objects.filter(pk=old.pk).update(created_at=young.created_at.replace(year=young.created_at.year - 1))
    for since in finding.SINCE:
        assert titles(since=since) == ["Young"]


def test_a_state_nobody_knows_counts_as_none() -> None:
    opened("One")
    assert titles(state="no-such-state") == ["One"]


def test_pages_follow_each_other_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PAGE_SIZE", 2)
    for number in range(5):
        opened(f"Job {number}")
    seen, before = [], None
    while True:
        found = finding.page(Wanted(), before=before)
        seen += [job.title for job in found.jobs]
        before = found.older
        if before is None:
            break
    assert seen == [f"Job {number}" for number in (4, 3, 2, 1, 0)]


def test_what_no_index_answers_is_looked_for_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LOOKED_THROUGH", 3)
    opened("Needle")
    for number in range(5):
        opened(f"Hay {number}")
    first = finding.page(Wanted(words="needle"), before=None)
    assert (first.jobs, first.is_partial) == ([], True)
    second = finding.page(Wanted(words="needle"), before=first.older)
    assert [job.title for job in second.jobs] == ["Needle"]
    assert not second.is_partial


def test_a_decision_takes_the_latest_and_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "AT_ONCE", 2)
    for number in range(3):
        opened(f"Job {number}")
    assert [job.title for job in finding.at_once(Wanted())] == ["Job 2", "Job 1"]
    assert [job.title for job in finding.at_once(Wanted(words="job"))] == ["Job 2", "Job 1"]
