"""Communication: writes a message to the client. Who gets it is not for a model to say; a person sends it."""

from typing import ClassVar

from pydantic import BaseModel, Field

from agents import prompts
from agents.access import Access
from agents.contracts import Brief, Desk, Draft, Effect, Frozen, Typical, Unable
from agents.kinds import markdown_file, one_line, opening, read_input
from agents.loop import converse
from agents.words import _

SUBJECT_CHARS = 200


class Input(Frozen):
    """What a communication Task asks."""

    purpose: str = Field(min_length=3, description="What the message is to achieve, in one or two sentences")
    based_on: str = Field(
        default="",
        description="What it reports or rests on, in a sentence; outputs of needed steps are given anyway",
    )


class Message(BaseModel):
    """What the model answers."""

    subject: str = Field(description="The subject, one line, at most 80 characters")
    body: str = Field(description="The whole message in Markdown, from greeting to closing, without the subject")


class Output(Message):
    """What later steps read; what it is based on is put together by code, from what it was really given."""

    based_on: list[str] = []


class CommunicationAgent:
    """Writes to the client of the job. There is no field for a recipient anywhere."""

    name: ClassVar[str] = "communication"
    purpose: ClassVar[str] = (
        "Writes one message to the job's client (subject and body) about the work of the steps it needs; "
        "recipients are the client's own, and a person approves it before it is sent."
    )
    prompt_version: ClassVar[str] = "v1"
    Input: ClassVar[type[BaseModel]] = Input
    Output: ClassVar[type[BaseModel]] = Output
    access: ClassVar[Access] = Access(untrusted=True, private=True, reaches_out=False)
    typical: ClassVar[Typical] = Typical(calls=1)

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Write the message; raises Unable when there is nobody to send it to, before anything is spent."""
        read_input(brief, Input)
        client = brief.client
        if client is None:
            raise Unable(
                _("This job has no client to write to. Choose a client with a trusted recipient, then retry.")
            )
        if not client.has_recipients:
            raise Unable(
                _("{name} has no trusted recipient. Add a trusted recipient to the client, then retry.").format(
                    name=client.name
                )
            )
        message = converse(
            desk,
            agent=self.name,
            system=prompts.load(self.name, self.prompt_version),
            opening=opening(brief),
            tools=[],
            output=Message,
            max_tokens=6_000,
        )
        subject = one_line(message.subject, SUBJECT_CHARS) or one_line(brief.job_title, SUBJECT_CHARS)
        made = markdown_file(desk, brief, "message", message.body)
        return Draft(
            output=Output(subject=subject, body=message.body, based_on=rests_on(brief)).model_dump(mode="json"),
            made=[made],
            effects=[Effect(kind="client_message", fields={"subject": subject}, files=[made.name])],
            summary=_summary(client.name, subject, rests_on(brief)),
        )


def rests_on(brief: Brief) -> list[str]:
    """The steps and the files that the message was written from, by name; empty where it was the request alone."""
    return [one_line(step.title, 120) for step in brief.earlier] + [file.name for file in brief.materials]


def _summary(client: str, subject: str, based_on: list[str]) -> str:
    line = _("Message to {client}: {subject}").format(client=client, subject=one_line(subject, 100))
    return (
        line + "; " + _("based on {names}").format(names=one_line(", ".join(based_on), 120)) if based_on else line
    )
