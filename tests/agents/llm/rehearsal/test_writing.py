import json

from agents.contracts import Ask, Json
from agents.llm.rehearsal import writing
from agents.llm.rehearsal.reading import Told, Used, read
from agents.loop import fence

PAGE = (
    "Source: https://a.example\nTitle: Ovens\nFetched: 2026-11-23T02:30:00+00:00\n\n"
    "# Ovens\nThe oven is 60 cm wide and costs 900 euro.\nShort.\n- It comes with two years of warranty.\n"
)


def specialist(agent: str, given: Json, **sections: str) -> Told:
    parts = [f"# Your task\n\nOvens for the kitchen\n\n{json.dumps(given)}"]
    parts.append("# The request\n\n" + fence("request", "Ovens\n\nCompare the ovens and their warranty."))
    parts += [f"# {heading.replace('_', ' ')}\n\n{body}" for heading, body in sections.items()]
    content = "\n\n".join(parts)
    return read(Ask(agent=agent, model="m", system="", messages=[{"role": "user", "content": content}]))


def after(told: Told, *used: Used) -> Told:
    return Told(**{**told.__dict__, "used": list(used)})


def test_every_named_source_is_read_once() -> None:
    told = specialist("research", {"sources": ["https://a.example", "menu.txt"]})
    calls = writing.reading_list(told, ["fetch", "read_file"])
    assert calls == [("fetch", {"url": "https://a.example"}), ("read_file", {"name": "menu.txt"})]
    used = after(told, Used("fetch", {"url": "https://a.example"}, "gone", failed=True))
    assert writing.reading_list(used, ["fetch", "read_file"]) == calls[1:]
    assert writing.reading_list(told, []) == []


def test_findings_are_quotes_that_stand_in_the_source() -> None:
    told = specialist("research", {"question": "How wide is the oven, what warranty?"})
    page = Used("fetch", {"url": "https://a.example"}, PAGE, failed=False)
    gone = Used("fetch", {"url": "https://b.example"}, "It answered 404.", failed=True)
    answer = writing.research(after(told, page, gone))
    quotes = [finding["quote"] for finding in answer["findings"]]
    assert quotes == ["The oven is 60 cm wide and costs 900 euro.", "It comes with two years of warranty."]
    assert all(quote in PAGE for quote in quotes)
    assert {finding["source"] for finding in answer["findings"]} == {"https://a.example"}
    assert answer["gaps"] == ["https://b.example could not be read: It answered 404."]
    assert answer["answer"].startswith("Rehearsal:")


def test_a_draft_is_labelled_and_made_of_the_requests_words() -> None:
    told = specialist(
        "drafting", {"audience": "the kitchen", "instructions": "Write a report.\n- Mention the warranty."}
    )
    text = writing.draft(told)
    assert text["title"] == "Rehearsal draft: Ovens for the kitchen"
    assert "For the kitchen." in text["markdown"]
    assert "Mention the warranty." in text["markdown"]
    assert text["open_points"] == []


def test_a_draft_marks_what_it_was_not_given() -> None:
    text = writing.draft(specialist("drafting", {"instructions": "Write a report."}))
    assert "[to be confirmed" in text["markdown"]
    assert len(text["open_points"]) == 1


def test_a_draft_uses_what_earlier_steps_found() -> None:
    step = {
        "Step_1,_done_by_research:_Look": fence("a.md", "1. The oven is 60 cm wide.\n\n> quoted words stay out")
    }
    text = writing.draft(specialist("drafting", {"instructions": "Write a report."}, **step))
    assert "- The oven is 60 cm wide." in text["markdown"]
    assert "quoted words" not in text["markdown"]


def test_a_revision_keeps_the_text_and_answers_the_note() -> None:
    previous = "# Title\n\none\n\ntwo\n\n## three\n\nfour"
    sections = {"What_you_made_before": fence("previous", previous)}
    longer = writing.draft(
        specialist("drafting", {}, **sections, What_the_owner_wants_changed_in_it="Add a price.")
    )
    assert longer["markdown"].startswith("one\n\ntwo\n\n## three\n\nfour")
    assert "Add a price." in longer["markdown"]
    shorter = writing.draft(
        specialist("drafting", {}, **sections, What_the_owner_wants_changed_in_it="Make it shorter.")
    )
    assert shorter["markdown"].startswith("one\n\ntwo\n\n*Rehearsal")


def test_a_message_says_what_was_done() -> None:
    step = {"Step_1,_done_by_drafting:_The_report": fence("a.md", "text")}
    client = json.dumps({"name": "Trattoria Lume"})
    text = writing.message(
        specialist("communication", {"purpose": "Say it is ready."}, The_client_it_is_for=client, **step)
    )
    assert text["subject"].startswith("Rehearsal: ")
    assert text["body"].startswith("Hello Trattoria Lume,")
    assert "- The report" in text["body"]
    assert "Say it is ready." in text["body"]


def test_a_critique_scores_every_criterion_with_a_passage_of_the_text() -> None:
    work = "The ovens are compared. Their warranty is two years, which is longer than usual for such a machine."
    sections = {
        "Step_1,_done_by_drafting:_The_report": fence("a.md", work),
        "The_rubric": "- Purpose: it does what is asked\n- Clarity: understood at once\n- Structure: in order",
    }
    verdict = writing.critique(specialist("review", {}, **sections))
    assert [score["criterion"].partition(":")[0] for score in verdict["scores"]] == [
        "Purpose",
        "Clarity",
        "Structure",
    ]
    assert all(score["passage"] in work for score in verdict["scores"])
    assert verdict["verdict"] == "ready"
    assert verdict["overview"].startswith("Rehearsal:")


def test_a_text_with_open_places_or_missing_words_is_not_ready() -> None:
    rubric = {"The_rubric": "- Purpose: it does what is asked"}
    for work in ("The ovens. [to be confirmed: price]", "Something else entirely stands here."):
        step = {"Step_1,_done_by_drafting:_The_report": fence("a.md", work)}
        assert writing.critique(specialist("review", {}, **step, **rubric))["verdict"] == "revise"


def test_long_sentences_cost_clarity() -> None:
    sections = {
        "Step_1,_done_by_drafting:_The_report": fence("a.md", "word " * 40 + "."),
        "The_rubric": "- Clarity: understood at once",
    }
    (score,) = writing.critique(specialist("review", {}, **sections))["scores"]
    assert score["score"] == 3
    assert "divide" in score["suggestion"]
