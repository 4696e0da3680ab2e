from pathlib import Path

import pytest

from agents.contracts import Brief, Effect, Revision, Unable
from agents.kinds import REHEARSAL_NOTE
from agents.kinds.drafting import DraftingAgent
from tests.agents.kinds.conftest import Rehearsing
from tests.scripted import ScriptedLLM, a_desk, says

GIVEN = {"kind": "email", "audience": "regulars", "instructions": "Announce the menu in 80 words"}
TEXT = {"title": "Spring is here", "markdown": "Dear guests,\n\nasparagus!", "open_points": ["The opening date"]}


def with_input(brief: Brief, **fields: object) -> Brief:
    return brief.model_copy(update={"input": GIVEN, **fields})


def test_a_draft_is_filed_under_its_title(brief: Brief, tmp_path: Path) -> None:
    draft = DraftingAgent().run(with_input(brief), a_desk(ScriptedLLM(says(TEXT)), tmp_path))
    (made,) = draft.made
    assert (made.kind, made.name) == ("draft", "spring-menu-the-announcement-draft.md")
    assert made.content.decode() == "# Spring is here\n\nDear guests,\n\nasparagus!\n"
    assert draft.effects == [Effect(kind="document", files=[made.name])]
    assert draft.summary == "Spring is here: 3 words, 1 point to confirm"
    assert draft.output == {**TEXT, "kind": "email"}


def test_a_text_that_begins_with_its_title_does_not_get_it_twice(brief: Brief, tmp_path: Path) -> None:
    text = {**TEXT, "markdown": "# Spring is here\n\nDear guests"}
    draft = DraftingAgent().run(with_input(brief), a_desk(ScriptedLLM(says(text)), tmp_path))
    assert draft.made[0].content.count(b"Spring is here") == 1


def test_it_writes_from_the_request_the_files_and_the_earlier_steps(brief: Brief, tmp_path: Path) -> None:
    llm = ScriptedLLM(says(TEXT))
    DraftingAgent().run(with_input(brief), a_desk(llm, tmp_path))
    told = llm.asks[0].messages[0]["content"]
    for words in ("80 words", "to the regulars", "Asparagus is here", "costs 14 euros", "warm"):
        assert words in told


def test_a_revision_gets_the_note_and_the_text_before(brief: Brief, tmp_path: Path) -> None:
    llm = ScriptedLLM(says(TEXT))
    revision = Revision(note="Shorter, please.", previous="A long text.")
    made = DraftingAgent().run(with_input(brief, revision=revision), a_desk(llm, tmp_path)).made[0]
    told = llm.asks[0].messages[0]["content"]
    assert "A long text." in told
    assert "# What the owner wants changed in it\n\nShorter, please." in told
    first = DraftingAgent().run(with_input(brief), a_desk(ScriptedLLM(says(TEXT)), tmp_path)).made[0]
    assert made.name == first.name


def test_a_rehearsed_draft_says_so_in_its_first_line(brief: Brief, tmp_path: Path) -> None:
    draft = DraftingAgent().run(with_input(brief), a_desk(Rehearsing(says(TEXT)), tmp_path))
    assert draft.made[0].content.decode().splitlines()[:3] == [REHEARSAL_NOTE, "", "# Spring is here"]


@pytest.mark.parametrize("given", [{}, {**GIVEN, "kind": "sonnet"}, {**GIVEN, "to": "x@example.com"}])
def test_an_input_that_does_not_fit_costs_nothing(brief: Brief, tmp_path: Path, given: dict[str, str]) -> None:
    llm = ScriptedLLM()
    with pytest.raises(Unable, match="does not fit"):
        DraftingAgent().run(brief.model_copy(update={"input": given}), a_desk(llm, tmp_path))
    assert not llm.asks
