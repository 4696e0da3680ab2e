"""What a rule may ask of a mail. Whoever a rule is for has to prove it, unless the rule says otherwise."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints

from integrations import bodies
from integrations.contracts import Frozen, Json


def _listed(value: Any) -> Any:
    """A single value is a list of one."""
    return [value] if isinstance(value, str) else value


_Pattern = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Patterns = Annotated[list[_Pattern], BeforeValidator(_listed), Field(max_length=20)]


class Conditions(Frozen):
    """Which mail a rule is for; in each pattern a `*` stands for anything, and capitals don't matter.

    `sender` and `recipient` are whole addresses (*@example.com), `subject` and `list_id` may stand anywhere in
    theirs. Mail of a list, or written by a program, meets only a rule that asks for it.
    """

    sender: _Patterns = []
    unverified: bool = False  # a sender who cannot be proven will do
    recipient: _Patterns = []
    subject: _Patterns = []
    list_id: _Patterns = []
    has_attachment: bool | None = None
    automatic: bool = False

    @classmethod
    def read(cls, conditions: Json) -> Self:
        """The conditions of a rule; raises ValueError saying in a line what is wrong."""
        return bodies.read_conditions(cls, conditions)

    def are_met_by(self, data: Json) -> bool:
        """Whether the mail that this was read from meets every one of them."""
        return self._fits_sender(data) and self._fits_kind(data) and self._fits_words(data)

    def sentence(self) -> str:
        """All of them as a person says it."""
        proof = "who may be anybody" if self.unverified else "proven by the mail provider"
        attached = {True: "with a file", False: "without a file", None: ""}
        writer = "a person or a program" if self.automatic else "a person"
        parts = [
            f"from {' or '.join(self.sender)} ({proof})" if self.sender else "",
            f"to {' or '.join(self.recipient)}" if self.recipient else "",
            f"of the list {' or '.join(self.list_id)}" if self.list_id else "",
            f"with “{'” or “'.join(self.subject)}” in its subject" if self.subject else "",
            attached[self.has_attachment],
        ]
        return (
            " ".join(["A mail" if any(parts) else "Any mail", f"that {writer} wrote", *filter(None, parts)]) + "."
        )

    def _fits_sender(self, data: Json) -> bool:
        if not self.sender:
            return True
        proven = data.get("verified") is True or self.unverified
        return proven and any(fits(str(data.get("from", "")), pattern) for pattern in self.sender)

    def _fits_kind(self, data: Json) -> bool:
        """A list's mail is for rules that name the list, and a program's for those that want it."""
        listed = str(data.get("list_id", ""))
        if listed or self.list_id:
            return any(fits(listed, f"*{pattern}*") for pattern in self.list_id)
        return self.automatic or not data.get("automatic")

    def _fits_words(self, data: Json) -> bool:
        recipients = [str(one) for one in data.get("recipients") or []]
        attached = bool(data.get("attachments"))
        return (
            (not self.recipient or any(fits(one, pattern) for one in recipients for pattern in self.recipient))
            and (not self.subject or any(fits(str(data.get("subject", "")), f"*{one}*") for one in self.subject))
            and self.has_attachment in {None, attached}
        )


def fits(text: str, pattern: str) -> bool:
    """Whether the pattern is all of the text; its time grows with both, however they are chosen."""
    rest, (first, *others) = text.casefold(), pattern.casefold().split("*")
    if not others:
        return rest == first
    *between, last = others
    if not rest.startswith(first):
        return False
    rest = rest[len(first) :]
    for piece in between:
        _, found, rest = rest.partition(piece) if piece else ("", "*", rest)
        if not found:
            return False
    return rest.endswith(last)
