"""The work tree of a repository as a model may see and change it: text files inside of it, and nothing else.

Every path is judged part by part. A link is never followed, wherever it leads, and what would configure git or run
in the owner's CI is not written.
"""

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

from agents.access import Access
from agents.contracts import Tool, ToolError

PIECE = 40_000
MAX_FILE_BYTES = 1_000_000
MAX_PATH = 400
MAX_NAME = 255
MAX_LISTED = 1_500
MAX_FOUND = 100
_LINE_SHOWN = 200

# A repository is the owner's own, and others write in it; its tools have no network.
OWN_CODE = Access(untrusted=True, private=True, reaches_out=False)
_FOR_A_PERSON = {(".gitmodules",), (".gitattributes",), (".github", "workflows")}


@dataclass(frozen=True)
class Workspace:
    """The tree at `root`. Only these methods change it, one call at a time."""

    root: Path

    def place(self, path: str, *, write: bool = False) -> Path:
        """Where `path` lies; raise ToolError if it isn't a plain path inside of the tree."""
        parts = _parts(path)
        if write and any(_within(parts, name) for name in _FOR_A_PERSON):
            raise ToolError(f"{path} decides what runs outside of the tests: a person changes it, not you.")
        place = self.root
        for part in parts:
            place = place / part
            if place.is_symlink():
                raise ToolError(f"{path} goes through a link. Name the file itself.")
        return place

    def read(self, path: str) -> str:
        """The text of a file, line ends as they are; raise ToolError."""
        place = self.place(path)
        try:
            mode = place.lstat().st_mode
            if stat.S_ISDIR(mode):
                raise ToolError(f"{path} is a folder. List it with list_files.")
            if not stat.S_ISREG(mode) or place.stat().st_size > MAX_FILE_BYTES:
                raise ToolError(f"{path} is too large to be read, or no plain file.")
            return place.read_bytes().decode("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            raise ToolError(f"There is no file {path!r}. list_files shows what there is.") from None
        except UnicodeDecodeError:
            raise ToolError(f"{path} is not a text.") from None
        except OSError as error:
            raise ToolError(f"{path} cannot be read: {error.strerror}.") from None

    def write(self, path: str, text: str) -> None:
        """Make or replace a file; what may execute it stays as it was. Raises ToolError."""
        place = self.place(path, write=True)
        content = text.encode("utf-8", errors="replace")
        if len(content) > MAX_FILE_BYTES:
            raise ToolError(f"The text is longer than {MAX_FILE_BYTES:,} bytes: write less.")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644), "wb") as file:
                file.truncate()
                file.write(content)
        except OSError as error:
            raise ToolError(f"{path} cannot be written: {error.strerror}.") from None

    def delete(self, path: str) -> None:
        """Remove a file and the folders that are empty then; raise ToolError."""
        place = self.place(path, write=True)
        try:
            place.unlink()
            for folder in place.relative_to(self.root).parents:
                if folder.parts and not any((self.root / folder).iterdir()):
                    (self.root / folder).rmdir()
        except FileNotFoundError:
            raise ToolError(f"There is no file {path!r}. list_files shows what there is.") from None
        except OSError as error:
            raise ToolError(f"{path} cannot be removed: {error.strerror}.") from None

    def files(self, under: str = ".") -> Iterator[str]:
        """The paths of all files and links below a folder, in order; raise ToolError if it is none."""
        start = self.place(under)
        if not start.is_dir():
            raise ToolError(f"There is no folder {under!r}.")
        for folder, folders, names in os.walk(start):
            folders.sort()
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in sorted([*names, *links]):
                yield (Path(folder) / name).relative_to(self.root).as_posix()


class FolderWanted(BaseModel):
    """What the model gives."""

    path: str = Field(default=".", description="A folder of the repository; . is all of it")


class ListFiles:
    """The tool that shows what there is."""

    name = "list_files"
    description = "List the files of the repository, or of one folder in it, with their paths."
    replay = False
    access = OWN_CODE
    Input: type[BaseModel] = FolderWanted

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, given: FolderWanted) -> str:
        """One path a line under a head that counts them."""
        paths = list(self._workspace.files(given.path))
        lines = [f"Files below {given.path}: {len(paths)}", "", *paths[:MAX_LISTED]]
        if len(paths) > MAX_LISTED:
            lines.append(f"[the first {MAX_LISTED}: list a folder to see the others]")
        return "\n".join(lines)


class TextWanted(BaseModel):
    """What the model gives."""

    text: str = Field(min_length=2, max_length=200, description="The words to look for, in any case; no pattern")
    path: str = Field(default=".", description="A folder of the repository; . is all of it")


class SearchText:
    """The tool that finds where something is said."""

    name = "search_text"
    description = "Find the lines of the repository's files that hold a text, with path and line number."
    replay = False
    access = OWN_CODE
    Input: type[BaseModel] = TextWanted

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, given: TextWanted) -> str:
        """`path:number: line`, at most a hundred of them."""
        found: list[str] = []
        for line in self._matches(given):
            if len(found) == MAX_FOUND:
                found.append(f"[the first {MAX_FOUND}: look for something rarer, or in a folder]")
                break
            found.append(line)
        return "\n".join([f"Lines with {given.text!r}: {'none' if not found else ''}".rstrip(), *found])

    def _matches(self, given: TextWanted) -> Iterator[str]:
        wanted = given.text.casefold()
        for path in self._workspace.files(given.path):
            try:
                text = self._workspace.read(path)
            except ToolError:
                continue
            for number, line in enumerate(text.splitlines(), start=1):
                if wanted in line.casefold():
                    yield f"{path}:{number}: {line.strip()[:_LINE_SHOWN]}"


class FileWanted(BaseModel):
    """What the model gives."""

    path: str = Field(description="The file's path, as listed")
    start: int = Field(default=0, ge=0, description="The character to begin at; 0 is the beginning")


class ReadFile:
    """The tool that shows a file."""

    name = "read_file"
    description = "Read a text file of the repository. A long file comes in pieces: ask again with the given start."
    replay = False
    access = OWN_CODE
    Input: type[BaseModel] = FileWanted

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, given: FileWanted) -> str:
        """A piece of the file under a head that names it."""
        text = self._workspace.read(given.path)
        piece = text[given.start : given.start + PIECE]
        end = given.start + len(piece)
        more = f"; it goes on at start={end}" if end < len(text) else ""
        return f"File: {given.path}\nCharacters {given.start} to {end} of {len(text)}{more}\n\n{piece}"


class FileGiven(BaseModel):
    """What the model gives."""

    path: str = Field(description="Where the file lies or shall lie in the repository")
    content: str = Field(description="The whole new text of the file")


class WriteFile:
    """The tool that makes or replaces a file."""

    name = "write_file"
    description = "Make a new text file, or replace a whole one. To change a part of a file, use edit_file."
    replay = True
    access = OWN_CODE
    Input: type[BaseModel] = FileGiven

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, given: FileGiven) -> str:
        """Write, and say how much."""
        self._workspace.write(given.path, given.content)
        return f"Written: {given.path}, {len(given.content):,} characters."


class EditGiven(BaseModel):
    """What the model gives."""

    path: str = Field(description="The file's path")
    old: str = Field(min_length=1, description="The passage to replace, character by character as it stands there")
    new: str = Field(description="What shall stand there instead")


class EditFile:
    """The tool that replaces one passage."""

    name = "edit_file"
    description = (
        "Replace one passage of a text file. The old passage must stand in the file exactly once: copy it with its "
        "white space, and take in enough lines around it to make it the only one."
    )
    replay = True
    access = OWN_CODE
    Input: type[BaseModel] = EditGiven

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, given: EditGiven) -> str:
        """Replace the passage if it is there once, else say what is the matter."""
        text = self._workspace.read(given.path)
        times = text.count(given.old)
        if times == 0:
            raise ToolError(f"The old passage does not stand in {given.path}. Read the file and copy it exactly.")
        if times > 1:
            raise ToolError(f"The old passage stands in {given.path} {times} times. Take in more lines around it.")
        self._workspace.write(given.path, text.replace(given.old, given.new))
        return f"Changed: {given.path}."


class FileNamed(BaseModel):
    """What the model gives."""

    path: str = Field(description="The file's path")


class DeleteFile:
    """The tool that removes a file."""

    name = "delete_file"
    description = "Remove one file of the repository."
    replay = True
    access = OWN_CODE
    Input: type[BaseModel] = FileNamed

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self, given: FileNamed) -> str:
        """Remove it."""
        self._workspace.delete(given.path)
        return f"Removed: {given.path}."


def file_tools(workspace: Workspace) -> list[Tool]:
    """All of them over one tree."""
    kinds = (ListFiles, SearchText, ReadFile, WriteFile, EditFile, DeleteFile)
    return [kind(workspace) for kind in kinds]


def _parts(path: str) -> tuple[str, ...]:
    """The names that a path is made of; none for the tree itself. Raises ToolError."""
    if len(path) > MAX_PATH or "\\" in path or any(unicodedata.category(char)[0] == "C" for char in path):
        raise ToolError("That is not a path. Use plain names with / between them.")
    if path.startswith("/"):
        raise ToolError("Paths begin at the repository: leave out the / in front.")
    parts = tuple(part for part in path.split("/") if part not in {"", "."})
    if any(len(part.encode()) > MAX_NAME for part in parts):
        raise ToolError(f"No name in a path is longer than {MAX_NAME} bytes.")
    if ".." in parts:
        raise ToolError("A path with .. leads out of the repository.")
    if any(_is_git(part) for part in parts):
        raise ToolError("Git's own folder is not a part of the work.")
    return parts


def _is_git(part: str) -> bool:
    """Whether some file system would take the name for .git."""
    plain = unicodedata.normalize("NFKC", part).partition(":")[0].rstrip(" .").casefold()
    return plain in {".git", "git~1"}


def _within(parts: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """Whether the path is this file or folder, in it, or one of that name further down (git reads those too)."""
    lower = tuple(part.casefold() for part in parts)
    return lower[: len(name)] == name or (len(name) == 1 and lower[-1:] == name)
