import pytest

from agents.contracts import Answer, Brief, Revision
from agents.tools.named import addresses, invented, is_named, requested

WORDS = (
    "Compare https://a.example/ovens?kind=deck and (https://b.example/list), then see https://c.example. "
    "Also d.example/prices and <https://e.example/x>; mail bob@mail.example."
)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/ovens?kind=deck",
        "https://b.example/list",
        "https://c.example",
        "https://d.example/prices",
        "https://e.example/x",
    ],
)
def test_an_address_of_the_request_is_named(url: str) -> None:
    assert is_named(url, WORDS)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/ovens",
        "https://a.example/ovens?kind=deck&stolen=secret",
        "https://a.example",
        "https://b.example/list/2",
        "https://c.example/other",
        "https://c.exampl",
        "http://d.example/prices",
        "https://example",
        "https://mail.example",
        "https://",
        "",
    ],
)
def test_a_part_of_an_address_or_more_than_it_is_not(url: str) -> None:
    assert not is_named(url, WORDS)


def test_invented_addresses_are_found_anywhere_in_a_value() -> None:
    given = {"a": ["see https://a.example/ovens?kind=deck.", {"b": "at https://evil.example/?d=1, now"}], "n": 3}
    assert invented(given, WORDS) == ["https://evil.example/?d=1"]


def test_addresses_lose_the_sentence_around_them() -> None:
    assert addresses("(See https://a.example/x), or http://b.example/?q=1!") == [
        "https://a.example/x",
        "http://b.example/?q=1",
    ]


def test_the_request_is_what_people_wrote_not_what_agents_did() -> None:
    brief = Brief(
        job_uid="1",
        job_title="Title",
        job_brief="Brief",
        data={"form": {"site": "from the form", "list": ["in a list", 4]}},
        answers=[Answer(question="asked by a model", answer="said by the owner")],
        input={"question": "written by the orchestrator"},
        revision=Revision(note="a note", previous="made before"),
    )
    assert requested(brief).split("\n") == [
        "Title",
        "Brief",
        "from the form",
        "in a list",
        "said by the owner",
        "a note",
    ]
    assert requested(brief, with_input=True).endswith("written by the orchestrator")
