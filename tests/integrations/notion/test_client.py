"""Every refusal of Notion's: nothing done and not again, not now, or nobody knows; and the pace of calls."""

import time
from email.utils import formatdate
from typing import Any

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown, TargetClosed
from integrations.notion import client
from integrations.notion.client import Notion, NotThere, Visit
from tests.emulators.notion import TOKEN, NotionEmulator

CREATE = "POST /v1/pages"
QUERY = "POST .*/query"


def home(notion: NotionEmulator, **changes: Any) -> Notion:
    options: dict[str, Any] = {"token": TOKEN, "base_url": notion.url, "per_second": 1e6}
    return Notion(**options | changes)


def create(visit: Visit, source: str) -> Any:
    return visit.create(source, {"Name": {"title": []}}, "Text")


def query(visit: Visit, source: str) -> Any:
    return visit.rows(source, {"property": "Name", "title": {"is_empty": True}})


def error(notion: NotionEmulator, code: str, **headers: str) -> dict[str, Any]:
    return vars(notion.error(code, headers={name.replace("_", "-"): value for name, value in headers.items()}))


LIMITS = {
    "its own window": ({"rate_limit_reason": "integration_rate_limited"}, "17", 17.0),
    "the workspace's": ({"rate_limit_reason": "workspace_rate_limited"}, "240", 240.0),
    "no word of how long": ({}, "", 60.0),
    "no number": ({}, "soon", 60.0),
    "a day": ({}, "86400", 3_600.0),
}


@pytest.mark.parametrize(("data", "header", "seconds"), LIMITS.values(), ids=LIMITS.keys())
@pytest.mark.parametrize("call", [create, query])
@pytest.mark.parametrize("code", ["rate_limited", "service_overload"])
def test_a_limit_is_waited_out_as_long_as_it_says_and_nobody_asks_before(
    notion: NotionEmulator, briefs: str, call: Any, code: str, data: Any, header: str, seconds: float
) -> None:
    notion.fault("POST", "status", **vars(notion.error(code, headers={"Retry-After": header}, **data)))
    for expected in (seconds, seconds - 1):
        with home(notion).visit() as visit, pytest.raises(DeliveryError) as caught:
            call(visit, briefs)
        assert not caught.value.permanent
        assert caught.value.retry_after is not None
        assert expected <= caught.value.retry_after <= seconds
        assert str(data.get("rate_limit_reason", "")) in str(caught.value)
    assert len(notion.journal) == 1


def test_a_date_says_how_long_too(notion: NotionEmulator, briefs: str) -> None:
    when = formatdate(time.time() + 100, usegmt=True)
    notion.fault("POST", "status", **error(notion, "rate_limited", Retry_After=when))
    with home(notion).visit() as visit, pytest.raises(DeliveryError) as caught:
        create(visit, briefs)
    assert caught.value.retry_after is not None
    assert 95 < caught.value.retry_after <= 100


def test_a_pause_of_no_length_ends_at_once(notion: NotionEmulator, briefs: str) -> None:
    notion.fault("POST", "status", **error(notion, "rate_limited", Retry_After="0"))
    with home(notion).visit() as visit:
        with pytest.raises(DeliveryError):
            create(visit, briefs)
        create(visit, briefs)


CLOSED = {
    "an unknown token": ("unauthorized", "check NOTION_TOKEN"),
    "a right that is missing": ("restricted_resource", "give it the rights"),
    "not shared": ("object_not_found", "add the integration under"),
}


@pytest.mark.parametrize(("code", "said"), CLOSED.values(), ids=CLOSED.keys())
@pytest.mark.parametrize("call", [create, query])
def test_what_takes_nothing_as_it_is_set_up_is_closed_until_it_is_mended(
    notion: NotionEmulator, briefs: str, call: Any, code: str, said: str
) -> None:
    notion.fault("POST", "status", **error(notion, code))
    with home(notion).visit() as visit, pytest.raises(TargetClosed, match=said) as caught:
        call(visit, briefs)
    assert TOKEN not in str(caught.value)
    assert notion.rows(briefs) == []


FOR_GOOD = {
    "does not fit": ("validation_error", "validation_error"),
    "no address of theirs": ("invalid_request_url", "invalid_request_url"),
    "no JSON": ("invalid_json", "invalid_json"),
    "no request of theirs": ("invalid_request", "invalid_request"),
}


@pytest.mark.parametrize(("code", "said"), FOR_GOOD.values(), ids=FOR_GOOD.keys())
@pytest.mark.parametrize("call", [create, query])
def test_what_cannot_help_again_is_for_a_person_with_what_to_do(
    notion: NotionEmulator, briefs: str, call: Any, code: str, said: str
) -> None:
    notion.fault("POST", "status", **error(notion, code))
    with home(notion).visit() as visit, pytest.raises(DeliveryError, match=said) as caught:
        call(visit, briefs)
    assert caught.value.permanent
    assert TOKEN not in str(caught.value)
    assert notion.rows(briefs) == []


def test_a_conflict_passes_but_not_a_workspace_that_is_full(notion: NotionEmulator, briefs: str) -> None:
    notion.fault("POST", "status", **error(notion, "conflict_error"))
    full = {"object": "error", "status": 409, "code": "row_limit_exceeded", "message": "full"}
    notion.fault("POST", "status", status=409, body=full)
    with home(notion).visit() as visit:
        for permanent in (False, True):
            with pytest.raises(DeliveryError) as caught:
                create(visit, briefs)
            assert caught.value.permanent is permanent
    assert "no more rows" in str(caught.value)


DOUBTFUL: dict[str, tuple[str, dict[str, Any]]] = {
    "500": ("status", {"status": 500, "body": {"code": "internal_server_error", "message": ""}}),
    "502, a page": ("status", {"status": 502, "raw": b"<html>", "ctype": "text/html"}),
    "503": ("status", {"status": 503, "body": {"code": "service_unavailable", "message": ""}}),
    "504": ("status", {"status": 504, "body": {"code": "gateway_timeout", "message": ""}}),
    "drop": ("drop", {}),
    "reset": ("reset", {}),
    "cut": ("truncate", {}),
    "half a JSON": ("truncate_json", {}),
    "a list": ("status", {"status": 200, "body": []}),
    "too late": ("stall", {"seconds": 30.0}),
}


@pytest.mark.parametrize(("kind", "options"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_after_an_unclear_answer_to_a_write_nobody_knows_and_to_a_read_nothing_was_done(
    notion: NotionEmulator, briefs: str, kind: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CALL_SECONDS", 0.2)
    notion.fault(CREATE, kind, **options)
    notion.fault(QUERY, kind, **options)
    with home(notion).visit() as visit:
        with pytest.raises(OutcomeUnknown, match=r"Notion"):
            create(visit, briefs)
        with pytest.raises(DeliveryError, match=r"Notion") as caught:
            query(visit, briefs)
    assert not caught.value.permanent


# Each status as it answers a read and a change: whether nothing was done for certain.
STATUSES = {
    "conflict_error": (True, True),
    "rate_limited": (True, True),
    "internal_server_error": (True, False),
    "service_unavailable": (True, False),
    "gateway_timeout": (True, False),
    "service_overload": (True, True),
}


@pytest.mark.parametrize(("code", "is_certain"), STATUSES.items(), ids=STATUSES.keys())
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_each_status_is_one_attempt_and_nothing_is_repeated_here(
    notion: NotionEmulator, briefs: str, method: str, code: str, is_certain: tuple[bool, bool]
) -> None:
    with home(notion).visit() as visit:
        page = create(visit, briefs)["id"]
    notion.journal.clear()
    notion.fault(f"{method} /v1/pages", "status", **error(notion, code, Retry_After="0"))
    expected = DeliveryError if is_certain[method == "PATCH"] else OutcomeUnknown
    with home(notion).visit() as visit, pytest.raises(expected):
        visit.page(page) if method == "GET" else visit.change(page, {"Name": {"title": []}})
    assert len(notion.journal) == 1


def test_a_list_that_notion_itself_calls_incomplete_is_not_taken_for_whole(
    notion: NotionEmulator, briefs: str
) -> None:
    half: dict[str, Any] = {"object": "list", "results": [], "has_more": False, "next_cursor": None}
    half["request_status"] = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    notion.fault(QUERY, "status", status=200, body=half)
    with home(notion).visit() as visit, pytest.raises(DeliveryError, match="more rows") as caught:
        list(visit.every_row(briefs, {"property": "Name", "title": {"is_empty": True}}))
    assert not caught.value.permanent


def test_an_answer_lost_after_the_effect_is_unknown(notion: NotionEmulator, briefs: str) -> None:
    notion.fault(CREATE, "lost")
    with home(notion).visit() as visit, pytest.raises(OutcomeUnknown):
        create(visit, briefs)
    assert len(notion.rows(briefs)) == 1


def test_what_was_never_reached_has_done_nothing(notion: NotionEmulator, briefs: str) -> None:
    nowhere = Notion(token=TOKEN, base_url="http://127.0.0.1:9", per_second=1e6)
    with nowhere.visit() as visit, pytest.raises(DeliveryError, match="cannot be reached") as caught:
        create(visit, briefs)
    assert not caught.value.permanent


def test_the_token_follows_to_no_other_address(notion: NotionEmulator, briefs: str) -> None:
    notion.fault(CREATE, "status", status=302, headers={"Location": "http://127.0.0.1:9/"})
    with home(notion).visit() as visit, pytest.raises(DeliveryError, match="302") as caught:
        create(visit, briefs)
    assert caught.value.permanent


def test_a_path_out_of_the_api_is_not_even_asked(notion: NotionEmulator) -> None:
    with home(notion).visit() as visit, pytest.raises(DeliveryError) as caught:
        visit.page("../users")
    assert caught.value.permanent
    assert notion.journal == []


def test_a_data_source_may_be_named_by_its_database_or_a_link_to_it(notion: NotionEmulator, briefs: str) -> None:
    database = notion.sources[briefs].database
    link = f"https://www.notion.so/acme/Briefs-{database.replace('-', '')}?v=1"
    with home(notion).visit() as visit:
        assert [visit.source(given)["id"] for given in (briefs, database, link)] == [briefs] * 3
        with pytest.raises(NotThere):
            visit.source("10000000-0000-4000-8000-0000000000ff")
        notion.sources[notion.add_source("Archive")].database = database
        with pytest.raises(DeliveryError, match=r"give the id of one: Briefs .*, Archive "):
            visit.source(link)


def test_an_address_with_a_last_slash_is_the_same(notion: NotionEmulator) -> None:
    with home(notion, base_url=f"{notion.url}/").visit() as visit:
        assert visit.me()["type"] == "bot"
