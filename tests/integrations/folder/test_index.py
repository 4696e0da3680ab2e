"""The page of a job beside its files."""

from integrations.contracts import Json
from integrations.folder import index


def record(key: str, at: str = "2026-11-23 23:45 UTC", **changes: str) -> Json:
    """What the folder keeps of one effect."""
    told = {"job": "3f2a", "title": "Menu", "client": "", "agent": "drafting", "page": ""}
    files = [{"name": f"{key}.md", "placed": f"{key}.md", "sha256": key * 64}]
    return {**told, **changes, "key": key, "at": at, "files": files}


def test_all_files_stand_in_the_order_in_which_they_were_made() -> None:
    page = index.page([record("b", at="2026-11-24 01:00 UTC"), record("a"), record("c")]).decode()
    assert page.index("a.md") < page.index("c.md") < page.index("b.md")
    for key in "abc":
        assert key * 64 in page


def test_what_others_wrote_is_text() -> None:
    hostile = "</title><script>alert(1)</script>"
    page = index.page([record("a", title=hostile, client=hostile, agent=hostile, page='"><script>')]).decode()
    assert "<script" not in page


def test_without_a_client_and_a_page_it_says_less() -> None:
    page = index.page([record("a")]).decode()
    assert "<p>Job 3f2a.</p>" in page
