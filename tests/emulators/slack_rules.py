"""What Slack takes for a message and for a modal: blocks, elements and their limits.

https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/views
"""

from collections.abc import Callable, Iterator
from typing import Any

MAX_TEXT = 40_000
_STYLES = {"primary", "danger"}
# Where a block may stand, and the elements that it may hold.
_IN_MESSAGES = {"section", "actions", "context", "divider", "header", "markdown", "rich_text", "image"}
_IN_MODALS = {"section", "actions", "context", "divider", "header", "input"}
_RICH = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
_RICH_ELEMENTS = {"text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color"}
_INPUTS = {"plain_text_input", "static_select", "radio_buttons", "checkboxes"}


class Refused(Exception):
    """Slack would not take it; the message is one of `response_metadata.messages`."""


def check_blocks(blocks: Any, *, modal: bool = False) -> None:
    """Raise Refused unless Slack would show these blocks."""
    _need(isinstance(blocks, list), "must be a list")
    _need(len(blocks) <= (100 if modal else 50), "no more than 50 items allowed")
    _unique([block.get("block_id") for block in blocks if isinstance(block, dict)], "block_id")
    _unique([element.get("action_id") for element in elements_of(blocks)], "action_id")
    for block in blocks:
        _need(isinstance(block, dict) and block.get("type") in (_IN_MODALS if modal else _IN_MESSAGES), "type")
        _need(len(block.get("block_id", "")) <= 255, "block_id too long")
        if check := _CHECKS.get(block["type"]):
            check(block)


def check_view(view: Any) -> None:
    """Raise Refused unless Slack would open this modal."""
    _need(isinstance(view, dict) and view.get("type") == "modal", "view.type")
    unknown = view.keys() - {
        *("type", "title", "blocks", "submit", "close", "private_metadata", "callback_id"),
        *("clear_on_close", "notify_on_close", "external_id"),
    }
    _need(not unknown, f"unknown fields {sorted(unknown)}")
    _text(view.get("title"), 24, plain=True)
    for name in ("submit", "close"):
        if name in view:
            _text(view[name], 24, plain=True)
    _need(len(view.get("private_metadata", "")) <= 3_000, "private_metadata")
    _need(len(view.get("callback_id", "")) <= 255, "callback_id")
    check_blocks(view.get("blocks"), modal=True)
    has_input = any(block["type"] == "input" for block in view["blocks"])
    _need(not has_input or "submit" in view, "missing required field: submit")


def elements_of(blocks: Any) -> Iterator[dict[str, Any]]:
    """Every element of these blocks that a person can press or fill in."""
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, dict):
            continue
        inside = [*block.get("elements", []), block.get("element"), block.get("accessory")]
        yield from (one for one in inside if isinstance(one, dict) and one.get("action_id"))


def _section(block: dict[str, Any]) -> None:
    _need("text" in block or "fields" in block, "section needs text or fields")
    if "text" in block:
        _text(block["text"], 3_000)
    _need(len(block.get("fields", [])) <= 10, "fields")
    for field in block.get("fields", []):
        _text(field, 2_000)


def _header(block: dict[str, Any]) -> None:
    _text(block.get("text"), 150, plain=True)


def _markdown(block: dict[str, Any]) -> None:
    _need(isinstance(block.get("text"), str) and 0 < len(block["text"]) <= 12_000, "markdown text")


def _context(block: dict[str, Any]) -> None:
    _need(0 < len(block.get("elements", [])) <= 10, "context elements")
    for element in block["elements"]:
        _text(element, 3_000)


def _actions(block: dict[str, Any]) -> None:
    _need(0 < len(block.get("elements", [])) <= 25, "actions elements")
    for element in block["elements"]:
        _need(element.get("type") in {"button", "static_select"}, "element type")
        if element["type"] == "button":
            _button(element)


def _button(element: dict[str, Any]) -> None:
    _text(element.get("text"), 75, plain=True)
    _need(0 < len(element.get("action_id", "")) <= 255, "action_id")
    _need(len(element.get("value", "")) <= 2_000, "value")
    _need(len(element.get("url", "")) <= 3_000, "url")
    _need("style" not in element or element["style"] in _STYLES, "style")
    if confirm := element.get("confirm"):
        _text(confirm.get("title"), 100, plain=True)
        _text(confirm.get("text"), 300)
        _text(confirm.get("confirm"), 30, plain=True)
        _text(confirm.get("deny"), 30, plain=True)


def _input(block: dict[str, Any]) -> None:
    _text(block.get("label"), 2_000, plain=True)
    if "hint" in block:
        _text(block["hint"], 2_000, plain=True)
    element = block.get("element")
    _need(isinstance(element, dict) and element.get("type") in _INPUTS, "element")
    assert isinstance(element, dict)
    _need(element.get("max_length", 3_000) <= 3_000, "max_length")
    _need(len(element.get("initial_value", "")) <= element.get("max_length", 3_000), "initial_value")


def _text(value: Any, limit: int, *, plain: bool = False) -> None:
    _need(isinstance(value, dict), "a text object is missing")
    allowed = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    _need(value.get("type") in allowed, f"text type must be one of {sorted(allowed)}")
    _need(
        isinstance(value.get("text"), str) and 0 < len(value["text"]) <= limit, f"must be 1 to {limit} characters"
    )


def _rich_text(block: dict[str, Any]) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""
    _need(isinstance(block.get("elements"), list) and block["elements"], "rich_text elements")
    for part in block["elements"]:
        inside = part.get("elements")
        _need(isinstance(inside, list) and inside, f"{part.get('type')} has no elements")
        if part["type"] == "rich_text_list":
            _need(part.get("style") in {"bullet", "ordered"} and 0 <= part.get("indent", 0) <= 8, "list")
            _need(all(one.get("type") == "rich_text_section" for one in inside), "list items")
            inside = [element for one in inside for element in one["elements"]]
        _need(part["type"] in _RICH, f"unsupported {part['type']}")
        is_code = part["type"] == "rich_text_preformatted"
        for element in inside:
            _rich_element(element, {"text", "link"} if is_code else _RICH_ELEMENTS)


def _rich_element(element: dict[str, Any], allowed: set[str]) -> None:
    _need(element.get("type") in allowed, f"unsupported element {element.get('type')}")
    if element["type"] == "text":
        _need(isinstance(element.get("text"), str) and element["text"], "text must not be empty")
    if element["type"] == "link":
        _need(str(element.get("url", "")).startswith(("https://", "http://", "mailto:")), "url")
    style = element.get("style", {})
    _need(style.keys() <= {"bold", "italic", "strike", "code"} and set(style.values()) <= {True, False}, "style")


def _unique(names: list[Any], what: str) -> None:
    given = [name for name in names if name]
    _need(len(given) == len(set(given)), f"duplicate {what}")


def _need(holds: Any, says: str) -> None:
    if not holds:
        raise Refused(f"[ERROR] {says}")


_CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "section": _section,
    "header": _header,
    "markdown": _markdown,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "rich_text": _rich_text,
}
