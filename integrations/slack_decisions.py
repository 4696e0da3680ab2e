"""Decisions that people make in Slack: the buttons of a review's message, and the windows in which they write.

Only people whom SLACK_APPROVERS names decide, by the verbs of the pages, bound to what their message showed.
"""

import logging
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from slack_sdk.webhook import WebhookClient

from integrations.contracts import DeliveryError, Json, OutcomeUnknown
from integrations.slack import modals, review_card
from integrations.slack.client import SlackApi
from integrations.slack.words import escaped
from jobs.lifecycle import approval
from jobs.lifecycle import review as verbs
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Review

# Slack keeps a window's trigger for three seconds, and waits as long for an answer.
_SECONDS = 2
_REFERENCE = re.compile(r"([0-9]{1,18}):([0-9]{1,9}):([0-9a-f]{0,64})")
_RESPONSES = "https://hooks.slack.com/"

log = logging.getLogger(__name__)


class NotYours(Exception):
    """Nothing was done; the message says why, for the person who pressed."""


_REFUSALS = (verbs.Stale, verbs.NotAllowed, LostRace, IllegalMove, NotYours)


def decide(payload: Json) -> Json | None:
    """Do what a person pressed or sent off; the answer that Slack needs to hear, if any."""
    if payload.get("type") == "view_submission":
        return _sent_off(payload)
    if payload.get("type") == "block_actions":
        _pressed(payload)
    return None


def _pressed(payload: Json) -> None:
    action: Json = next(iter(payload.get("actions") or []), {})
    name, value = str(action.get("action_id", "")), str(action.get("value", ""))
    if not name.startswith("review."):
        return  # a button that leads to a page
    try:
        if window := _WINDOWS.get(name):
            _person(payload)
            _open(payload, window(value))
        else:
            _act(payload, name, value)
    except _REFUSALS as refusal:
        _tell(payload, str(refusal))


def _act(payload: Json, name: str, value: str) -> None:
    """Approve, take note, or answer with one of the suggestions."""
    person = _person(payload)
    review, version, digest = _item(value)
    known: dict[str, Any] = {"by": person, "version": version, "actor": _actor(payload)}
    if name == review_card.APPROVE:
        verbs.approve(review, digest=digest, **known)
    elif name == review_card.NOTED:
        verbs.acknowledge(review, **known)
    elif name.startswith(review_card.ANSWER):
        verbs.answer(review, text=_suggestion(review, name.removeprefix(review_card.ANSWER)), **known)


def _sent_off(payload: Json) -> Json | None:
    """A window that was filled in; what is wrong is shown in it, and what was written stays there."""
    view = payload.get("view") or {}
    verb = _WRITTEN.get(str(view.get("callback_id")))
    if verb is None:
        return None
    try:
        person = _person(payload)
        review, version, _ = _item(str(view.get("private_metadata", "")))
        verb(review, _words(view), by=person, version=version, actor=_actor(payload))
    except _REFUSALS as refusal:
        return {"response_action": "errors", "errors": {modals.INPUT: str(refusal)}}
    return None


def _revise(review: Review, words: str, **known: Any) -> None:
    verbs.revise(review, note=words, **known)


def _answer(review: Review, words: str, **known: Any) -> None:
    verbs.answer(review, text=words, **known)


_WINDOWS: dict[str, Callable[[str], Json]] = {
    review_card.REVISE: modals.revision,
    review_card.OTHER: modals.own_answer,
}
_WRITTEN: dict[str, Callable[..., None]] = {modals.REVISION: _revise, modals.ANSWER: _answer}


def _person(payload: Json) -> User:
    """Who this is here. Raises NotYours for who may not decide, or may not any more."""
    name = settings.DESKS["slack"]["approvers"].get(_user(payload), "")
    person = User.objects.filter(username=name, is_active=True).first() if name else None
    if person is None:
        raise NotYours(_("You may read this here, not decide it: SLACK_APPROVERS does not name you."))
    if not approval.may_decide(person):
        raise NotYours(_("You may read this here, not decide it: your account has not the right to decide."))
    return person


def _user(payload: Json) -> str:
    return str((payload.get("user") or {}).get("id", ""))


def _actor(payload: Json) -> str:
    return f"slack:{_user(payload)}"


def _item(reference: str) -> tuple[Review, int, str]:
    """The item that a button names, with the version and the digest that were shown."""
    match = _REFERENCE.fullmatch(reference)
    review = Review.objects.filter(pk=int(match[1])).first() if match else None
    if match is None or review is None:
        raise NotYours(_("This item is not here any more. Nothing was done."))
    return review, int(match[2]), match[3]


def _suggestion(review: Review, number: str) -> str:
    suggestions = review.payload.get("suggestions") or []
    if not number.isascii() or not number.isdigit() or int(number) >= len(suggestions):
        raise NotYours(_("This answer is not among the suggestions any more. Nothing was done."))
    return str(suggestions[int(number)])


def _words(view: Json) -> str:
    values = (view.get("state") or {}).get("values") or {}
    return str(((values.get(modals.INPUT) or {}).get(modals.INPUT) or {}).get("value") or "")


def _open(payload: Json, view: Json) -> None:
    """https://docs.slack.dev/reference/methods/views.open"""
    desk = settings.DESKS["slack"]
    api = SlackApi(desk["token"], desk["base_url"], seconds=_SECONDS)
    try:
        api.act("views.open", trigger_id=payload.get("trigger_id"), view=view)
    except (DeliveryError, OutcomeUnknown) as error:
        log.warning("a window could not be opened: %s", error)
        raise NotYours(_("The window could not be opened. Press once more, or decide it on its page.")) from error


def _tell(payload: Json, said: str) -> None:
    """Say it to the person alone: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
    url = str(payload.get("response_url") or "")
    if not url.startswith((_RESPONSES, _own_responses())):
        log.warning("nobody could be told: %s", said)
        return
    try:
        hook = WebhookClient(url, timeout=_SECONDS, retry_handlers=[])
        answer = hook.send(text=escaped(said), response_type="ephemeral", replace_original=False)
        if answer.status_code != 200:
            log.warning("Slack answers %s to: %s", answer.status_code, said)
    except OSError as error:
        log.warning("nobody could be told (%s): %s", error, said)


def _own_responses() -> str:
    """Where another Slack than Slack's own is set, its answers go there and nowhere else."""
    base_url: str = settings.DESKS["slack"]["base_url"]
    return base_url.removesuffix("/").removesuffix("/api") + "/response/"
