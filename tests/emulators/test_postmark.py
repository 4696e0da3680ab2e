"""The emulator of Postmark is as strict as it says."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.emulators.postmark import TOKEN, Postmark
from tests.waiting import PATIENCE

HEADERS = {"X-Postmark-Server-Token": TOKEN, "Accept": "application/json"}
MAIL = {"From": "a@b.example", "To": "c@d.example", "TextBody": "x"}


@pytest.fixture
def api() -> Iterator[Postmark]:
    emulator = Postmark().start()
    yield emulator
    emulator.stop()


def call(api: Postmark, method: str, path: str, body: Any = None, **changes: str) -> tuple[int, Any]:
    connection = HTTPConnection(api.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request(method, path, json.dumps(body), headers={**HEADERS, **changes})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("mail", "changes", "status", "code"),
    [
        ({}, {}, 200, 0),
        ({}, {"X-Postmark-Server-Token": "other"}, 401, 10),
        ({}, {"Accept": "text/html"}, 406, 0),
        ({"TextBody": ""}, {}, 422, 300),
        ({"To": "nobody"}, {}, 422, 300),
        ({"Metadata": {"a-name-of-21-characters": "x"}}, {}, 422, 300),
        ({"Metadata": {"a": "x" * 81}}, {}, 422, 300),
        ({"To": "gone@d.example"}, {}, 422, 406),
    ],
)
def test_what_postmark_refuses_is_refused(
    api: Postmark, mail: dict[str, Any], changes: dict[str, str], status: int, code: int
) -> None:
    api.inactive.add("gone@d.example")
    found, said = call(api, "POST", "/email", {**MAIL, **mail}, **changes)
    assert (found, said["ErrorCode"]) == (status, code)
    assert len(api.sent) == (status == 200)


def test_the_search_finds_by_metadata_alone(api: Postmark) -> None:
    call(api, "POST", "/email", {**MAIL, "Metadata": {"key": "a"}})
    for wanted, count in (("metadata_key=a", 1), ("metadata_key=b", 0), ("metadata_other=a", 0)):
        _, found = call(api, "GET", f"/messages/outbound?count=5&offset=0&{wanted}")
        assert found["TotalCount"] == count
    assert call(api, "GET", "/messages/outbound?count=5")[0] == 422


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("count=501&offset=0", 422),
        ("count=500&offset=9501", 422),
        ("count=1&offset=0&fromdate=yesterday", 422),
        ("count=1&offset=0&fromdate=2026-11-23", 200),
    ],
)
def test_the_search_keeps_its_limits(api: Postmark, asked: str, status: int) -> None:
    assert call(api, "GET", f"/messages/outbound?{asked}")[0] == status


def test_the_search_gives_pages_the_newest_first(api: Postmark) -> None:
    for _ in range(3):
        call(api, "POST", "/email", MAIL)
    _, found = call(api, "GET", "/messages/outbound?count=2&offset=1")
    assert (found["TotalCount"], [one["MessageID"][-1] for one in found["Messages"]]) == (3, ["2", "1"])
    assert call(api, "GET", "/messages/outbound?count=2&offset=0&fromdate=2999-01-01")[1]["TotalCount"] == 0
