"""The one way from a call to a verb of a review: in the name of the token's person, bound to what was shown."""

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import PermissionDenied

from jobs.lifecycle import review as verbs
from jobs.models import Review, Token
from jobs.models.token import MERGE
from jobs.states import ReviewKind


def decide(review: Review, verb: Callable[..., Any], *, by: Token, version: int, digest: str, **words: Any) -> None:
    """Call the verb; the history names the token. Raises Stale, NotAllowed, or what else the verb says.

    A merge, for which a person proves anew on the pages that it is them, needs a scope of its own. Each verb looks
    again under its lock: at the version, `approve` at the digest too, `undo` at the state alone.
    """
    if verb is verbs.approve and review.kind == ReviewKind.MERGE and MERGE not in by.scopes:
        raise PermissionDenied(f"A merge needs the scope {MERGE}; the token has {', '.join(by.scopes)}.")
    if version != review.version or digest != review.digest:
        raise verbs.Stale("This item is not what was shown to you. Nothing was done; please look again.")
    if verb is not verbs.undo:
        words["version"] = version
    if verb is verbs.approve:
        words["digest"] = digest
    verb(review, by=by.user, actor=f"api:{by.name}", **words)
