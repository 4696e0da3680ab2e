"""What django-q2 may call here, and what a listener does all day: take in what waits in the mailbox."""

import logging
import threading

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from integrations import reception, registry
from integrations.contracts import RawRequest
from integrations.mail.mailbox import Letter, Mailbox, Refused, Unreachable, Visit
from integrations.mail.source import MEDIA_TYPE, MailSource
from jobs.lifecycle import absence

# A server may forget who is silent for half an hour; a connection that died unseen is noticed after this long.
LISTEN_SECONDS = 300.0
_PLACE = "mailbox"
_PAUSES = (5.0, 15.0, 60.0, 300.0)

log = logging.getLogger(__name__)


def poll() -> int:
    """Take in what waits, if there is a mailbox; return how many mails that were. One that stays away is told."""
    if not settings.MAILBOX or absence.next_try(_PLACE):
        return 0
    try:
        with Mailbox(**settings.MAILBOX).visit() as visit:
            taken = take(visit)
    except Unreachable as error:
        log.error("%s", error)
        absence.away(_PLACE, reason=str(error), for_good=isinstance(error, Refused))
        return 0
    absence.back(_PLACE)
    return taken


def listen(until: threading.Event) -> None:
    """Take in mail as it comes, until the event is set; a server that is away or refuses us is asked later."""
    failures = 0
    absence.try_now(_PLACE)
    while not until.is_set():
        try:
            with Mailbox(**settings.MAILBOX).visit() as visit:
                absence.back(_PLACE)
                while not until.is_set():
                    close_old_connections()
                    take(visit)
                    failures = 0
                    if visit.can_wait():
                        visit.wait(LISTEN_SECONDS)
                    elif not until.wait(_PAUSES[-2]):
                        break  # anew, so that the server shows what came
        except Refused as error:
            _keep_away(error, until)
        except Unreachable as error:
            log.warning("%s", error)
            until.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
            failures += 1


def _keep_away(error: Refused, until: threading.Event) -> None:
    """Tell it once, and wait: whoever goes on with a wrong password is shut out by the server for longer."""
    log.error("%s", error)
    absence.away(_PLACE, reason=str(error), for_good=True)
    close_old_connections()
    while (moment := absence.next_try(_PLACE)) and not until.is_set():
        until.wait((moment - timezone.now()).total_seconds())


def take(visit: Visit) -> int:
    """Keep every mail that waits; each is marked only when its receipt is there. Raises Unreachable."""
    taken = 0
    for uid in visit.waiting():
        letter = visit.read(uid)
        if letter is None:
            continue  # somebody else moved it meanwhile
        try:
            _keep(letter)
        except Exception:
            # It stays where it is and is tried again. One mail keeps no other waiting.
            log.exception("a mail could not be kept, and stays in the mailbox")
            continue
        visit.finish(uid)
        taken += 1
    return taken


def _keep(letter: Letter) -> None:
    source = registry.source(MailSource.slug, settings.SOURCES.get(MailSource.slug))
    if not isinstance(source, MailSource):
        raise registry.BrokenProvider("The source of mail is another than the mailbox is made for.")
    if letter.is_whole:
        incoming = source.read(None, raw=letter.raw)
    else:
        why = f"It has {letter.size:,} bytes, more than is taken in: here is its head, the rest is in the mailbox."
        incoming = source.read(None, raw=letter.raw).model_copy(update={"ignored": why})
    reception.keep(source, RawRequest("IMAP", "", {"content-type": MEDIA_TYPE}, letter.raw), incoming)
