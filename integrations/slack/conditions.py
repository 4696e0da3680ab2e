"""What a rule may ask of what comes from Slack, each condition a value or a list of values."""

import re
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, field_validator

from integrations import bodies
from integrations.contracts import Frozen, Json
from integrations.words import _, either, gettext_noop

Kind = Literal["command", "mention", "message", "reply"]

_PHRASES = {
    "command": gettext_noop("gives a slash command"),
    "mention": gettext_noop("mentions the app"),
    "message": gettext_noop("writes a message"),
    "reply": gettext_noop("replies in a thread"),
}
_MOST = 20
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,20}")
_USER = re.compile(r"[UW][A-Z0-9]{1,20}")


def _listed(value: Any) -> Any:
    """A single value is a list of one."""
    return [value] if isinstance(value, str) else value


_Names = Annotated[list[str], BeforeValidator(_listed), Field(max_length=_MOST)]


class Conditions(Frozen):
    """Which events a rule is for. A message or a reply counts in the chosen channel, unless a rule names another.

    `text` may hold a `*` for anything; capitals make no difference.
    """

    model_config = ConfigDict(
        title="Slack",
        json_schema_extra={
            "about": gettext_noop("What people write in Slack who may ask for work."),
            "examples": [{"kind": ["mention"], "channel": ["C0123ABCD"], "text": "*invoice*"}],
        },
    )

    kind: Annotated[list[Kind], BeforeValidator(_listed)] = Field(
        default=["command", "mention", "message"],
        min_length=1,
        title=gettext_noop("What somebody does"),
        json_schema_extra={"choices": dict(_PHRASES)},
    )
    channel: _Names = Field(
        default=[],
        title=gettext_noop("Channels"),
        description=gettext_noop(
            "Their ids, such as C0123ABCD. Empty: any for commands and mentions, the chosen one for messages."
        ),
    )
    text: _Names = Field(
        default=[],
        title=gettext_noop("What it reads"),
        description=gettext_noop("All of the text; a * stands for anything, as in *invoice*. Empty: any text."),
    )
    user: _Names = Field(
        default=[],
        title=gettext_noop("People"),
        description=gettext_noop("Their ids, such as U0123ABCD. Empty: everybody who may ask."),
    )

    @classmethod
    def read(cls, conditions: Json) -> Self:
        """The conditions of a rule; raises ValueError saying in a line what is wrong with which of them."""
        return bodies.read_conditions(cls, conditions)

    @field_validator("channel")
    @classmethod
    def _channels_are_ids(cls, channels: list[str]) -> list[str]:
        return _checked(
            channels,
            _CHANNEL,
            _("'{name}' is no id of a channel; copy it from the channel's details, as in C0123ABCD"),
        )

    @field_validator("user")
    @classmethod
    def _users_are_ids(cls, users: list[str]) -> list[str]:
        return _checked(
            users, _USER, _("'{name}' is no id of a person; copy it from the person's details, as in U0123ABCD")
        )

    @field_validator("text")
    @classmethod
    def _patterns_are_not_empty(cls, patterns: list[str]) -> list[str]:
        if not all(pattern.strip() for pattern in patterns):
            raise ValueError(_("a pattern is empty; leave the condition out where any text will do"))
        return patterns

    def are_met_by(self, data: Json, *, chosen: str) -> bool:
        """Whether the event meets all of them; `chosen` is the channel in which messages count."""
        kind, channel = str(data.get("kind", "")), str(data.get("channel", ""))
        if kind not in self.kind or (self.user and data.get("user") not in self.user):
            return False
        wanted = self.channel or ([chosen] if kind in {"message", "reply"} else [channel])
        return bool(channel) and channel in wanted and self._says(str(data.get("text", "")))

    def sentence(self, *, chosen: str) -> str:
        """All of them as a person says it."""
        who = either(self.user) or _("Somebody who may ask")
        does = either(_(_PHRASES[kind]) for kind in self.kind)
        quoted = either(f"“{one}”" for one in self.text)
        text = " " + _("that reads {words}").format(words=quoted) if quoted else ""
        return f"{who} {does}{self._where(chosen)}{text}."

    def _where(self, chosen: str) -> str:
        if self.channel:
            return " " + _("in {channel}").format(channel=either(self.channel))
        if not {"message", "reply"} & set(self.kind):
            return ""
        if chosen:
            return " " + _("(messages: in {channel})").format(channel=chosen)
        return " " + _("(messages: in no channel until SLACK_CHANNEL is set)")

    def _says(self, text: str) -> bool:
        said = " ".join(text.split()).casefold()
        return not self.text or any(fnmatchcase(said, one.casefold()) for one in self.text)


def is_channel(value: str) -> bool:
    """Whether it is a channel's id, not its name."""
    return bool(_CHANNEL.fullmatch(value))


def is_user(value: str) -> bool:
    """Whether it is a person's id, not a name."""
    return bool(_USER.fullmatch(value))


def _checked(names: list[str], form: re.Pattern[str], said: str) -> list[str]:
    wrong = next((one for one in names if not form.fullmatch(one)), None)
    if wrong is not None:
        raise ValueError(said.format(name=wrong))
    return names
