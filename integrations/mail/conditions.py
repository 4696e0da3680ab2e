"""What a rule may ask of a mail. Whoever a rule is for has to prove it, unless the rule says otherwise."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from integrations import bodies
from integrations.contracts import Frozen, Json
from integrations.words import _, either, gettext_noop


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

    model_config = ConfigDict(
        title=gettext_noop("Mail"),
        json_schema_extra={
            "about": gettext_noop("Mail to the mailbox that Nightdesk reads."),
            "examples": [{"sender": ["*@example.com"], "subject": "invoice", "has_attachment": True}],
        },
    )

    sender: _Patterns = Field(
        default=[],
        title=gettext_noop("Sent by"),
        description=gettext_noop("Whole addresses; a * stands for anything, as in *@example.com. Empty: anybody."),
    )
    unverified: bool = Field(
        default=False,
        title=gettext_noop("A sender who cannot be proven will do"),
        description=gettext_noop("Anybody can write under any address: then whoever does opens a job."),
    )
    recipient: _Patterns = Field(
        default=[],
        title=gettext_noop("Sent to"),
        description=gettext_noop("Whole addresses, one of which it was sent to. Empty: any."),
    )
    subject: _Patterns = Field(
        default=[],
        title=gettext_noop("Words in the subject"),
        description=gettext_noop("One of them is enough; they may stand anywhere in it. Empty: any subject."),
    )
    list_id: _Patterns = Field(
        default=[],
        title=gettext_noop("Mailing lists"),
        description=gettext_noop("Names of lists (List-Id). Mail of a list opens nothing unless it is named here."),
        json_schema_extra={"rare": True},
    )
    has_attachment: bool | None = Field(
        default=None,
        title=gettext_noop("Files"),
        json_schema_extra={
            "choices": {
                "": gettext_noop("with or without"),
                "true": gettext_noop("only with a file"),
                "false": gettext_noop("only without a file"),
            }
        },
    )
    automatic: bool = Field(
        default=False,
        title=gettext_noop("Mail that a program wrote counts too"),
        description=gettext_noop("Receipts, notices, answers by machine."),
        json_schema_extra={"rare": True},
    )

    @classmethod
    def read(cls, conditions: Json) -> Self:
        """The conditions of a rule; raises ValueError saying in a line what is wrong."""
        return bodies.read_conditions(cls, conditions)

    def are_met_by(self, data: Json) -> bool:
        """Whether the mail that this was read from meets every one of them."""
        return self._fits_sender(data) and self._fits_kind(data) and self._fits_words(data)

    def sentence(self) -> str:
        """All of them as a person says it."""
        proof = _("who may be anybody") if self.unverified else _("proven by the mail provider")
        attached = {True: _("with a file"), False: _("without a file"), None: ""}
        writer = _("that a person or a program wrote") if self.automatic else _("that a person wrote")
        subject = either(f"“{one}”" for one in self.subject)
        parts = [
            _("from {sender} ({proof})").format(sender=either(self.sender), proof=proof) if self.sender else "",
            _("to {recipient}").format(recipient=either(self.recipient)) if self.recipient else "",
            _("of the list {name}").format(name=either(self.list_id)) if self.list_id else "",
            _("with {words} in its subject").format(words=subject) if subject else "",
            attached[self.has_attachment],
        ]
        return " ".join([_("A mail") if any(parts) else _("Any mail"), writer, *filter(None, parts)]) + "."

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
