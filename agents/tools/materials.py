"""Read a text that came with the job or that an earlier step made."""

from collections.abc import Iterable

from pydantic import BaseModel, Field

from agents.access import Access
from agents.contracts import Brief, Material, ToolError

PIECE = 40_000


class FileWanted(BaseModel):
    """What the model gives."""

    name: str = Field(description="The file's name, as listed")
    start: int = Field(default=0, ge=0, description="The character to begin at; 0 is the beginning")


class ReadFile:
    """The tool for files that are too long to be put before the model at once. It sees no disk, only the job."""

    name = "read_file"
    description = (
        "Read a file that came with the job or that an earlier step made, by its name. "
        "A long file comes in pieces: ask again with the given start."
    )
    replay = False
    access = Access(untrusted=True, private=False, reaches_out=False)  # what there is, the Brief decides
    Input: type[BaseModel] = FileWanted

    def __init__(self, materials: Iterable[Material]) -> None:
        self._texts = {material.name: material.text for material in materials}

    @classmethod
    def for_task(cls, brief: Brief) -> "ReadFile":
        """The tool over all that the Task was given; a file of the job wins over an earlier step's same name."""
        return cls(every_material(brief))

    def run(self, given: FileWanted) -> str:
        """A piece of the file under a head that names it; raise ToolError for a name that isn't there."""
        text = self._texts.get(given.name)
        if text is None:
            names = ", ".join(sorted(self._texts)) or "none: no file came with this job"
            raise ToolError(f"There is no file {given.name!r}. Files: {names}.")
        piece = text[given.start : given.start + PIECE]
        end = given.start + len(piece)
        more = f"; it goes on at start={end}" if end < len(text) else ""
        return f"File: {given.name}\nCharacters {given.start} to {end} of {len(text)}{more}\n\n{piece}"


def every_material(brief: Brief) -> list[Material]:
    """Files of the earlier steps first, then those of the job, so that a look-up by name prefers the job's."""
    return [material for step in brief.earlier for material in step.materials] + brief.materials
