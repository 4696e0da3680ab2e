"""The emulator of Notion, through Notion's own client: what it takes, refuses, keeps and loses."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from notion_client import Client
from notion_client.errors import APIResponseError, HTTPResponseError

from tests.emulators.notion import BOT, TOKEN, VERSION, NotionEmulator
from tests.emulators.notion_hooks import event, handshake, signature

PERSON = "a0000000-0000-4000-8000-000000000001"


@pytest.fixture
def notion() -> Iterator[NotionEmulator]:
    """The service; each test says itself what it leaves behind."""
    emulator = NotionEmulator().start()
    yield emulator
    emulator.stop()


@pytest.fixture
def client(notion: NotionEmulator) -> Iterator[Any]:
    """The real client, which never tries twice."""
    made = Client(
        client=httpx.Client(verify=False), auth=TOKEN, base_url=notion.url, notion_version=VERSION, retry=False
    )
    yield made
    made.close()


@pytest.fixture
def source(notion: NotionEmulator) -> str:
    """A data source for briefs."""
    return notion.add_source(External_ID="rich_text", State="status", Kind="select", Link="url", Due="date")


def rt(text: str) -> list[dict[str, Any]]:
    """Rich text."""
    return [{"type": "text", "text": {"content": text}}]


def create(client: Any, source: str, external_id: str = "job:1", **body: Any) -> dict[str, Any]:
    """A row."""
    properties = {"Name": {"title": rt("A brief")}, "External ID": {"rich_text": rt(external_id)}}
    parent = {"type": "data_source_id", "data_source_id": source}
    given = {"properties": properties, "markdown": "# Heading\n\nText.", **body}
    made: dict[str, Any] = client.pages.create(parent=parent, **given)
    return made


def raw(notion: NotionEmulator, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """A call as the client would not make it."""
    known = {"Authorization": f"Bearer {TOKEN}", "Notion-Version": VERSION}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {name: value for name, value in (known | headers).items() if value}
    return httpx.request(method, f"{notion.url}{path}", content=content, headers=sent, verify=False)


def test_a_row_is_made_found_changed_and_put_into_the_trash(
    notion: NotionEmulator, client: Any, source: str
) -> None:
    pages, sources = client.pages, client.data_sources
    made = create(client, source)
    wanted = {"property": "External ID", "rich_text": {"equals": "job:1"}}
    (found,) = sources.query(source, filter=wanted)["results"]
    assert found == made
    assert pages.retrieve(made["id"])["last_edited_by"]["id"] == BOT
    pages.update(made["id"], properties={"State": {"status": {"name": "Done"}}})
    pages.update_markdown(made["id"], type="replace_content", replace_content={"new_str": "One\n\nTwo"})
    update = {"content_updates": [{"old_str": "Two", "new_str": "Three"}]}
    pages.update_markdown(made["id"], type="update_content", update_content=update)
    more = {"content": "Four", "position": {"type": "end"}}
    pages.update_markdown(made["id"], type="insert_content", insert_content=more)
    read: Any = pages.retrieve_markdown(made["id"])
    assert (read["markdown"], read["truncated"]) == ("One\n\nThree\nFour", False)
    (page,) = notion.rows(source)
    assert (page.text("Name"), page.text("State")) == ("A brief", "Done")
    pages.update(made["id"], in_trash=True)
    assert notion.rows(source) == []
    assert sources.query(source, filter=wanted)["results"] == []
    assert notion.bugs() == []


def test_lists_come_by_pages_in_the_order_asked_for(notion: NotionEmulator, client: Any, source: str) -> None:
    ids = [create(client, source, f"job:{number}")["id"] for number in range(3)]
    asked: dict[str, Any] = {"sorts": [{"timestamp": "created_time", "direction": "ascending"}], "page_size": 2}
    first: Any = client.data_sources.query(source, **asked)
    rest: Any = client.data_sources.query(source, **asked, start_cursor=first["next_cursor"])
    assert [page["id"] for page in first["results"] + rest["results"]] == ids
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)


def test_columns_are_read_added_and_checked(notion: NotionEmulator, client: Any, source: str) -> None:
    sources = client.data_sources
    sources.update(source, properties={"Client": {"rich_text": {}}, "Kind": {"select": {"options": []}}})
    shown: Any = sources.retrieve(source)
    assert shown["properties"]["Client"]["type"] == "rich_text"
    assert [option["name"] for option in shown["properties"]["State"]["status"]["options"]][-1] == "Done"
    assert client.databases.retrieve(notion.sources[source].database)["data_sources"] == [
        {"id": source, "name": "Briefs"}
    ]
    assert client.users.me()["type"] == "bot"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer other"}, 401, "unauthorized"),
        ({"Authorization": ""}, 401, "unauthorized"),
        ({"Notion-Version": ""}, 400, "missing_version"),
        ({"Notion-Version": "2019-01-01"}, 400, "validation_error"),
    ],
)
def test_every_call_is_judged_first(
    notion: NotionEmulator, headers: dict[str, str], status: int, code: str
) -> None:
    answer = raw(notion, "GET", "/v1/users/me", **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_another_version_and_an_unknown_path_are_the_products_faults(notion: NotionEmulator) -> None:
    assert raw(notion, "GET", "/v1/users/me", **{"Notion-Version": "2025-09-03"}).status_code == 200
    assert raw(notion, "GET", "/v1/search").json()["code"] == "invalid_request_url"
    assert raw(notion, "GET", "//v1/users/me").json()["code"] == "invalid_request_url"
    assert len(notion.bugs()) == 2


LONG = "x" * 2_001
BAD_ROWS: dict[str, dict[str, Any]] = {
    "an unknown property": {"properties": {"Colour": {"rich_text": rt("red")}}},
    "another type": {"properties": {"Name": {"rich_text": rt("red")}}},
    "two types": {"properties": {"Name": {"title": rt("a"), "rich_text": rt("a")}}},
    "an unknown status": {"properties": {"State": {"status": {"name": "Perhaps"}}}},
    "a comma in an option": {"properties": {"Kind": {"select": {"name": "a, b"}}}},
    "long text": {"properties": {"Name": {"title": rt(LONG)}}},
    "many texts": {"properties": {"Name": {"title": rt("a") * 101}}},
    "a long address": {"properties": {"Link": {"url": LONG}}},
    "an empty address": {"properties": {"Link": {"url": ""}}},
    "no date": {"properties": {"Due": {"date": {"start": "tomorrow"}}}},
    "two kinds of content": {"children": []},
    "too many blocks": {"markdown": "line\n\n" * 1_001},
}


@pytest.mark.parametrize("body", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_row_that_does_not_fit_is_refused(
    notion: NotionEmulator, client: Any, source: str, body: dict[str, Any]
) -> None:
    with pytest.raises(APIResponseError) as caught:
        create(client, source, **body)
    assert (caught.value.status, caught.value.code.value) == (400, "validation_error")
    assert notion.rows(source) == []


BLOCK = {"paragraph": {"rich_text": rt("a")}}
DEEP = {"toggle": {"children": [{"toggle": {"children": [{"toggle": {"children": [BLOCK]}}]}}]}}
BAD_CALLS: dict[str, tuple[str, str, Any, int, str]] = {
    "no JSON": ("POST", "/v1/pages", b"{", 400, "invalid_json"),
    "a list": ("POST", "/v1/pages", [], 400, "validation_error"),
    "no parent": ("POST", "/v1/pages", {}, 400, "validation_error"),
    "too large": ("POST", "/v1/pages", {"markdown": "x" * 500_000}, 400, "validation_error"),
    "no id": ("GET", "/v1/pages/first", None, 400, "validation_error"),
    "an unknown page": ("GET", f"/v1/pages/{PERSON}", None, 404, "object_not_found"),
    "an unknown source": ("GET", f"/v1/data_sources/{PERSON}", None, 404, "object_not_found"),
    "an unknown database": ("GET", f"/v1/databases/{PERSON}", None, 404, "object_not_found"),
    "an unknown task": ("GET", f"/v1/async_tasks/{PERSON}", None, 404, "object_not_found"),
    "archived": ("PATCH", "/v1/pages/PAGE", {"archived": True}, 400, "validation_error"),
    "after": ("PATCH", "/v1/blocks/PAGE/children", {"children": [], "after": "x"}, 400, "validation_error"),
    "no such block": ("PATCH", "/v1/blocks/PAGE/children", {"children": [{"x": {}}]}, 400, "validation_error"),
    "101 blocks": ("PATCH", "/v1/blocks/PAGE/children", {"children": [BLOCK] * 101}, 400, "validation_error"),
    "nested too deep": ("PATCH", "/v1/blocks/PAGE/children", {"children": [DEEP]}, 400, "validation_error"),
    "no operation": ("PATCH", "/v1/pages/PAGE/markdown", {"type": "rewrite"}, 400, "validation_error"),
    "an empty operation": (
        "PATCH",
        "/v1/pages/PAGE/markdown",
        {"type": "replace_content"},
        400,
        "validation_error",
    ),
    "not found in it": (
        "PATCH",
        "/v1/pages/PAGE/markdown",
        {"type": "update_content", "update_content": {"content_updates": [{"old_str": "Z", "new_str": "Y"}]}},
        400,
        "validation_error",
    ),
    "a large page": ("POST", "/v1/data_sources/SOURCE/query", {"page_size": 101}, 400, "validation_error"),
    "a filter of another type": (
        "POST",
        "/v1/data_sources/SOURCE/query",
        {"filter": {"property": "External ID", "title": {"equals": "a"}}},
        400,
        "validation_error",
    ),
    "a filter on nothing": (
        "POST",
        "/v1/data_sources/SOURCE/query",
        {"filter": {"property": "Colour", "rich_text": {"equals": "a"}}},
        400,
        "validation_error",
    ),
    "another method": ("DELETE", "/v1/users/me", None, 405, ""),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), BAD_CALLS.values(), ids=BAD_CALLS.keys())
def test_a_call_that_does_not_fit_is_refused(
    notion: NotionEmulator, client: Any, source: str, method: str, path: str, body: Any, status: int, code: str
) -> None:
    page = create(client, source)["id"]
    answer = raw(notion, method, path.replace("PAGE", page).replace("SOURCE", source), body)
    assert (answer.status_code, answer.json().get("code", "")) == (status, code)


def test_an_operator_that_is_not_there_is_the_emulators_fault(
    notion: NotionEmulator, client: Any, source: str
) -> None:
    create(client, source)
    body = {"filter": {"property": "External ID", "rich_text": {"ends_with": "a"}}}
    assert raw(notion, "POST", f"/v1/data_sources/{source}/query", body).status_code == 599


def test_what_reaches_out_of_a_page_is_the_products_fault(notion: NotionEmulator, client: Any, source: str) -> None:
    create(client, source, markdown="\\![a](b) and `![a](b)`\n\n```\n<image src='x'>\n```\n\n\\<mention-user>")
    assert notion.bugs() == []
    create(client, source, markdown="![a](https://example.com/beacon.png)")
    create(client, source, markdown='<mention-user url="user://1"/>')
    assert len(notion.bugs()) == 2


def test_the_window_of_calls_ends_with_when_to_come_again(source: str, notion: NotionEmulator, client: Any) -> None:
    notion.budget = 1
    client.users.me()
    with pytest.raises(APIResponseError) as caught:
        client.users.me()
    assert (caught.value.status, caught.value.code.value) == (429, "rate_limited")
    assert 50 <= int(caught.value.headers["retry-after"]) <= 60
    assert caught.value.additional_data == {"rate_limit_reason": "integration_rate_limited"}


@pytest.mark.parametrize("code", ["conflict_error", "service_overload", "gateway_timeout", "service_unavailable"])
def test_faults_come_in_the_services_form(notion: NotionEmulator, client: Any, source: str, code: str) -> None:
    notion.fault("POST /v1/pages", "status", **vars(notion.error(code, headers={"Retry-After": "0"})))
    with pytest.raises(HTTPResponseError) as caught:
        create(client, source)
    assert caught.value.status == notion.error(code).status
    assert notion.rows(source) == []


def test_an_answer_may_be_lost_after_the_effect(notion: NotionEmulator, client: Any, source: str) -> None:
    notion.fault("POST /v1/pages", "lost")
    with pytest.raises(httpx.RemoteProtocolError):
        create(client, source)
    assert len(notion.rows(source)) == 1


def test_queries_lag_behind_and_pages_do_not(notion: NotionEmulator, client: Any, source: str) -> None:
    notion.lag = 60
    made = create(client, source)
    assert client.data_sources.query(source)["results"] == []
    assert client.pages.retrieve(made["id"])["id"] == made["id"]


def test_a_task_is_done_at_the_second_look(notion: NotionEmulator, client: Any, source: str) -> None:
    made = create(client, source)
    body = {"type": "replace_content", "replace_content": {"new_str": "New"}, "allow_async": True}
    answer = raw(notion, "PATCH", f"/v1/pages/{made['id']}/markdown", body)
    path = answer.json()["status_url"].removeprefix(notion.url)
    assert (answer.status_code, notion.rows(source)[0].markdown) == (202, "# Heading\n\nText.")
    assert [raw(notion, "GET", path).json()["status"] for _ in range(2)] == ["running", "succeeded"]
    assert notion.rows(source)[0].markdown == "New"


def test_what_is_not_shared_is_not_there(notion: NotionEmulator, client: Any, source: str) -> None:
    made = create(client, source)
    notion.unshare(source)
    for path in (f"/v1/pages/{made['id']}", f"/v1/data_sources/{source}"):
        assert raw(notion, "GET", path).json()["code"] == "object_not_found"


def test_a_person_edits_and_the_sender_signs_what_it_says(notion: NotionEmulator, client: Any, source: str) -> None:
    create(client, source)
    (page,) = notion.rows(source)
    notion.edit(page, PERSON, State="Done", External_ID="mine")
    assert (page.text("State"), page.text("External ID"), page.edited_by) == ("Done", "mine", PERSON)
    said = json.loads(event(page, by=PERSON))
    assert (said["entity"]["id"], said["authors"], said["type"]) == (
        page.id,
        [{"id": PERSON, "type": "person"}],
        "page.properties_updated",
    )
    assert json.loads(handshake()) == {"verification_token": "secret_emulator_0001"}
    # Made with verifyWebhookSignature's own sibling, signWebhookPayload, of @notionhq/client 5.26.0.
    assert signature(b'{"a":1}', "secret_x") == SIGNED


SIGNED = "sha256=513f7db38630c5af809c0bb8116d503a2f936dd6c767d980a0a8c309191c1a97"
