"""What agents wrote on a page: readable, and harmless."""

import pytest

from jobs.inbox.rendering import LONG_DIFF, has_hidden_characters, links, parse_diff, to_html

DIFF = """From: somebody
diff --git a/old.py b/new.py
similarity index 90%
--- a/old.py
+++ b/new.py
@@ -3,3 +3,4 @@ def f():
 same
-gone
+come
+more
\\ No newline at end of file
diff --git a/gone.txt b/gone.txt
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
--- a line that looks like a header
"""


def test_markdown_becomes_html() -> None:
    html = to_html("# Hi\n\n**bold** ~~no~~\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for part in ("<h1>Hi</h1>", "<strong>bold</strong>", "<s>no</s>", "<td>1</td>"):
        assert part in html


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<iframe src=//x.example>",
        "<style>body{display:none}</style>",
        '<a href="javascript:alert(1)">a</a>',
        "<form action=//x.example><input name=a></form>",
        "<!-- comment -->",
    ],
)
def test_raw_html_stays_text(evil: str) -> None:
    html = to_html(evil)
    assert evil not in html
    assert html.startswith("<p>&lt;")


@pytest.mark.parametrize(
    "link",
    [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](vbscript:x)",
        "[a](/inbox/1/approval/)",
        "[a](//x.example/)",
        "[a](\u00a0javascript:alert(1))",
    ],
)
def test_only_absolute_links_to_known_schemes_are_links(link: str) -> None:
    assert "href" not in to_html(link)


def test_a_link_carries_nothing_to_where_it_leads() -> None:
    html = to_html("[a](https://x.example/p?a=1&b=2)")
    assert 'rel="noopener noreferrer nofollow"' in html
    assert links("[a](https://x.example/p?a=1&b=2) [b](https://x.example/p?a=1&b=2)") == [
        "https://x.example/p?a=1&b=2"
    ]


@pytest.mark.parametrize("image", ["![a](https://x.example/p.png)", "![a][1]\n\n[1]: https://x.example/p.png"])
def test_an_image_is_never_loaded(image: str) -> None:
    assert "<img" not in to_html(image)


@pytest.mark.parametrize(("text", "hidden"), [("plain — text", False), ("a\u202eb", True), ("a\u200bb", True)])
def test_characters_that_cannot_be_seen_are_found(text: str, hidden: bool) -> None:
    assert has_hidden_characters(text) is hidden


def test_a_diff_is_read_file_by_file() -> None:
    first, second = parse_diff(DIFF)
    assert (first.path, first.added, first.removed) == ("new.py", 2, 1)
    assert [(line.old, line.new, line.sign) for line in first.lines] == [
        (None, None, "@"),
        (3, 3, " "),
        (4, None, "-"),
        (None, 4, "+"),
        (None, 5, "+"),
    ]
    assert (second.path, second.removed) == ("gone.txt", 1)
    assert second.lines[1].text == "-- a line that looks like a header"


def test_what_came_stands_beside_what_went() -> None:
    (file,) = parse_diff("--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n-a\n+b\n+c\n same\n-gone\n+new\n")
    shown = [(old and old.text, new and new.text) for old, new in file.sides]
    assert shown[1:] == [("a", "b"), (None, "c"), ("same", "same"), ("gone", "new")]
    assert [(old and old.old, new and new.new) for old, new in file.sides][3] == (2, 3)


def test_a_diff_without_git_is_read_too() -> None:
    (file,) = parse_diff("--- a/x.py\t2026\n+++ b/x.py\t2026\n@@ -1 +1 @@\n-a\n+b\n")
    assert (file.path, file.added, file.removed) == ("x.py", 1, 1)


@pytest.mark.parametrize("text", ["", "diff", "@@", "+++ b/x", "\x00\n@@ -a +b @@\n+x", "diff --git \n@@ -1 +1 @@"])
def test_anything_may_call_itself_a_diff(text: str) -> None:
    parse_diff(text)


def test_a_long_diff_starts_folded() -> None:
    whole = "".join(
        f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -0,0 +1,500 @@\n" + "+line\n" * number
        for name, number in (("short", 1), ("fits", LONG_DIFF - 3), ("beyond", 1))
    )
    assert [(file.path, file.is_folded) for file in parse_diff(whole)] == [
        ("short", False),
        ("fits", False),
        ("beyond", True),
    ]
