from typing import Any

import pytest

from integrations.contracts import Outgoing
from integrations.github.wording import description, harmless, mark, revision, title
from tests.integrations.target_contract import CREATED, out_file

UNSEEN = "\u2060"


def outgoing(*, files: list[Any] | None = None, **fields: Any) -> Outgoing:
    return Outgoing(
        key="k:1",
        kind="branch",
        job_uid="u",
        job_title="Menu",
        fields=fields,
        files=files or [],
        created_at=CREATED,
    )


@pytest.mark.parametrize("text", ["@marta", "(@acme/owners)", "cc: @bot-1!", "**@marta**", "a\n@all"])
def test_nobody_is_called(text: str) -> None:
    assert "@" + UNSEEN in harmless(text)
    assert harmless(text).replace(UNSEEN, "") == text


@pytest.mark.parametrize("text", ["me@example.com", "a @ b", "5@"])
def test_what_calls_nobody_stays(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    "word", ["close", "closes", "Closed", "fix", "FIXES", "fixed", "resolve", "Resolves", "resolved"]
)
@pytest.mark.parametrize(
    "link", [" #12", ": #12", " GH-12", " acme/shop#12", " https://github.com/acme/shop/issues/12", "  #12"]
)
def test_no_issue_is_closed_by_the_way(word: str, link: str) -> None:
    said = harmless(f"This {word}{link}.")
    assert f"{word}{link}" not in said
    assert said.replace(UNSEEN, "") == f"This {word}{link}."
    assert link in said  # the link itself works


@pytest.mark.parametrize("text", ["It fixes the price.", "A fixture #12", "closed: yes", "prefix #12"])
def test_the_same_words_about_anything_else_stay(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/p.png)",
        "![x][1]",
        '<img src="https://evil.example">',
        "< IMG src=x>",
        "<picture><source srcset=x></picture>",
        "<!-- nightdesk:other -->",
        "<video src=x>",
    ],
)
def test_nothing_is_loaded_and_no_mark_is_forged(text: str) -> None:
    said = harmless(text)
    assert "![" not in said
    assert not any(part in said.lower() for part in ("<img", "< img", "<picture", "<source", "<!--", "<video"))


def test_a_title_is_the_commits_first_line_else_the_jobs() -> None:
    assert title(outgoing(message="Raise the price\n\nFlour.")) == "Raise the price"
    assert title(outgoing()) == "Menu"
    assert title(outgoing(message="Fixes #3 for @marta")).replace(UNSEEN, "") == "Fixes #3 for @marta"
    assert len(title(outgoing(message="x" * 999))) <= 200


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"repository": "Acme/Shop", "number": 7, "url": "https://x.example/7"}, "Refs #7"),
        ({"repository": "acme/other", "number": 7, "url": "https://x.example/7"}, "Refs https://x.example/7"),
        ({"repository": "acme/shop", "number": "7"}, ""),
        ({"url": "javascript:alert(1)"}, ""),
        ({"url": "https://x.example/ fixes #3"}, ""),
        ("nonsense", ""),
    ],
)
def test_what_asked_for_it_is_linked_and_not_closed(asked: Any, said: str) -> None:
    text = description(outgoing(asked_in=asked), full_name="acme/shop")
    assert (said in text) if said else ("Refs" not in text)


def test_a_text_of_any_length_is_taken() -> None:
    tests = out_file(("`````\n" + "x" * 90_000 + "\nAll @tests pass.").encode(), "tests.txt", kind="test_output")
    points = ["y" * 9_000] * 99
    text = description(outgoing(files=[tests], explanation="z" * 99_000, open_points=points), full_name="a/b")
    assert len(text) < 65_536
    assert text.endswith(mark("k:1"))
    assert text.count("``````") in (0, 2)
    assert f"**Tests:** All @{UNSEEN}tests pass." in text


def test_a_fence_in_the_output_does_not_end_it() -> None:
    tests = out_file(b"```\n@marta\n```\n", "tests.txt", kind="test_output")
    assert "\n````text\n```\n@marta\n```\n````\n" in description(outgoing(files=[tests]), full_name="a/b")


def test_a_revision_names_its_commit() -> None:
    assert revision(outgoing(explanation="Better."), "abc").splitlines()[0] == "Revised in abc."
