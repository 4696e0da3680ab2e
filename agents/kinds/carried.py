"""What is private and what strangers may have steered goes into no repository before a person has said so.

A branch is read by all who read its repository, before anybody approves of it: so it reaches out, although no tool
of the code agent does. What comes of the repository itself may go back to it, and the owner's own words anywhere.
"""

from collections.abc import Iterable, Iterator

from agents.contracts import Brief, Earlier, Material, Unable
from agents.decisions import NeedsAnswer, Question
from agents.words import _, gettext_noop

YES, NO = gettext_noop("Yes, it may go there."), gettext_noop("No, do it without.")
_THE_REQUEST = gettext_noop("the request, which an agent wrote")


def without_what_may_not_go(brief: Brief, repository: str) -> Brief:
    """The Brief as this repository's readers may know it.

    Raises NeedsAnswer where a person has to say so first, Unable where they said no and nothing is left to do.
    """
    names = list(carried(brief, repository))
    if not names:
        return brief
    question = _(
        "Strangers' words went into {names}, and whoever wrote it knew what is private. May "
        "it go into the repository “{repository}”, where others may read it before you do?"
    ).format(names=", ".join(names), repository=repository)
    said = [answer.answer.strip() for answer in brief.answers if answer.question == question]
    if not said:
        raise NeedsAnswer(Question(question=question, suggestions=[_(YES), _(NO)], recommended=1))
    if said[-1] == _(YES):
        return brief
    if _(_THE_REQUEST) in names:
        raise Unable(_("What was asked for may not go into the repository. Ask for it in your own words."))
    return _left_out(brief, repository)


def carried(brief: Brief, repository: str) -> Iterator[str]:
    """What of a Brief is private, not of this repository, and may be what a stranger wanted there; by its names."""
    if set(brief.written_knowing) - {repository}:
        yield _(_THE_REQUEST)
    yield from (f"“{step.title}”" for step in brief.earlier if _of_step(step, repository))
    yield from (f"“{material.name}”" for material in brief.materials if _is_carried(material, repository))


def _left_out(brief: Brief, repository: str) -> Brief:
    earlier = [
        step.model_copy(update={"output": {}, "materials": []}) if _of_step(step, repository) else step
        for step in brief.earlier
    ]
    materials = [material for material in brief.materials if not _is_carried(material, repository)]
    return brief.model_copy(update={"earlier": earlier, "materials": materials})


def _of_step(step: Earlier, repository: str) -> bool:
    return step.private and _any_carried(step.materials, repository)


def _any_carried(materials: Iterable[Material], repository: str) -> bool:
    return any(_is_carried(material, repository) for material in materials)


def _is_carried(material: Material, repository: str) -> bool:
    return material.private and material.untrusted and material.repository != repository
