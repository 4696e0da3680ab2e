"""Drafting: writes one text from what the request and the earlier steps give."""

from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from agents import prompts
from agents.contracts import Brief, Desk, Draft, Effect, Frozen, Typical
from agents.kinds import counted, markdown_file, one_line, opening, read_input
from agents.loop import converse

Kind = Literal["article", "proposal", "email", "documentation", "report", "page", "post", "other"]


class Input(Frozen):
    """What a drafting Task asks."""

    kind: Kind = Field(description="What is written")
    audience: str = Field(min_length=2, description="Who reads it, and what they know already")
    instructions: str = Field(min_length=3, description="What it must say and do, its length and tone")


class Text(BaseModel):
    """What the model answers."""

    title: str = Field(description="The title, without a mark in front")
    markdown: str = Field(description="The whole text in Markdown, without the title")
    open_points: list[str] = Field(
        description="What somebody must still confirm or supply, one sentence each; marked in the text too"
    )


class Output(Text):
    """What later steps read: the text, and its kind for the rubric of a review."""

    kind: Kind


class DraftingAgent:
    """Writes, and marks what it does not know."""

    name: ClassVar[str] = "drafting"
    purpose: ClassVar[str] = (
        "Writes one text (article, proposal, e-mail text, documentation, report, web page, post) in Markdown "
        "from the request, its files and the outputs of the steps it needs."
    )
    prompt_version: ClassVar[str] = "v1"
    Input: ClassVar[type[BaseModel]] = Input
    Output: ClassVar[type[BaseModel]] = Output
    typical: ClassVar[Typical] = Typical(calls=1)

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Write the text, or write it anew after a person's note."""
        task = read_input(brief, Input)
        text = converse(
            desk,
            agent=self.name,
            system=prompts.load(self.name, self.prompt_version),
            opening=opening(brief),
            tools=[],
            output=Text,
            max_tokens=16_000,
        )
        made = markdown_file(desk, brief, "draft", as_markdown(text))
        return Draft(
            output=Output(**text.model_dump(), kind=task.kind).model_dump(mode="json"),
            made=[made],
            effects=[Effect(kind="document", files=[made.name])],
            summary=summary(text),
        )


def as_markdown(text: Text) -> str:
    """The text under its title, once."""
    title = one_line(text.title, 200).lstrip("# ")
    body = text.markdown.strip()
    return body if body.startswith("# ") else f"# {title}\n\n{body}"


def summary(text: Text) -> str:
    """One line for the owner."""
    line = f"{one_line(text.title, 80)}: {counted(len(text.markdown.split()), 'word')}"
    return line + (f", {counted(len(text.open_points), 'point')} to confirm" if text.open_points else "")
