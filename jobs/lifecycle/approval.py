"""What may leave: the digest that binds an approval to bytes, and its last check by the process that sends.

Between the decision and the sending lie the undo window, a target that is down, a restart, perhaps a day. So
nothing is taken on trust: the row, the decision and the person are read again right before the call.
"""

import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from jobs import policy, rights
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle.digest import digest_of
from jobs.models import Delivery, Review
from jobs.states import ReviewState

# What was approved yesterday may be wrong today: it is asked again.
LASTS = datetime.timedelta(hours=24)


class Altered(Exception):
    """What would leave is not what was decided on; the message says in what. It must not be sent."""


class Lapsed(Exception):
    """The approval does not stand any more; the message says why. A person has to give it again."""


def check(delivery: Delivery) -> None:
    """Return if exactly this may leave now; raises Altered or Lapsed. The bytes of its files are checked apart."""
    row = Delivery.objects.select_related("review__decided_by", "job__client").get(pk=delivery.pk)
    if not row.digest:
        return  # a notice, which is made at the moment of sending
    if not (is_whole(row) and is_whole(delivery) and row.digest == delivery.digest):
        raise Altered(_("It was changed after it was made: where to, to whom or what is not what its digest says."))
    if policy.gate(row.kind):
        _check_decision(row, row.review)


def is_whole(row: Delivery) -> bool:
    """Whether the row is what its digest says."""
    return row.digest == digest_of(target=row.target, kind=row.kind, fields=row.fields, files=row.files)


def strangers(row: Delivery) -> list[str]:
    """Addresses that a message would go to although they are none of its client's (any more)."""
    if row.kind != "client_message":
        return []
    client = row.job.client if row.job else None
    to = [str(one) for one in row.fields.get("to", [])]
    return [one for one in to if client is None or not client.is_trusted(one, row.target)]


def not_to(strangers: list[str]) -> str:
    """Why a message to these addresses cannot be sent, and what to do."""
    said = _("%(who)s is no address of the client any more: address the message anew on its page.")
    return said % {"who": ", ".join(strangers)}


def too_much(row: Delivery) -> str:
    """Why a client's channel cannot take this message whole, with what to do; empty where it can."""
    if row.kind != "client_message" or row.target != settings.CHANNELS_BY:
        return ""
    if row.files[1:]:
        return _(
            "A message in Slack takes no attachments: take the channel off the client's page to send it by mail."
        )
    size = sum(len(artifacts.load(file["sha256"]).decode(errors="replace")) for file in row.files)
    if size + len(str(row.fields.get("subject", ""))) <= policy.CHANNEL_CHARS:
        return ""
    said = _("It is longer than the %(number)s characters of a message in Slack: shorten it, or have it revised.")
    return said % {"number": number_format(policy.CHANNEL_CHARS, force_grouping=True)}


def may_decide(user: User) -> bool:
    """Whether the person's decisions count. Whoever loses the right takes along what has not left yet."""
    return user.is_active and user.has_perm(rights.DECIDE)


def _check_decision(row: Delivery, review: Review | None) -> None:
    if review is None or review.state != ReviewState.APPROVED:
        raise Altered(_("Nobody approved this."))
    if not row.digest == row.approved_digest == review.digest:
        raise Altered(_("What was approved had another digest."))
    if review.decided_by is None or review.decided_at is None:
        raise Altered(_("The approval names no person."))
    if not may_decide(review.decided_by):
        raise Lapsed(_("%(who)s, who approved it, may not decide any more.") % {"who": review.decided_by.username})
    if others := strangers(row):
        raise Lapsed(not_to(others))
    if timezone.now() - review.decided_at > LASTS:
        hours = int(LASTS.total_seconds() // 3600)
        raise Lapsed(_("It was approved more than %(hours)d hours ago and has not left since.") % {"hours": hours})
