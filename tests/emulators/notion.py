"""Notion on loopback: data sources with rows, pages with Markdown, windows of calls, asynchronous tasks.

`budget` calls are taken in each minute, then 429 with Retry-After. A page is invisible to queries for `lag` seconds
after it was made. `edit` is what a person does in the app; `unshare` takes a data source from the integration.
"""

import itertools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.emulators import notion_rules as rules
from tests.emulators.kit import Emu, Reply, Req
from tests.emulators.notion_rules import Refused

TOKEN = "ntn_emulator_0001"
VERSION = "2026-03-11"
VERSIONS = {"2022-06-28", "2025-09-03", VERSION}
BOT = "b0000000-0000-4000-8000-000000000001"
STATUS = {
    "unauthorized": 401, "restricted_resource": 403, "object_not_found": 404, "rate_limited": 429,
    "conflict_error": 409, "internal_server_error": 500, "service_unavailable": 503, "gateway_timeout": 504,
    "service_overload": 529,
}  # fmt: skip

Json = dict[str, Any]


@dataclass
class Page:
    """One page as it is kept."""

    id: str
    parent: Json
    properties: dict[str, Json]
    created: datetime
    markdown: str = ""
    blocks: list[Json] = field(default_factory=list)
    in_trash: bool = False
    seen_from: float = 0.0
    edited: datetime = field(default_factory=lambda: datetime.now(UTC))
    edited_by: str = BOT
    truncated: bool = False

    def text(self, name: str) -> str:
        """The value of a property as text."""
        value = self.properties[name][self.properties[name]["type"]]
        if isinstance(value, list):
            return rules.plain(value)
        if isinstance(value, dict):
            return str(value.get("name") or value.get("start"))
        return "" if value is None else str(value)


@dataclass
class Source:
    """One data source: its columns by name."""

    id: str
    database: str
    name: str
    columns: dict[str, Json]
    shared: bool = True


class NotionEmulator(Emu):
    """Strict about versions, keys, types, limits and ids."""

    def __init__(self, *, token: str = TOKEN, budget: int = 10_000, lag: float = 0.0) -> None:
        self.token = token
        self.budget = budget
        self.lag = lag
        self.reads_only = False  # its integration has only “Read content” among its capabilities
        self.sources: dict[str, Source] = {}
        self.pages: dict[str, Page] = {}
        self.tasks: dict[str, Json] = {}
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._calls: list[float] = []
        self._ids = itertools.count(1)
        super().__init__()

    def setup(self) -> None:
        self.route("GET", "/v1/users/me", self._me)
        self.route("GET", "/v1/databases/{database}", self._database)
        self.route("GET", "/v1/data_sources/{source}", self._get_source)
        self.route("PATCH", "/v1/data_sources/{source}", self._change_source)
        self.route("POST", "/v1/data_sources/{source}/query", self._query)
        self.route("POST", "/v1/pages", self._create)
        self.route("GET", "/v1/pages/{page}", self._get_page)
        self.route("PATCH", "/v1/pages/{page}", self._change_page)
        self.route("GET", "/v1/pages/{page}/markdown", self._get_markdown)
        self.route("PATCH", "/v1/pages/{page}/markdown", self._change_markdown)
        self.route("GET", "/v1/blocks/{page}/children", self._children)
        self.route("PATCH", "/v1/blocks/{page}/children", self._append)
        self.route("GET", "/v1/async_tasks/{task}", self._task)

    def add_source(self, name: str = "Briefs", **columns: str) -> str:
        """A data source with a title `Name` and these columns (name="type"); its id."""
        given = {"Name": "title", **{column.replace("_", " "): kind for column, kind in columns.items()}}
        source = Source(self._id(), self._id(), name, {})
        for column, kind in given.items():
            options = list(rules.STATUS_OPTIONS) if kind == "status" else []
            source.columns[column] = self._column(column, {"type": kind, "options": options})
        self.sources[source.id] = source
        return source.id

    def rows(self, source: str) -> list[Page]:
        """What lies in a data source and not in the trash, the oldest first."""
        return [
            page for page in self.pages.values() if page.parent["data_source_id"] == source and not page.in_trash
        ]

    def edit(self, page: Page, by: str, **properties: str) -> None:
        """A person sets these properties (name=text) in the app."""
        with self.lock:
            schema = self.sources[page.parent["data_source_id"]].columns
            for name, text in properties.items():
                name = name.replace("_", " ")
                kind = schema[name]["type"]
                item = [{"text": {"content": text}}] if kind in {"title", "rich_text"} else {"name": text}
                page.properties |= rules.values({name: {kind: item}}, schema)
            self._touch(page, by)

    def unshare(self, source: str) -> None:
        """Its owner takes it from the integration."""
        self.sources[source].shared = False

    def pre(self, req: Req) -> None:
        if "//" in req.raw_target.split(" ")[1]:
            raise self.error("invalid_request_url", "Invalid request URL.")
        if req.headers.get("authorization") != f"Bearer {self.token}":
            raise self.error("unauthorized", "API token is invalid.")
        version = req.headers.get("notion-version")
        if version not in VERSIONS:
            raise self.error("missing_version" if not version else "validation_error", "Notion-Version")
        if version != VERSION:
            self.violations.append(f"{req.method} {req.path} speaks version {version}")
        self._count()
        is_query = req.path.endswith("/query")
        if self.reads_only and req.method != "GET" and not is_query:
            raise self.error("restricted_resource", "Insufficient permissions for this endpoint.")
        if len(req.body) > rules.MAX_BODY_BYTES:
            raise self.error("validation_error", "body size should be <= 500KB")

    def not_found(self, req: Req) -> Reply:
        self.violations.append(f"unknown: {req.method} {req.path}")
        return self.error("invalid_request_url", "Invalid request URL.")

    def error(self, code: str, message: str = "", *, headers: Json | None = None, **data: Any) -> Reply:
        """An error as the service sends it; also for faults of the kind "status" (as `**vars(error)`)."""
        status = STATUS.get(code, 400)
        body = {"object": "error", "status": status, "code": code, "message": message or code}
        body["request_id"] = str(uuid.uuid4())
        if data:
            body["additional_data"] = data
        return Reply(status, body, headers or {})

    def _handled(self, req: Req) -> Any:
        try:
            return super()._handled(req)
        except Refused as refusal:
            return self.error(refusal.code, str(refusal))

    def _count(self) -> None:
        """The fixed budget of this connection for each minute."""
        now = time.monotonic()
        self._calls = [at for at in self._calls if at > now - 60]
        if len(self._calls) >= self.budget:
            wait = max(1, round(60 - (now - self._calls[0])))
            headers = {"Retry-After": str(wait)}
            raise self.error("rate_limited", headers=headers, rate_limit_reason="integration_rate_limited")
        self._calls.append(now)

    def _me(self, req: Req) -> Any:
        bot = {"owner": {"type": "workspace", "workspace": True}, "workspace_name": "Acme"}
        return {"object": "user", "id": BOT, "type": "bot", "name": "Nightdesk", "avatar_url": None, "bot": bot}

    def _database(self, req: Req, database: str) -> Any:
        wanted = rules.uuid(database, "path.database_id")
        found = [source for source in self.sources.values() if source.database == wanted and source.shared]
        if not found:
            raise self.error("object_not_found", f"Could not find database with ID: {wanted}.")
        listed = [{"id": source.id, "name": source.name} for source in found]
        return {"object": "database", "id": wanted, "data_sources": listed, "title": [], "in_trash": False}

    def _get_source(self, req: Req, source: str) -> Any:
        return self._shown_source(self._source(source))

    def _change_source(self, req: Req, source: str) -> Any:
        body, found = self._body(req), self._source(source)
        rules.keys(body, ("title", "icon", "properties", "in_trash", "parent"), "body")
        changed: dict[str, Json] = rules.columns(body.get("properties", {}), found.columns)
        for name, column in changed.items():
            found.columns[name] = self._column(name, column)
            for page in self.rows(found.id):
                page.properties |= rules.empty({name: found.columns[name]})
        return self._shown_source(found)

    def _query(self, req: Req, source: str) -> Any:
        body, found = self._body(req), self._source(source)
        known = ("sorts", "filter", "start_cursor", "page_size", "in_trash", "result_type")
        rules.keys(body, known, "body")
        size = body.get("page_size", 100)
        if not isinstance(size, int) or not 0 < size <= rules.MAX_ITEMS:
            raise rules.refuse("body.page_size should be <= 100")
        rows = [page for page in self.rows(found.id) if page.seen_from <= time.monotonic()]
        if "filter" in body:
            rows = [row for row in rows if rules.matches(body["filter"], vars(row), found.columns)]
        for sort in reversed(body.get("sorts", [])):
            rules.keys(sort, ("timestamp", "direction"), "sorts")
            rows.sort(key=lambda row: row.created, reverse=sort["direction"] == "descending")
        start = next((at for at, row in enumerate(rows) if row.id == body.get("start_cursor")), 0)
        page, rest = rows[start : start + size], rows[start + size :]
        return {
            "object": "list",
            "type": "page_or_data_source",
            "results": [self._shown(row) for row in page],
            "has_more": bool(rest),
            "next_cursor": rest[0].id if rest else None,
            "request_status": {"type": "complete"},
        }

    def _create(self, req: Req) -> Any:
        body = self._body(req)
        known = ("parent", "properties", "icon", "cover", "content", "children", "markdown", "template", "position")
        rules.keys(body, known, "body", needed=("parent",))
        if "markdown" in body and ("children" in body or "content" in body):
            raise rules.refuse("markdown excludes children and content")
        rules.keys(body["parent"], ("type", "data_source_id"), "body.parent", needed=("data_source_id",))
        source = self._source(body["parent"]["data_source_id"])
        rules.blocks(body.get("children", []))
        properties = rules.empty(source.columns) | rules.values(body.get("properties", {}), source.columns)
        parent = {"type": "data_source_id", "data_source_id": source.id, "database_id": source.database}
        page = Page(self._id(), parent, properties, self.now(), blocks=body.get("children", []))
        page.markdown = self._text(rules.markdown(body.get("markdown", "")))
        page.seen_from = time.monotonic() + self.lag
        self.pages[page.id] = page
        return self._shown(page)

    def _get_page(self, req: Req, page: str) -> Any:
        return self._shown(self._page(page))

    def _change_page(self, req: Req, page: str) -> Any:
        body, found = self._body(req), self._page(page)
        known = ("properties", "icon", "cover", "is_locked", "template", "erase_content", "in_trash")
        rules.keys(body, known, "body")
        if found.in_trash and body.get("in_trash") is not False:
            raise rules.refuse("Can't edit page on block that is in the trash.")
        schema = self.sources[found.parent["data_source_id"]].columns
        found.properties |= rules.values(body.get("properties", {}), schema)
        found.in_trash = body.get("in_trash", found.in_trash)
        self._touch(found, BOT)
        return self._shown(found)

    def _get_markdown(self, req: Req, page: str) -> Any:
        return self._shown_markdown(self._page(page))

    def _change_markdown(self, req: Req, page: str) -> Any:
        body, found = self._body(req), self._page(page)
        text = self._text(rules.change_markdown(found.markdown, body))
        if body.get("allow_async"):
            return Reply(202, self._later(found, text))
        found.markdown = text
        self._touch(found, BOT)
        return self._shown_markdown(found)

    def _later(self, page: Page, text: str) -> Json:
        """An asynchronous task: done at the second look."""
        task: Json = {"id": self._id(), "looks": 0, "page": page, "text": text}
        self.tasks[task["id"]] = task
        return self._shown_task(task)

    def _task(self, req: Req, task: str) -> Any:
        found = self.tasks.get(rules.uuid(task, "path.task_id"))
        if found is None:
            raise self.error("object_not_found")
        found["looks"] += 1
        if found["looks"] == 2:
            found["page"].markdown = found["text"]
            self._touch(found["page"], BOT)
        return self._shown_task(found)

    def _shown_task(self, task: Json) -> Json:
        head = {"object": "async_task", "id": task["id"], "status_url": f"{self.url}/v1/async_tasks/{task['id']}"}
        if task["looks"] >= 2:
            return {**head, "status": "succeeded", "result": {}}
        return {**head, "status": "running" if task["looks"] else "queued", "poll_after_seconds": 1}

    def _children(self, req: Req, page: str) -> Any:
        return {"object": "list", "results": self._page(page).blocks, "has_more": False, "next_cursor": None}

    def _append(self, req: Req, page: str) -> Any:
        body, found = self._body(req), self._page(page)
        rules.keys(body, ("children", "position"), "body", needed=("children",))
        rules.blocks(body["children"])
        found.blocks += body["children"]
        self._touch(found, BOT)
        return self._children(req, page)

    def _body(self, req: Req) -> Json:
        try:
            body = req.json()
        except ValueError:
            raise self.error("invalid_json", "Error parsing JSON body.") from None
        if not isinstance(body, dict):
            raise rules.refuse("body should be an object")
        return body

    def _text(self, text: str) -> str:
        """A page's text; what would fetch from elsewhere or call somebody is the product's fault."""
        if rules.reaches_out(text):
            self.violations.append(f"a page reaches out: {text[:200]}")
        return text

    def _source(self, given: Any) -> Source:
        found = self.sources.get(rules.uuid(given, "data_source_id"))
        if found is None or not found.shared:
            raise self.error("object_not_found", f"Could not find data source with ID: {given}.")
        return found

    def _page(self, given: str) -> Page:
        found = self.pages.get(rules.uuid(given, "path.page_id"))
        if found is None or not self.sources[found.parent["data_source_id"]].shared:
            raise self.error("object_not_found", f"Could not find page with ID: {given}.")
        return found

    def _column(self, name: str, column: Json) -> Json:
        return {"id": f"c{next(self._ids)}", "name": name, **column}

    def _touch(self, page: Page, by: str) -> None:
        page.edited, page.edited_by = datetime.now(UTC), by

    def _id(self) -> str:
        return str(uuid.UUID(int=0x1000_0000_0000_4000_8000_0000_0000_0000 + next(self._ids)))

    def _shown(self, page: Page) -> Json:
        return {
            "object": "page",
            "id": page.id,
            "created_time": _minute(page.created),
            "last_edited_time": _minute(page.edited),
            "created_by": {"object": "user", "id": BOT},
            "last_edited_by": {"object": "user", "id": page.edited_by},
            "in_trash": page.in_trash,
            "is_locked": False,
            "url": f"https://www.notion.so/{page.id.replace('-', '')}",
            "public_url": None,
            "parent": page.parent,
            "properties": page.properties,
            "icon": None,
            "cover": None,
        }

    def _shown_markdown(self, page: Page) -> Json:
        head = {"object": "page_markdown", "id": page.id, "markdown": page.markdown}
        return {**head, "truncated": page.truncated, "unknown_block_ids": []}

    def _shown_source(self, source: Source) -> Json:
        return {
            "object": "data_source",
            "id": source.id,
            "title": [{"type": "text", "plain_text": source.name}],
            "parent": {"type": "database_id", "database_id": source.database},
            "in_trash": False,
            "properties": {name: _configured(column) for name, column in source.columns.items()},
        }


def _configured(column: Json) -> Json:
    kind = column["type"]
    options = {"options": [{"name": name, "id": f"opt-{at}"} for at, name in enumerate(column["options"])]}
    return {
        "id": column["id"],
        "name": column["name"],
        "type": kind,
        kind: options if kind in {"select", "status"} else {},
    }


def _minute(at: datetime) -> str:
    """Times of pages are cut to minutes."""
    return f"{at - timedelta(seconds=at.second, microseconds=at.microsecond):%Y-%m-%dT%H:%M:00.000Z}"
