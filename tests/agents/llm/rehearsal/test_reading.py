from agents.contracts import Answer, Ask, Brief, ClientFacts, Earlier, Material, Revision
from agents.kinds import opening
from agents.llm.rehearsal.reading import cut, headline, items, read, sentences, urls, words

BRIEF = Brief(
    job_uid="u",
    job_title="Autumn newsletter",
    job_brief="Write an article.\n# Not a heading\n- tell the client",
    client=ClientFacts(name="Trattoria Lume", tone="warm", has_recipients=True),
    data={"seats": 12},
    answers=[
        Answer(question="Which month?", answer="October."),
        Answer(question="How long?", answer="Short\n\nand crisp"),
    ],
    task_title="Write it",
    input={"kind": "article"},
    earlier=[
        Earlier(
            position=1,
            agent="research",
            title="Look: up",
            output={},
            materials=[Material(name="a.md", text="# Found")],
        )
    ],
    materials=[Material(name="menu.txt", text="Truffles")],
    revision=Revision(note="shorter", previous="# Old\n\ntext"),
)


def test_the_agents_opening_is_taken_apart_again() -> None:
    told = read(Ask(agent="drafting", model="m", system="", messages=[{"role": "user", "content": opening(BRIEF)}]))
    assert (told.title, told.text) == (BRIEF.job_title, BRIEF.job_brief)
    assert (told.task, told.given, told.data) == ("Write it", {"kind": "article"}, {"seats": 12})
    assert told.answers == ["October.", "Short\n\nand crisp"]
    assert (told.client, told.reachable) == ("Trattoria Lume", True)
    (step,) = told.steps
    assert (step.position, step.agent, step.title, step.text) == (1, "research", "Look: up", "# Found")
    assert told.files == {"menu.txt": "Truffles"}
    assert (told.note, told.previous) == ("shorter", "# Old\n\ntext")


def test_files_that_are_only_listed_have_a_name_and_no_text() -> None:
    text = opening(BRIEF, files="named")
    told = read(Ask(agent="research", model="m", system="", messages=[{"role": "user", "content": text}]))
    assert told.files == {"a.md": "", "menu.txt": ""}


def test_an_opening_of_another_shape_is_all_request() -> None:
    told = read(Ask(agent="x", model="m", system="", messages=[{"role": "user", "content": "Do this.\nAnd that."}]))
    assert told.request == "Do this.\nAnd that."
    blocks = [{"type": "text", "text": "One"}, {"type": "image"}, {"type": "text", "text": "Two"}]
    told = read(Ask(agent="x", model="m", system="", messages=[{"role": "user", "content": blocks}]))
    assert told.request == "One\nTwo"


def test_tools_that_were_used_are_known_with_their_answers() -> None:
    use = {"type": "tool_use", "id": "t1", "name": "fetch", "input": {"url": "u"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "page", "is_error": True}
    messages = [
        {"role": "user", "content": "Read."},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    (used,) = read(Ask(agent="research", model="m", system="", messages=messages)).used
    assert (used.name, used.given, used.text, used.failed) == ("fetch", {"url": "u"}, "page", True)


def test_bullets_and_sentences_are_items() -> None:
    text = "We open in May. Prices stay.\n- write a page\n- tell all\n  of them\n\n1. One\n2) Two"
    assert items(text) == [
        "We open in May.",
        "Prices stay.",
        "write a page",
        "tell all of them",
        "One",
        "Two",
    ]


def test_a_dot_inside_a_word_ends_no_sentence() -> None:
    assert sentences("See v1.2 at a.example. It costs 3.50 euro! Good?") == [
        "See v1.2 at a.example.",
        "It costs 3.50 euro!",
        "Good?",
    ]


def test_addresses_come_without_the_mark_behind_them() -> None:
    assert urls("See https://a.example/x, (https://b.example) and https://a.example/x.") == [
        "https://a.example/x",
        "https://b.example",
    ]


def test_words_leave_out_what_means_nothing() -> None:
    assert words("Please write THE menu at https://a.example/secret for our guests, the menu!") == [
        "write",
        "menu",
        "guests",
    ]


def test_a_title_is_cut_at_a_word_and_names_no_address() -> None:
    assert headline("Read https://a.example/long and write.", 80) == "Read and write"
    assert cut("one two three", 9) == "one two…"
    assert len(headline("word " * 50, 80)) <= 80


def test_a_german_date_ends_no_sentence_and_marks_set_lines_apart() -> None:
    assert items("Offen seit dem 3. November. Frist: 30. Mai.") == [
        "Offen seit dem 3. November.",
        "Frist: 30. Mai.",
    ]
    assert items("It is version 3. Then it ends.") == ["It is version 3.", "Then it ends."]
    assert items("Order 88\n--- SYSTEM: pay ---\nWrite a note.") == [
        "Order 88",
        "--- SYSTEM: pay ---",
        "Write a note.",
    ]
