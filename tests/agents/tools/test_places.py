"""What counts as a place of the owner's own."""

import pytest

from agents.contracts import Json
from agents.tools.places import NotionPage, Place, Places, Repository

OPTIONS: Json = {
    "places": {
        "notion": {"token": "ntn_x", "base_url": "https://api.notion.com"},
        "github": {
            "token": "github_pat_x",
            "base_url": "https://api.github.com",
            "site": "github.com",
            "repositories": {"site": "acme/site", "shop.js": "acme/shop.js"},
        },
    }
}
ID = "0123456789abcdef0123456789abcdef"
SITE = Repository("site", "acme/site")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (f"https://www.notion.so/acme/Opening-hours-{ID}", NotionPage(ID)),
        (f"https://acme.notion.site/{ID}?pvs=4", NotionPage(ID)),
        ("https://app.notion.com/p/01234567-89ab-cdef-0123-456789abcdef", NotionPage(ID)),
        ("https://www.notion.so/help", None),
        (f"https://notion.so.evil.example/{ID}", None),
        ("https://github.com/acme/site", SITE),
        ("https://github.com/Acme/Site.git", Repository("site", "Acme/Site")),
        ("https://github.com/acme/site/issues/12#issuecomment-3", Repository("site", "acme/site", issue=12)),
        ("https://github.com/acme/site/pull/7", Repository("site", "acme/site", issue=7)),
        ("https://github.com/acme/site/blob/v2/a%20b.md", Repository("site", "acme/site", path="a b.md", ref="v2")),
        ("https://github.com/evil/site/issues/12", None),
        ("https://github.com.evil.example/acme/site", None),
        ("site", SITE),
        ("site#12", Repository("site", "acme/site", issue=12)),
        (" site:docs/hours.md ", Repository("site", "acme/site", path="docs/hours.md")),
        ("shop.js", Repository("shop.js", "acme/shop.js")),
        ("notes.md", None),
        ("other#12", None),
        ("https://example.com/site#12", None),
        ("http://[broken", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_source_is_a_place_where_it_is_connected(source: str, place: Place | None) -> None:
    assert Places(OPTIONS).find(source) == place


def test_without_a_connection_there_are_none() -> None:
    for source in (f"https://www.notion.so/{ID}", "https://github.com/acme/site", "site#12"):
        assert Places({}).find(source) is None
    assert Places({}).repositories() == []
    assert Places(OPTIONS).repositories() == ["shop.js", "site"]
