"""What Notion takes, as its reference and the types of its own client say: shapes, limits, values, filters.

Every check raises Refused with the service's error code; texts are approximations, codes are not.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

MAX_BODY_BYTES = 500_000
MAX_BLOCKS = 1_000
MAX_ITEMS = 100
MAX_TEXT = 2_000

Json = dict[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_TEXTS = {"title", "rich_text"}
_NAMED = {"select", "status"}
_BLOCKS = {
    "paragraph", "heading_1", "heading_2", "heading_3", "heading_4", "bulleted_list_item", "numbered_list_item",
    "quote", "code", "divider", "to_do", "toggle", "callout", "table", "table_row", "image", "embed", "bookmark",
}  # fmt: skip
_TEXT_OPERATORS = {"equals", "contains", "starts_with", "is_empty", "is_not_empty"}
# What a page would fetch from elsewhere, or whom it would call: unescaped, outside of code.
_EGRESS = re.compile(
    r"(?<!\\)!\[|(?<!\\)<(image|video|audio|file|pdf|embed|bookmark|mention|page|database|unknown|iframe)\b"
)
_FENCED = re.compile(r"^\t*(`{3,}).*?^\t*\1\s*$|(?<![\\`])(`+)(?!`).+?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)


class Refused(Exception):
    """The service's refusal; `code` is its error code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def refuse(text: str) -> Refused:
    """A body that does not fit."""
    return Refused("validation_error", text)


def uuid(value: Any, what: str) -> str:
    """The id with dashes; anything but a UUID is refused."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise refuse(f"{what} should be a valid uuid, instead was {value!r}")
    plain = value.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def keys(given: Any, known: Iterable[str], where: str, *, needed: Iterable[str] = ()) -> None:
    """An object with these keys and no others."""
    if not isinstance(given, dict):
        raise refuse(f"{where} should be an object")
    if unknown := given.keys() - set(known):
        raise refuse(f"{where} has unknown keys: {', '.join(sorted(unknown))}")
    if missing := set(needed) - given.keys():
        raise refuse(f"{where} lacks {', '.join(sorted(missing))}")


def rich_text(value: Any, where: str) -> list[Json]:
    """The items as the service gives them back, each with its plain text."""
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise refuse(f"{where} should be a list of at most {MAX_ITEMS} items")
    items = []
    for item in value:
        keys(item, ("type", "text", "annotations"), where, needed=("text",))
        keys(item["text"], ("content", "link"), where, needed=("content",))
        content = item["text"]["content"]
        if not isinstance(content, str) or len(content) > MAX_TEXT:
            raise refuse(f"{where}.text.content.length should be <= {MAX_TEXT}")
        text = {"content": content, "link": item["text"].get("link")}
        items.append({"type": "text", "text": text, "plain_text": content, "annotations": {"bold": False}})
    return items


def plain(items: Iterable[Json]) -> str:
    """The text of rich text."""
    return "".join(item["plain_text"] for item in items)


def values(given: Any, schema: Mapping[str, Json]) -> dict[str, Json]:
    """Property name -> value as it is kept; names or ids, types and options must be those of the schema."""
    if not isinstance(given, dict):
        raise refuse("properties should be an object")
    ids = {str(column["id"]): name for name, column in schema.items()}
    found: dict[str, Json] = {}
    for key, value in given.items():
        name = ids.get(key, str(key))
        if name not in schema:
            raise refuse(f"{name} is not a property that exists.")
        kind = schema[name]["type"]
        keys(value, (kind, "type"), f"{name} is expected to be {kind}:", needed=(kind,))
        found[name] = {"id": schema[name]["id"], "type": kind, kind: _value(name, kind, value[kind], schema[name])}
    return found


def empty(schema: Mapping[str, Json]) -> dict[str, Json]:
    """The properties of a page on which nothing was set."""
    return {
        name: {"id": column["id"], "type": column["type"], column["type"]: _EMPTY.get(column["type"])}
        for name, column in schema.items()
    }


def columns(given: Any, schema: Mapping[str, Json]) -> dict[str, Json]:
    """New or changed columns of a data source: name -> {type: configuration}, or None to remove one."""
    if not isinstance(given, dict):
        raise refuse("properties should be an object")
    made = {}
    for name, column in given.items():
        kinds = set(column or {}) - {"name", "description", "type"}
        if len(kinds) != 1 or not kinds <= _EMPTY.keys() | {"date"}:
            raise refuse(f"{name} should have exactly one type")
        kind = kinds.pop()
        if kind == "title" and not any(old["type"] == "title" and old["name"] == name for old in schema.values()):
            raise refuse("there is one title property")
        options = [option["name"] for option in (column[kind] or {}).get("options", [])]
        if kind in _NAMED and len(options) != len(set(options)):
            raise refuse(f"{name} names an option twice")
        made[name] = {"type": kind, "options": options or (list(STATUS_OPTIONS) if kind == "status" else [])}
    return made


STATUS_OPTIONS = ("Not started", "In progress", "Done")
_EMPTY: dict[str, Any] = {
    "title": [], "rich_text": [], "select": None, "status": None, "url": None, "date": None, "number": None,
    "checkbox": False, "people": [],
}  # fmt: skip


def _value(name: str, kind: str, value: Any, column: Json) -> Any:
    if kind in _TEXTS:
        return rich_text(value, name)
    if kind in _NAMED:
        return _option(name, kind, value, column)
    if kind == "url" and not (value is None or (isinstance(value, str) and 0 < len(value) <= MAX_TEXT)):
        raise refuse(f"{name}.url should be a string of at most {MAX_TEXT} characters or null")
    if kind == "date" and value is not None:
        keys(value, ("start", "end", "time_zone"), name, needed=("start",))
        if not re.match(r"\d{4}-\d\d-\d\d(T\d\d:\d\d|$)", str(value["start"])):
            raise refuse(f"{name}.date.start should be a date")
        # Times come back in thousandths.
        return {**value, "start": re.sub(r"(:\d\d)([+Z].*)?$", r"\1.000\2", value["start"])}
    return value


def _option(name: str, kind: str, value: Any, column: Json) -> Any:
    if value is None:
        return None
    keys(value, ("name", "id", "color"), name, needed=("name",))
    wanted = value["name"]
    if kind == "select" and ("," in wanted or not 0 < len(wanted) <= 100):
        raise refuse(f"{name}: an option has 1 to 100 characters and no comma")
    if wanted not in column["options"]:
        if kind == "status":
            raise refuse(f"Invalid status option. Status option {wanted!r} does not exist.")
        column["options"].append(wanted)
    return {"name": wanted, "id": f"opt-{column['options'].index(wanted)}", "color": "default"}


def blocks(given: Any, *, level: int = 1) -> int:
    """How many blocks there are in a list of children; at most two levels below the first."""
    if not isinstance(given, list) or len(given) > MAX_ITEMS:
        raise refuse(f"children should be a list of at most {MAX_ITEMS} blocks")
    count = len(given)
    for block in given:
        kinds = set(block) - {"object", "type"}
        if len(kinds) != 1 or not kinds <= _BLOCKS:
            raise refuse(f"a block should have one known type, not {sorted(kinds)}")
        content = block[kinds.pop()]
        if "rich_text" in content:
            rich_text(content["rich_text"], "rich_text")
        if "children" in content:
            if level == 3:
                raise refuse("body.children should be not present")
            count += blocks(content["children"], level=level + 1)
    if count > MAX_BLOCKS:
        raise refuse(f"at most {MAX_BLOCKS} blocks a request")
    return count


def markdown(text: Any) -> str:
    """A page's text; its lines count as blocks."""
    if not isinstance(text, str):
        raise refuse("markdown should be a string")
    lines = [line for line in _FENCED.sub("code", text).splitlines() if line.strip()]
    if len(lines) > MAX_BLOCKS:
        raise refuse(f"at most {MAX_BLOCKS} blocks a request")
    return text


def reaches_out(text: str) -> bool:
    """Whether the page would fetch something from elsewhere, or call somebody."""
    return bool(_EGRESS.search(_FENCED.sub("", text)))


def matches(filter_: Any, page: Json, schema: Mapping[str, Json]) -> bool:
    """Whether a page meets a filter. An operator that is not written down here is the emulator's fault."""
    if "and" in filter_ or "or" in filter_:
        keys(filter_, ("and", "or"), "filter")
        if "and" in filter_:
            return all(matches(one, page, schema) for one in filter_["and"])
        return any(matches(one, page, schema) for one in filter_["or"])
    if filter_.get("timestamp") == "created_time":
        return _made_since(filter_, page["created"])
    return _has(filter_, page, schema)


def _has(filter_: Any, page: Json, schema: Mapping[str, Json]) -> bool:
    kind = next((name for name in filter_ if name not in {"property", "type"}), "")
    name = filter_.get("property")
    column = next((one for one in schema.values() if name in {one["name"], one["id"]}), None)
    if column is None:
        raise refuse(f"Could not find property with name or id: {name}")
    if kind != column["type"]:
        raise refuse(f"{name} is {column['type']}, the filter is for {kind}")
    (operator, operand), *more = filter_[kind].items()
    if more or operator not in _TEXT_OPERATORS:
        raise NotImplementedError(f"filter {filter_}")
    value = page["properties"][column["name"]][kind]
    if kind in _TEXTS:
        value = plain(value)
    elif kind in _NAMED:
        value = value["name"] if value else ""
    return _compare(operator, str(value or ""), operand)


def _made_since(filter_: Any, created: datetime) -> bool:
    keys(filter_, ("timestamp", "created_time"), "filter", needed=("created_time",))
    if set(filter_["created_time"]) != {"on_or_after"}:
        raise NotImplementedError(f"filter {filter_}")
    # Times of pages are cut to minutes.
    since = datetime.fromisoformat(filter_["created_time"]["on_or_after"])
    return created.replace(second=0, microsecond=0) >= since.replace(second=0, microsecond=0)


def _compare(operator: str, value: str, operand: Any) -> bool:
    if operator in {"is_empty", "is_not_empty"}:
        return bool(value) == (operator == "is_not_empty")
    if operator == "equals":
        return bool(value == operand)
    return str(operand) in value if operator == "contains" else value.startswith(str(operand))


def change_markdown(present: str, body: Json) -> str:
    """The text of a page after an operation on it."""
    kind = body.get("type")
    known = {"replace_content", "update_content", "insert_content", "replace_content_range"}
    if kind not in known:
        raise refuse(f"type should be one of {', '.join(sorted(known))}")
    keys(body, ("type", kind, "allow_async"), "body", needed=(kind,))
    given = body[kind]
    if kind == "replace_content":
        keys(given, ("new_str", "allow_deleting_content"), kind, needed=("new_str",))
        return markdown(given["new_str"])
    if kind == "insert_content":
        keys(given, ("content", "position"), kind, needed=("content",))
        position = given.get("position", {"type": "end"})
        keys(position, ("type",), "position", needed=("type",))
        parts = [present, markdown(given["content"])]
        return "\n".join(parts if position["type"] == "end" else reversed(parts))
    if kind == "update_content":
        keys(given, ("content_updates", "allow_deleting_content"), kind, needed=("content_updates",))
        return _updated(present, given["content_updates"])
    raise NotImplementedError(kind)


def _updated(text: str, updates: Any) -> str:
    for update in updates:
        keys(update, ("old_str", "new_str", "replace_all_matches"), "content_updates")
        found = text.count(update["old_str"])
        if found == 0 or (found > 1 and not update.get("replace_all_matches")):
            raise refuse(f"old_str was found {found} times")
        text = text.replace(update["old_str"], update["new_str"])
    return markdown(text)
