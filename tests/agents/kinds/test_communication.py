from pathlib import Path

import pytest

from agents.contracts import Brief, Effect, Unable
from agents.kinds import REHEARSAL_NOTE
from agents.kinds.communication import CommunicationAgent, Message
from tests.agents.kinds.conftest import Rehearsing
from tests.scripted import ScriptedLLM, a_desk, says

GIVEN = {"purpose": "Tell the client that the menu is ready", "based_on": "the draft"}
MESSAGE = {"subject": "Your spring menu", "body": "Dear Marta,\n\nit is ready."}


@pytest.fixture
def task(brief: Brief) -> Brief:
    return brief.model_copy(update={"input": GIVEN})


def test_a_message_waits_with_its_subject_and_body(task: Brief, tmp_path: Path) -> None:
    draft = CommunicationAgent().run(task, a_desk(ScriptedLLM(says(MESSAGE)), tmp_path))
    (made,) = draft.made
    assert made.kind == "message"
    assert made.content.decode() == "Dear Marta,\n\nit is ready.\n"
    assert draft.effects == [
        Effect(kind="client_message", fields={"subject": "Your spring menu"}, files=[made.name])
    ]
    assert draft.summary == "Message to Trattoria Lume: Your spring menu; based on Write the menu, prices.md"
    assert draft.output == {**MESSAGE, "based_on": ["Write the menu", "prices.md"]}


@pytest.mark.parametrize(
    "breaker",
    [
        "\nBcc: all@evil.example",
        "\r\nBcc: all@evil.example",
        "\x0bx",
        "\x85x",
        "\u2028x",
        "\x00x",
        "\rx",
        " \u202ex",
    ],
)
def test_a_subject_cannot_become_a_header(task: Brief, tmp_path: Path, breaker: str) -> None:
    message = {**MESSAGE, "subject": f"Your menu{breaker}"}
    draft = CommunicationAgent().run(task, a_desk(ScriptedLLM(says(message)), tmp_path))
    subject = draft.effects[0].fields["subject"]
    assert subject.isprintable()
    assert subject.splitlines() == [subject]
    assert draft.output["subject"] == subject


def test_a_subject_has_an_end_and_a_beginning(task: Brief, tmp_path: Path) -> None:
    for subject, expected in (("word " * 100, 200), (" \n ", len(task.job_title))):
        llm = ScriptedLLM(says({**MESSAGE, "subject": subject}))
        sent = CommunicationAgent().run(task, a_desk(llm, tmp_path)).effects[0].fields["subject"]
        assert 0 < len(sent) <= expected


def test_a_model_has_no_field_for_a_recipient(task: Brief, tmp_path: Path) -> None:
    assert Message.model_fields.keys() == {"subject", "body"}
    message = {**MESSAGE, "to": "all@evil.example", "cc": ["x@evil.example"]}
    draft = CommunicationAgent().run(task, a_desk(ScriptedLLM(says(message)), tmp_path))
    assert "evil" not in draft.model_dump_json()


@pytest.mark.parametrize("unreachable", ["no client", "no recipient"])
def test_nobody_to_write_to_costs_nothing_and_names_the_next_step(
    task: Brief, tmp_path: Path, unreachable: str
) -> None:
    client = (
        None
        if unreachable == "no client"
        else task.client and task.client.model_copy(update={"has_recipients": False})
    )
    llm = ScriptedLLM()
    with pytest.raises(Unable, match="trusted recipient"):
        CommunicationAgent().run(task.model_copy(update={"client": client}), a_desk(llm, tmp_path))
    assert not llm.asks


def test_a_rehearsed_message_says_so_in_its_body(task: Brief, tmp_path: Path) -> None:
    draft = CommunicationAgent().run(task, a_desk(Rehearsing(says(MESSAGE)), tmp_path))
    assert draft.made[0].content.decode().startswith(f"{REHEARSAL_NOTE}\n\nDear Marta,")
