"""An approved Markdown text as the HTML part of a mail: nothing in it can run, load or call home."""

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "blockquote", "pre", "code", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_SCHEMES = {"http", "https", "mailto"}
# An image is a beacon in the client's hands: without the rule, its Markdown stays a plain link.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
# Plain enough for every program that shows mail; without it the same words stand there, only less well.
_STYLE = (
    "body{font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif;max-width:40em;margin:1.5em auto;"
    "padding:0 1em}table{border-collapse:collapse}th,td{text-align:left;padding:.3em 1.2em .3em 0;"
    "border-bottom:1px solid #ccc}blockquote{margin-left:0;padding-left:1em;border-left:3px solid #ccc}"
    "pre{white-space:pre-wrap}"
)
_PAGE = (
    '<!doctype html>\n<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    "<style>{style}</style></head>\n<body>\n{body}</body></html>\n"
)


def to_html(text: str) -> str:
    """The text as a whole HTML page: a closed list of tags, links only to absolute http, https and mailto."""
    clean = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_absolute,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return _PAGE.format(style=_STYLE, body=clean)


def _absolute(tag: str, attribute: str, value: str) -> str | None:
    """The link's address if it names one of the schemes itself; a relative one means nothing in a mail."""
    scheme = value.partition(":")[0].lower()
    return value if attribute != "href" or scheme in _SCHEMES else None
