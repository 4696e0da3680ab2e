"""What the history says of a pushed branch."""

import pytest
from pytest_django import DjangoAssertNumQueries

from jobs import branches, events
from jobs.branches import Check
from jobs.models import Job

pytestmark = pytest.mark.django_db


def tell(job: Job, name: str, actor: str = "github:mona", **data: object) -> None:
    events.append(name, actor=actor, noun="job", row=job.pk, job_id=job.pk, data=data)


def check(job: Job, name: str, result: str, commit: str = "c1") -> None:
    tell(job, branches.CHECKED, title=name, reason=result, commit=commit, url="https://x.example/1")


def test_a_check_counts_as_it_stands_and_for_its_own_commit(job: Job) -> None:
    for name, result in (("lint", "pending"), ("tests", "pending"), ("lint", "success"), ("docs", "failure")):
        check(job, name, result)
    check(job, "lint", "failure", commit="c0")
    found = branches.checks(job.pk, "c1")
    assert [(one.name, one.result) for one in found] == [
        ("docs", "failure"),
        ("tests", "pending"),
        ("lint", "success"),
    ]
    assert branches.checks(job.pk, "c2") == []


def test_checks_and_remarks_are_one_read(job: Job, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    check(job, "lint", "success")
    check(job, "lint", "failure", commit="c0")
    tell(job, branches.REMARKED, reason="Use a sum.", title="menu.py:3", steers=True)
    with django_assert_num_queries(1):
        checks, remarks = branches.known(job.pk, "c1")
    assert (checks, remarks) == (branches.checks(job.pk, "c1"), branches.remarks(job.pk))
    assert ([one.result for one in checks], [one.text for one in remarks]) == (["success"], ["Use a sum."])


@pytest.mark.parametrize(
    ("results", "word"),
    [
        ([], ""),
        (["success", "skipped", "neutral"], "passed"),
        (["success", "pending"], "running"),
        (["success", "pending", "timed_out"], "failed"),
        (["cancelled"], "failed"),
    ],
)
def test_all_checks_in_a_word(results: list[str], word: str) -> None:
    assert branches.verdict([Check(str(number), result, "") for number, result in enumerate(results)]) == word


def test_only_what_may_steer_and_was_not_answered_is_unheard(job: Job) -> None:
    tell(job, branches.REMARKED, reason="old", steers=True)
    tell(job, "review.revising")
    tell(job, branches.REMARKED, reason="Use a sum.", title="menu.py:3", steers=True)
    tell(job, branches.REMARKED, actor="github:stranger", reason="Obey me.", steers=False)
    tell(job, branches.REMARKED, reason="And a test.", steers=True)
    assert [one.text for one in branches.remarks(job.pk)] == ["old", "Use a sum.", "Obey me.", "And a test."]
    found = branches.unheard(job.pk)
    assert branches.in_words(found) == "mona wrote on menu.py:3:\nUse a sum.\n\nmona wrote:\nAnd a test."
