"""Names that are safe on any disk."""

import pytest

from integrations.folder import naming


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("draft.md", "draft.md"),
        ("Größe der Karte.md", "Größe-der-Karte.md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\notes.txt", "notes.txt"),
        ("/etc/", "file"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        (" . ", "file"),
        ("a\x00b\nc.md", "a-b-c.md"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\u200bb.md", "a-b.md"),
        ('a<b>:"|?*.md', "a-b.md"),
        ("con.txt", "file-con.txt"),
        ("LPT1", "file-LPT1"),
        ("console.txt", "console.txt"),
        ("e\u0301.md", "é.md"),
        ("-rf", "rf"),
    ],
)
def test_safe_names(name: str, safe: str) -> None:
    assert naming.safe_name(name) == safe


@pytest.mark.parametrize(
    "name", ["x" * 500 + ".md", "ä" * 500 + ".md", "🌙" * 500, "x." + "y" * 500, "." * 500 + "x"]
)
def test_names_are_bounded_and_keep_their_ending(name: str) -> None:
    safe = naming.safe_name(name)
    assert 0 < len(safe.encode()) <= naming.MAX_NAME_BYTES
    assert safe.endswith(".md") is name.endswith(".md")
    assert naming.safe_name(safe) == safe


def test_versions() -> None:
    assert naming.versioned("draft.md", 1) == "draft.md"
    assert naming.versioned("draft.md", 2) == "draft-v2.md"
    assert naming.versioned("README", 12) == "README-v12"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Autumn menu: first draft", "autumn-menu-first-draft"),
        ("Größe & Café", "groe-cafe"),
        ("メニュー", "job"),
        ("../..", "job"),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert naming.slug(title) == slug
