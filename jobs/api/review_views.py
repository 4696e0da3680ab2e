"""Reviews: list, look at, and one address for each decision, bound to what was shown."""

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import queries
from jobs.api import inputs
from jobs.api.authentication import token_of
from jobs.api.calls import Call, found, page, said
from jobs.api.deciding import decide
from jobs.api.once import once
from jobs.api.schema import page_of
from jobs.api.serializers import ReviewDetail, ReviewOut
from jobs.lifecycle import review as verbs
from jobs.models import Review
from jobs.models.token import DECIDE_REVIEWS, READ


class Reviews(Call):
    """The items of the inbox."""

    scopes = {"GET": READ}

    @extend_schema(operation_id="list_reviews", parameters=[inputs.ReviewFilter], responses=page_of(ReviewOut))
    def get(self, request: Request) -> Response:
        """List what waits for a person, in the order of the inbox; items of another state, newest first."""
        query = said(inputs.ReviewFilter, request.query_params)
        rows, following = queries.reviews_where(state=query["state"], before=query.get("cursor"))
        return page(request, ReviewOut, rows, following)


class OneReview(Call):
    """One item of the inbox."""

    scopes = {"GET": READ}

    @extend_schema(operation_id="get_review", responses=ReviewDetail)
    def get(self, request: Request, pk: int) -> Response:
        """Look at an item: what would leave, and the digest and version that a decision names."""
        return Response(ReviewDetail(_review(pk)).data)


class Decision(Call):
    """One verb of a review."""

    scopes = {"POST": DECIDE_REVIEWS}
    words: ClassVar[type[inputs.Seen]] = inputs.Seen
    verb: ClassVar[Callable[..., Any]]

    @once
    def post(self, request: Request, pk: int) -> Response:
        """Decide."""
        decide(_review(pk), type(self).verb, by=token_of(request), **said(self.words, request.data))
        return Response(ReviewDetail(_review(pk)).data)


def _decision(name: str, words: type[inputs.Seen], description: str) -> Callable[[type[Decision]], type[Decision]]:
    schema = extend_schema(
        operation_id=name, request=words, responses=ReviewDetail, summary=description, description=""
    )
    return extend_schema_view(post=schema)


@_decision(
    "approve_review", inputs.Approval, "Approve exactly what was shown; until its `ready_at` it can be undone."
)
class Approve(Decision):
    """Yes."""

    words = inputs.Approval
    verb = verbs.approve


@_decision("decline_review", inputs.Refusal, "Refuse it: nothing of it leaves.")
class Decline(Decision):
    """No."""

    words = inputs.Refusal
    verb = verbs.decline


@_decision("revise_review", inputs.Revision, "Send it back to its agent; the next version comes as a new item.")
class Revise(Decision):
    """Not like this."""

    words = inputs.Revision
    verb = verbs.revise


@_decision("answer_review", inputs.Answer, "Answer a question: its job is planned again.")
class AnswerQuestion(Decision):
    """What was asked."""

    words = inputs.Answer
    verb = verbs.answer


@_decision(
    "acknowledge_review", inputs.Seen, "Take note of an alarm; a missed slot that waited for it is left out."
)
class Acknowledge(Decision):
    """Known."""

    verb = verbs.acknowledge


@_decision("run_review", inputs.Seen, "Run the slot of an alarm: the missed one, or once more in place of its run.")
class RunNow(Decision):
    """After all."""

    verb = verbs.run_now


@_decision("undo_review", inputs.Seen, "Take an approval back while nothing has left.")
class Undo(Decision):
    """Not after all."""

    verb = verbs.undo


def _review(pk: int) -> Review:
    review: Review = found(queries.review(pk), "review")
    return review
