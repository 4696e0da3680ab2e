"""What the pages of one job are given."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages

from jobs.inbox import job_pages, pages
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.models import Artifact, Job, Review
from tests.jobs.conftest import a_file, done, message_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def revised(planned: Callable[..., Job], owner: User) -> Callable[..., tuple[Job, Artifact]]:
    """A function that makes a file and then another version of it."""

    def revise(name: str, before: str, after: str) -> tuple[Job, Artifact]:
        job = planned()
        for text in (before, after):
            result = message_result()
            files = [*result.files, a_file(name, text, "note")]
            done(tasks.Result(result.output, result.summary, files, result.effects))
            review = Review.objects.latest("id")
            reviews.revise(review, by=owner, version=1, note="Again.")
        return job, Artifact.objects.filter(name=name).latest("id")

    return revise


def test_the_stamp_of_the_page_is_that_of_the_pulse(message: Review) -> None:
    context = job_pages.job(message.own_job.uid)
    assert context
    assert context["stamp"] == pages.stamp(str(message.own_job.uid))
    assert job_pages.job(uuid.uuid4()) is None
    assert job_pages.run(uuid.uuid4(), 1) is None


def test_prose_is_compared_by_sentence(revised: Callable[..., tuple[Job, Artifact]]) -> None:
    job, row = revised("note.md", "One stays. Two goes.", "One stays. Three comes.")
    context = job_pages.versions(job.uid, row.pk)
    assert context
    assert {piece.kind for piece in context["pieces"]} >= {"same", "removed", "added"}


def test_anything_else_line_by_line(revised: Callable[..., tuple[Job, Artifact]]) -> None:
    job, row = revised("table.csv", "a,1\nb,2\n", "a,1\nb,3\n")
    context = job_pages.versions(job.uid, row.pk)
    assert context
    (file,) = context["files"]
    assert (file.path, file.added, file.removed) == ("table.csv", 1, 1)


def test_the_same_words_are_no_change_and_a_first_version_is_no_page(
    revised: Callable[..., tuple[Job, Artifact]],
) -> None:
    job, row = revised("note.md", "Same.", "Same.")
    context = job_pages.versions(job.uid, row.pk)
    assert context
    assert not {"pieces", "files", "problem"} & context.keys()
    first = Artifact.objects.filter(name="note.md").earliest("id")
    assert job_pages.versions(job.uid, first.pk) is None


def test_bytes_that_are_gone_are_said_to_be(revised: Callable[..., tuple[Job, Artifact]]) -> None:
    job, row = revised("note.md", "One.", "Two.")
    storages["artifacts"].delete(artifacts._path(row.sha256))
    context = job_pages.versions(job.uid, row.pk)
    assert context
    assert context["problem"]
