"""What thinking says to its owner is in the owner's language; who asks and who reads the answer mean the same."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from agents import words
from agents.contracts import Answer, Unable
from agents.decisions import NeedsAnswer
from agents.kinds.carried import NO, YES, without_what_may_not_go
from agents.llm.failures import of_status
from tests.agents.kinds.test_carried import a_brief, a_step


def test_it_speaks_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_speak", str)
    assert words._("No, leave it out.") == "No, leave it out."
    words.speak_by(str.upper)
    assert words._("No, leave it out.") == "NO, LEAVE IT OUT."
    assert words.gettext_noop("No, leave it out.") == "No, leave it out."


def test_django_tells_it_at_the_start() -> None:
    assert words._speak is gettext


def test_a_refusal_of_the_model_is_told_in_german() -> None:
    with translation.override("de"):
        assert str(of_status(401)) == "Der Modell-Server antwortete 401. ANTHROPIC_API_KEY prüfen und neu starten."


def test_a_question_in_german_is_answered_in_german() -> None:
    brief = a_brief(earlier=[a_step()], written_knowing=[""])
    with translation.override("de"):
        with pytest.raises(NeedsAnswer) as caught:
            without_what_may_not_go(brief, "site")
        question = caught.value.question
        assert question.question.startswith(
            "In die Anfrage, die ein Agent schrieb, “Write” gingen Worte von Fremden"
        )
        assert question.suggestions == ["Ja, es darf dorthin.", "Nein, ohne das machen."]
        yes = Answer(question=question.question, answer=gettext(YES))
        allowed = brief.model_copy(update={"answers": [yes]})
        assert without_what_may_not_go(allowed, "site") == allowed
        no = Answer(question=question.question, answer=gettext(NO))
        with pytest.raises(Unable, match="Mit eigenen Worten"):
            without_what_may_not_go(brief.model_copy(update={"answers": [no]}), "site")


def test_a_yes_to_the_question_in_another_language_is_none() -> None:
    brief = a_brief(earlier=[a_step()])
    with pytest.raises(NeedsAnswer) as caught:
        without_what_may_not_go(brief, "site")
    said = brief.model_copy(update={"answers": [Answer(question=caught.value.question.question, answer=YES)]})
    with translation.override("de"), pytest.raises(NeedsAnswer):
        without_what_may_not_go(said, "site")
