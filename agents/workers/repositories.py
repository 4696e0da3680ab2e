"""Which of the owner's repositories a job may work on: what strangers wrote does not choose among them.

A repository is a control field. It comes from the owner's words, from their rule, or from the event of a repository
that they connected; else a person is asked.
"""

import re
from collections.abc import Iterator

from django.conf import settings

from agents.kinds.code import named
from agents.tools.named import strings
from jobs import queries
from jobs.models import Job, Receipt, Trigger

_PLACEHOLDER = re.compile(r"\{[\w.]*\}")
_WORD = re.compile(r"[^\s\"'`<>(),;]+")


def bound_to(job: Job) -> list[str] | None:
    """The repositories that the job may work on, by the owner's names, sorted; None: any of them.

    Where there is one alone, there is nothing to choose. None of them: a person has to say which.
    """
    if len(settings.REPOSITORIES) < 2 or not queries.is_from_outside(job):
        return None
    return sorted(mentioned(owners_words(job) or ""))


def owners_words(job: Job) -> str | None:
    """What of a job the owner wrote, and the name of the repository that its event came from; None: all of it."""
    if not queries.is_from_outside(job):
        return None
    return "\n".join([*_trusted_words(job), *_of_events(job)])


def mentioned(text: str) -> set[str]:
    """The owner's repositories that a text names, by their names or their addresses, as whole words."""
    words = {word.strip(".:!?") for word in _WORD.findall(text)} | {*_WORD.findall(text)}
    return {name for word in words if (name := named(word, settings.REPOSITORIES))}


def _trusted_words(job: Job) -> Iterator[str]:
    """What the owner wrote: answers, rules, and the request that all began with, if it is theirs."""
    for one in queries.lineage(job):
        yield from (str(said["answer"]) for said in one.answers)
        if one.trigger:
            yield from _of_rule(one.trigger)
        if one.receipt and _is_of_an_approver(one.receipt):
            yield from strings(one.receipt.data)
        if not queries.is_from_outside(one):
            yield from (one.title, one.brief, *strings(one.data))


def _of_rule(rule: Trigger) -> Iterator[str]:
    """A rule's own words; what the event puts into its templates is not among them."""
    yield from strings(rule.conditions)
    yield from (_PLACEHOLDER.sub(" ", text) for text in (rule.title_template, rule.brief_template))


def _is_of_an_approver(receipt: Receipt) -> bool:
    """Whether it was written by somebody who decides there as one of the people of this house."""
    return receipt.sender in settings.DESKS.get(receipt.source, {}).get("approvers", {})


def _of_events(job: Job) -> Iterator[str]:
    """The repository that an event came from, as its signed sender says; only those that the owner connected."""
    for one in queries.lineage(job):
        if one.receipt and one.receipt.source == "github":
            name = named(str(one.receipt.data.get("repository", "")), settings.REPOSITORIES)
            if name:
                yield name
