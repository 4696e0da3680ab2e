"""An agent by itself: nothing is stored, everything is added up."""

from agents.contracts import Ask, Reply, Usage
from agents.management.alone import MemoryOnly, desk, spent

ASK = Ask(agent="drafting", model="m", system="s", messages=[])
REPLY = Reply(content=[], stop_reason="end_turn", usage=Usage(), model="m")


def test_the_journal_keeps_turns_and_results_and_adds_up() -> None:
    journal = MemoryOnly()
    journal.before_call(ASK, None)
    assert journal.record(ASK, REPLY, cost=1_500, duration_ms=3).number == 1
    journal.record_tools(1, [{"type": "tool_result", "tool_use_id": "a", "content": "x"}])
    journal.call_failed(ASK, billed_unknown=False)
    journal.call_failed(ASK, billed_unknown=True)
    assert (journal.turns()[0].tool_results or [])[0]["content"] == "x"
    assert spent(journal.costs) == "2 calls, $0.0015 and 1 of unknown price"


def test_the_desk_has_the_models_and_settings_of_this_house_but_for_what_is_replaced(tmp_path, settings) -> None:
    settings.AGENT_OPTIONS = {"repositories": {"site": "x"}, "cell_user": "cell"}
    own = desk("drafting", MemoryOnly(), tmp_path, repositories={})
    assert own.options == {"repositories": {}, "cell_user": "cell"}
    assert own.model == "rehearsal"
