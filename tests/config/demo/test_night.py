"""The made-up night tells of one small agency, and fits together."""

import re
from collections import Counter

from config.demo import night

ITEMS = [*night.MESSAGES, *night.CODE, *night.QUESTIONS, *night.FAILURES]
CLIENTS = {slug for slug, *_ in night.CLIENTS}


def test_everything_happens_at_night() -> None:
    times = [item.at for item in ITEMS] + [at for at, *_ in night.DONE]
    assert all(re.fullmatch(r"(2[0-3]|0[0-4]):[0-5]\d", at) for at in times)
    assert max(Counter(times).values()) == 1, "no two things end in the same minute"


def test_every_client_that_is_named_is_one() -> None:
    named = {item.client for item in ITEMS} | {client for _, client, *_ in night.DONE}
    assert named - {""} == CLIENTS
    assert {client for *_, client, _ in night.TRIGGERS} - {""} <= CLIENTS


def test_nobody_real_is_written_to() -> None:
    addresses = [address for _, _, recipients, _ in night.CLIENTS for address in recipients]
    assert len(addresses) == len(CLIENTS)
    assert all(address.endswith(".example") for address in addresses)


def test_messages_and_branches_are_for_a_client() -> None:
    assert all(item.client for item in (*night.MESSAGES, *night.CODE))


def test_every_change_is_one_of_a_file_that_is_there() -> None:
    for item in night.CODE:
        for change in item.changes:
            assert change.old in night.REPOSITORIES[item.repository][change.path]
            assert change.new != change.old


def test_what_is_said_of_tests_is_what_they_said() -> None:
    for item in night.CODE:
        passed = re.search(r"(\d+) passed", item.tests)
        assert passed
        assert item.passed is ("failed" not in item.tests)
        total = int(passed[1]) + (not item.passed)
        assert f"{total} tests" in item.summary


def test_a_question_offers_two_to_four_answers_and_a_failure_a_way_out() -> None:
    assert all(2 <= len(item.suggestions) <= 4 for item in night.QUESTIONS)
    assert all(item.fix and item.text for item in night.FAILURES)


def test_prices_in_a_text_add_up() -> None:
    invoice = next(item for item in night.MESSAGES if item.title.startswith("Invoice"))
    total, hours, fonts = (int(number.replace(",", "")) for number in re.findall(r"([\d,]+) €", invoice.text))
    assert total == hours + fonts
