"""Jobs: list, open, look at, end, start again, and their history."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import queries
from jobs.api import inputs
from jobs.api.calls import Call, address_of, found, page, said
from jobs.api.once import once
from jobs.api.schema import page_of
from jobs.api.serializers import EventOut, JobDetail, JobOut
from jobs.lifecycle import job as verbs
from jobs.models import Job
from jobs.models.token import READ, WRITE_JOBS


class Jobs(Call):
    """All jobs."""

    scopes = {"GET": READ, "POST": WRITE_JOBS}

    @extend_schema(operation_id="list_jobs", parameters=[inputs.JobFilter], responses=page_of(JobOut))
    def get(self, request: Request) -> Response:
        """List jobs, newest first."""
        query = said(inputs.JobFilter, request.query_params)
        rows, following = queries.jobs_where(
            state=query.get("state"),
            client=query.get("client"),
            priority=query.get("priority"),
            before=query.get("cursor"),
        )
        return page(request, JobOut, rows, following)

    @extend_schema(operation_id="open_job", request=inputs.NewJob, responses={201: JobDetail})
    @once
    def post(self, request: Request) -> Response:
        """Open a job. Work for a client is priority 1 unless another is given."""
        job = verbs.open_job(by=f"api:{request.auth}", **said(inputs.NewJob, request.data))
        location = address_of(request, "job", job.uid)
        return Response(JobDetail(_job(job.uid)).data, status=201, headers={"Location": location})


class OneJob(Call):
    """One job."""

    scopes = {"GET": READ}

    @extend_schema(operation_id="get_job", responses=JobDetail)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Look at a job: its tasks, artifacts, deliveries and reviews."""
        return Response(JobDetail(_job(uid)).data)


class CancelJob(Call):
    """The end of one job."""

    scopes = {"POST": WRITE_JOBS}

    @extend_schema(operation_id="cancel_job", request=inputs.Ending, responses=JobDetail)
    @once
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """End a job for good. What is on its way out at this moment is brought to a known end."""
        words = said(inputs.Ending, request.data)
        verbs.cancel(_job(uid), by=f"api:{request.auth}", **words)
        return Response(JobDetail(_job(uid)).data)


class RetryJob(Call):
    """Another try of one job."""

    scopes = {"POST": WRITE_JOBS}

    @extend_schema(operation_id="retry_job", request=inputs.Again, responses=JobDetail)
    @once
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Start what failed of a job again."""
        words = said(inputs.Again, request.data)
        verbs.retry(_job(uid), by=f"api:{request.auth}", **words)
        return Response(JobDetail(_job(uid)).data)


class JobEvents(Call):
    """The history of one job."""

    scopes = {"GET": READ}

    @extend_schema(operation_id="list_job_events", parameters=[inputs.Paged], responses=page_of(EventOut))
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """List the history of a job, oldest first."""
        query = said(inputs.Paged, request.query_params)
        rows, following = queries.events_of(_job(uid), after=query.get("cursor"))
        return page(request, EventOut, rows, following)


def _job(uid: uuid.UUID) -> Job:
    job: Job = found(queries.job(uid), "job")
    return job
