"""What django-q2 may call here: carry over what people decided on a provider's board, and show there what is open.

A board is where the inbox is shown elsewhere. Its word counts only if the row shows what is open now, whole and
unchanged, and was set by a person whom the owner named; else the row says why nothing was done.
"""

import logging
import re
import uuid
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import registry
from integrations.contracts import Board, DeliveryError, OutcomeUnknown, Verdict
from jobs import queries, terms
from jobs.lifecycle import approval, breaker, notice
from jobs.lifecycle import review as reviews
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Delivery, Receipt, Review
from jobs.states import ReviewKind, ReviewState

_CARD = re.compile(r"review:(\d{1,18})")
_DECIDED = {"approve": ReviewState.APPROVED, "decline": ReviewState.DECLINED}

log = logging.getLogger(__name__)


class NotDecided(Exception):
    """Why a decision does not count, in words for the row."""


def look() -> int:
    """Carry over what was decided on every board, and show there what is open; return how many counted."""
    counted = 0
    for name in registry.BOARDS:
        if name in settings.DESKS:
            _show_open(name)
            counted += _look_at(name)
    return counted


def heard(receipt: int) -> int:
    """An event of a board's provider: look at the row that it is about."""
    row = Receipt.objects.filter(pk=receipt, source__in=settings.DESKS).first()
    page = row.data.get("page") if row else None
    return _look_at(row.source, page) if row and page else 0


def come_first(told: Delivery) -> bool:
    """Whether somebody has decided on the row that this notice would overwrite: then that is taken, or answered.

    Another notice says what came of it, and this one is not needed. Raises DeliveryError if the row cannot be read.
    """
    if told.target not in registry.BOARDS or told.target not in settings.DESKS or told.fields.get("said"):
        return False
    shown = notice.last_shown(told)
    if shown is None:
        return False
    board = registry.board(told.target, settings.DESKS[told.target])
    return any(_answered(board, verdict) for verdict in board.verdicts(shown.external_id))


def _answered(board: Board, verdict: Verdict) -> bool:
    """Carry the decision over, or have its row say why not; False where it says what was decided anyway."""
    match = _CARD.fullmatch(verdict.card)
    review = Review.objects.filter(pk=match[1]).first() if match else None
    if review is None:
        return False
    if review.state == ReviewState.OPEN:
        _try(board, verdict)
        return True
    if review.state == _DECIDED[verdict.decision]:
        return False
    words = {"set": terms.state(_DECIDED[verdict.decision]).capitalize(), "state": terms.state(review.state)}
    why = _("{set} was set when it was {state} already: nothing was done.").format(**words)
    _say(board.slug, verdict.card, why)
    return True


def _look_at(name: str, row: str = "") -> int:
    if breaker.is_open(name):
        return 0  # it is left in peace; what is to be told there waits as well
    try:
        board = registry.board(name, settings.DESKS[name])
        return sum(_carry_over(board, verdict) for verdict in board.verdicts(row))
    except (DeliveryError, OutcomeUnknown, registry.BrokenProvider) as error:
        log.warning("what was decided at %s cannot be seen: %s", name, error)
        return 0


def _show_open(name: str) -> None:
    """Enter a notice for each open item that the board was never told of: it was connected later."""
    with transaction.atomic():
        for review in queries.never_told(name):
            notice.enter(name, key=f"{name}:review:{review.pk}:first", card=f"review:{review.pk}")


def _carry_over(board: Board, verdict: Verdict) -> bool:
    if notice.is_coming(board.slug, verdict.card):
        return False  # the row is about to say something else; what stands there is read before (`come_first`)
    return _try(board, verdict)


def _try(board: Board, verdict: Verdict) -> bool:
    try:
        _decide(board, verdict)
    except (NotDecided, reviews.Stale, reviews.NotAllowed, LostRace, IllegalMove) as error:
        log.info("%s: %s was not decided: %s", board.slug, verdict.card, error)
        _say(board.slug, verdict.card, str(error))
        return False
    return True


def _decide(board: Board, verdict: Verdict) -> None:
    """Call the verb in the person's name, for exactly what the row shows."""
    review = _review(verdict.card)
    user = _person(board.approvers, verdict.by)
    actor = f"{board.slug}:{user.username}"
    if verdict.code != board.code(review.version, review.digest):
        raise NotDecided(_("It was changed since this row was written. Nothing was done; please look again."))
    if verdict.decision == "decline":
        reviews.decline(review, by=user, version=review.version, actor=actor)
        return
    if review.kind != ReviewKind.MESSAGE:
        raise NotDecided(
            _("{kind}: it is decided on its page, follow the link.").format(kind=terms.kind(review.kind))
        )
    shown = notice.shown(board.slug, verdict.card)
    if not verdict.proof or shown is None or shown.detail != verdict.proof:
        raise NotDecided(
            _("This row does not show, whole and unchanged, what would be sent: decide it on its page.")
        )
    reviews.approve(review, by=user, version=review.version, digest=review.digest, actor=actor)


def _review(card: str) -> Review:
    match = _CARD.fullmatch(card)
    review = Review.objects.filter(pk=match[1]).first() if match else None
    if review is None:
        raise NotDecided(_("There is no such item here."))
    if review.state != ReviewState.OPEN:
        raise NotDecided("")
    return review


def _person(approvers: Mapping[str, str], who: str) -> User:
    name = approvers.get(who, "")
    user = User.objects.filter(username=name).first() if name else None
    if user is None or not approval.may_decide(user):
        raise NotDecided(_("Nothing was done: whoever set this may not decide here."))
    return user


def _say(target: str, card: str, why: str) -> None:
    """Have the row say how things stand, and why nothing was done."""
    match = _CARD.fullmatch(card)
    if match is None or not Review.objects.filter(pk=match[1]).exists():
        return  # a row that somebody made: it is left alone
    with transaction.atomic():
        notice.enter(target, key=f"{target}:{card}:{uuid.uuid4()}", card=card, fields={"said": why} if why else {})
