import pytest

from agents.contracts import Brief, Earlier, Material, ToolError
from agents.tools.materials import PIECE, FileWanted, ReadFile


def test_a_file_is_read_by_its_name() -> None:
    tool = ReadFile([Material(name="prices.md", text="Deck oven: 12")])
    assert tool.run(FileWanted(name="prices.md")) == "File: prices.md\nCharacters 0 to 13 of 13\n\nDeck oven: 12"


def test_a_long_file_comes_in_pieces_that_add_up() -> None:
    text = "".join(chr(97 + number % 26) for number in range(2 * PIECE + 5))
    tool = ReadFile([Material(name="long.txt", text=text)])
    pieces = [tool.run(FileWanted(name="long.txt", start=start)) for start in (0, PIECE, 2 * PIECE)]
    assert f"it goes on at start={PIECE}" in pieces[0]
    assert "goes on" not in pieces[2]
    assert "".join(piece.partition("\n\n")[2] for piece in pieces) == text


@pytest.mark.parametrize(("names", "listed"), [(["b.md", "a.md"], "a.md, b.md"), ([], "no file came")])
def test_an_unknown_name_is_answered_with_those_there_are(names: list[str], listed: str) -> None:
    tool = ReadFile([Material(name=name, text="x") for name in names])
    with pytest.raises(ToolError, match=listed):
        tool.run(FileWanted(name="../etc/passwd"))


def test_a_file_of_the_job_wins_over_an_earlier_steps_file_of_the_same_name() -> None:
    done = Earlier(
        position=1, agent="drafting", title="x", output={}, materials=[Material(name="a.md", text="made")]
    )
    brief = Brief(
        job_uid="1", job_title="t", job_brief="b", earlier=[done], materials=[Material(name="a.md", text="given")]
    )
    assert ReadFile.for_task(brief).run(FileWanted(name="a.md")).endswith("given")
