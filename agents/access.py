"""The rule of two: what an agent may touch, declared by itself and by its tools, and held by code.

A system check refuses an agent that declares all three; the loop refuses a tool that touches what its agent does
not declare; what a Brief tells is cut to it before the agent sees it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable


@dataclass(frozen=True)
class Access:
    """What an agent or a tool touches. All three at once are refused at the start: the rule of two.

    Words from outside may steer a model, so one that reads them and knows what is private may not reach out.
    """

    untrusted: bool  # reads what strangers wrote: pages, mails, issues, files, repositories
    private: bool  # is told of the client, reads what is the owner's own, or what agents made who did
    reaches_out: bool  # its tools ask the world outside, be it only with an address

    def beyond(self, declared: "Access") -> list[str]:
        """In words, what this touches and `declared` does not say."""
        theirs = asdict(declared)
        return [_IN_WORDS[name] for name, touched in asdict(self).items() if touched and not theirs[name]]


_IN_WORDS = {
    "untrusted": "reads strangers' words",
    "private": "reads what is private",
    "reaches_out": "reaches out",
}
# Of an agent or a tool that declares nothing, everything is assumed.
ALL_ACCESS = Access(untrusted=True, private=True, reaches_out=True)


@runtime_checkable
class Several(Protocol):
    """An agent that works in several ways, each with an access of its own: a Task goes one of them."""

    accesses: ClassVar[Sequence[Access]]

    def access_for(self, given: dict[str, Any], options: dict[str, Any]) -> Access:
        """The one of `accesses` that a Task of this input has; `options` as in Desk.options."""
        ...
