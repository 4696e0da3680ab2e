from pathlib import Path

import pytest

from agents import texts
from agents.contracts import Brief, Effect, Json, Redo, Unable
from agents.kinds.review import ReviewAgent
from tests.scripted import ScriptedLLM, a_desk, says

RUBRIC = ["Clarity: one reading is enough", "Tone: warm"]


def critique(
    *scores: int, passage: str = "Asparagus is here.", verdict: str = "ready", rubric: list[str] = RUBRIC
) -> Json:
    return {
        "verdict": verdict,
        "overview": "Clear, but cold.",
        "scores": [
            {"criterion": criterion, "score": score, "passage": passage, "suggestion": f"Warm up {criterion[:4]}"}
            for criterion, score in zip(rubric, scores, strict=False)
        ],
    }


def review(brief: Brief, tmp_path: Path, answer: Json, **given: object) -> tuple[Json, str, str]:
    task = brief.model_copy(update={"input": {"rubric": RUBRIC, **given}})
    draft = ReviewAgent().run(task, a_desk(ScriptedLLM(says(answer)), tmp_path))
    (made,) = draft.made
    assert made.kind == "critique"
    assert draft.effects == [Effect(kind="document", files=[made.name])]
    return draft.output, made.content.decode(), draft.summary


def test_a_critique_scores_quotes_and_suggests(brief: Brief, tmp_path: Path) -> None:
    output, page, summary = review(brief, tmp_path, critique(4, 3))
    assert output["verdict"] == "ready"
    assert "| 4 of 5 | Clarity: one reading is enough |" in page
    assert "## 3 of 5: Tone: warm\n\n> Asparagus is here.\n\nWarm up Tone" in page
    assert "word for word" not in page
    assert [score["quoted"] for score in output["scores"]] == [True, True]
    assert summary == "ready: 3.5 of 5 on average, lowest 3 (Tone)"


def test_a_passage_that_does_not_stand_in_the_text_is_marked(brief: Brief, tmp_path: Path) -> None:
    output, page, _ = review(
        brief, tmp_path, critique(4, passage="Asparagus is gone.", rubric=RUBRIC[:1]), rubric=RUBRIC[:1]
    )
    assert "> Asparagus is gone.\n\n(This passage does not stand in the text word for word.)" in page
    assert output["scores"][0]["quoted"] is False


def test_a_weak_score_is_never_ready(brief: Brief, tmp_path: Path) -> None:
    assert review(brief, tmp_path, critique(5, 2))[0]["verdict"] == "revise"


def test_a_criterion_that_was_left_out_is_shown_and_is_never_ready(brief: Brief, tmp_path: Path) -> None:
    output, page, _ = review(brief, tmp_path, critique(5))
    assert (output["verdict"], output["not_scored"]) == ("revise", ["Tone: warm"])
    assert "| none | Tone: warm (not scored) |" in page


def test_a_criterion_of_the_models_own_does_not_count(brief: Brief, tmp_path: Path) -> None:
    output, page, _ = review(brief, tmp_path, critique(4, 5, 1, rubric=[*RUBRIC, "Length: short"]))
    assert output["verdict"] == "ready"
    assert "Length" not in page


def test_a_rewrite_is_not_taken_for_a_suggestion(brief: Brief, tmp_path: Path) -> None:
    wrong = critique(3, 3)
    wrong["scores"][0]["suggestion"] = "Instead write: " + "Dear guests, " * 60
    llm = ScriptedLLM(says(wrong), says(critique(3, 3)))
    ReviewAgent().run(brief.model_copy(update={"input": {}}), a_desk(llm, tmp_path))
    assert "suggestion: String should have at most 600" in llm.asks[1].messages[2]["content"]


def test_the_usual_rubric_fits_the_kind_of_the_text(brief: Brief, tmp_path: Path) -> None:
    other = brief.earlier[0].model_copy(update={"output": {"kind": "sonnet"}})
    code = brief.earlier[0].model_copy(update={"agent": "code", "output": {}})
    cases = [(brief.earlier, "email"), ([other], ""), ([code], "code"), ([], "")]
    for earlier, kind in cases:
        rubric = texts.rubric(kind)
        llm = ScriptedLLM(says(critique(4)))
        ReviewAgent().run(brief.model_copy(update={"earlier": earlier, "input": {}}), a_desk(llm, tmp_path))
        assert "# The rubric\n\n" + "\n".join(f"- {line}" for line in rubric) in llm.asks[0].messages[0]["content"]


@pytest.mark.parametrize(("file", "judged"), [("", "menu-draft.md"), ("prices.md", "prices.md")])
def test_the_named_file_or_the_last_step_is_judged(brief: Brief, tmp_path: Path, file: str, judged: str) -> None:
    llm = ScriptedLLM(says(critique(4, 4)))
    ReviewAgent().run(brief.model_copy(update={"input": {"file": file}}), a_desk(llm, tmp_path))
    assert f"# What to judge\n\n{judged}\n" in llm.asks[0].messages[0]["content"]


@pytest.mark.parametrize(("file", "fields"), [("other.md", {}), ("", {"earlier": [], "materials": []})])
def test_nothing_to_judge_costs_nothing(brief: Brief, tmp_path: Path, file: str, fields: Json) -> None:
    llm = ScriptedLLM()
    with pytest.raises(Unable, match="Attach it to the job"):
        ReviewAgent().run(brief.model_copy(update={"input": {"file": file}, **fields}), a_desk(llm, tmp_path))
    assert not llm.asks


class TestADraftThatFailsItsRubric:
    def sent_back(self, brief: Brief, tmp_path: Path, answer: Json, **changes: object) -> Redo | None:
        task = brief.model_copy(update={"input": {"rubric": RUBRIC}, **changes})
        return ReviewAgent().run(task, a_desk(ScriptedLLM(says(answer)), tmp_path)).redo

    def test_goes_back_to_the_step_that_made_it_with_what_is_wrong(self, brief: Brief, tmp_path: Path) -> None:
        back = self.sent_back(brief, tmp_path, critique(4, 2))
        assert back == Redo(position=1, note="- Tone: warm (2 of 5): “Asparagus is here.”: Warm up Tone")

    def test_is_pointed_at_only_where_the_passage_is_there(self, brief: Brief, tmp_path: Path) -> None:
        back = self.sent_back(brief, tmp_path, critique(4, 2, passage="Nowhere."))
        assert back is not None
        assert back.note == "- Tone: warm (2 of 5): Warm up Tone"

    @pytest.mark.parametrize("scores", [(3, 3), (5,)], ids=["acceptable", "left out"])
    def test_is_one_with_a_score_under_three_alone(
        self, brief: Brief, tmp_path: Path, scores: tuple[int, ...]
    ) -> None:
        assert self.sent_back(brief, tmp_path, critique(*scores, verdict="revise")) is None

    def test_is_no_change_of_code_and_no_file_of_the_job(self, brief: Brief, tmp_path: Path) -> None:
        code = brief.earlier[0].model_copy(update={"agent": "code"})
        assert self.sent_back(brief, tmp_path, critique(1, 1), earlier=[code]) is None
        file = {"rubric": RUBRIC, "file": "prices.md"}
        assert self.sent_back(brief, tmp_path, critique(1, 1), input=file) is None


def test_it_never_saw_the_drafting(brief: Brief, tmp_path: Path) -> None:
    """It is given the request and the work: not what the drafting was told, nor an earlier critique."""
    llm = ScriptedLLM(says(critique(4, 4)))
    ReviewAgent().run(brief.model_copy(update={"input": {"rubric": RUBRIC}}), a_desk(llm, tmp_path))
    assert len(llm.asks[0].messages) == 1
    told = llm.asks[0].messages[0]["content"]
    assert "Asparagus is here" in told
    assert "What you made before" not in told
