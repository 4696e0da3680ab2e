"""The HTML part of a mail."""

import re

import pytest

from integrations.mail.rendering import to_html

HOSTILE = """
<script>alert(1)</script>
<img src="https://evil.example/beacon.png">
![beacon](https://evil.example/beacon.png)
![ref][b]

[b]: https://evil.example/beacon2.png
[click](javascript:alert(1)) [data](data:text/html;base64,PHNjcmlwdD4=) [rel](/admin/) [odd](//evil.example/x)
[half](http://[) [space](\u2003javascript:alert(1)) <javascript:alert(1)> <https://ok.example/>
<style>body{background:url(https://evil.example)}</style>
<a href="https://evil.example" onclick="x()" style="x">a</a>
<iframe src="https://evil.example"></iframe>
<!-- comment -->
`<script>` and

    <script>code</script>
"""


def test_markdown_is_rendered() -> None:
    page = to_html("# Menu\n\nWarm *soup*, **today**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n")
    for part in ("<h1>Menu</h1>", "<em>soup</em>", "<strong>today</strong>", "<td>1</td>", "<li>one</li>"):
        assert part in page
    assert page.startswith("<!doctype html>")


def test_nothing_in_it_runs_loads_or_calls_home() -> None:
    page = to_html(HOSTILE)
    tags = set(re.findall(r"</?([a-z0-9]+)", page)) - {"html", "head", "meta", "style", "body"}
    assert tags <= {"p", "a", "code", "pre"}
    assert not re.search(r"<[^>]+\s(on\w+|style|src|srcset)\s*=", page)
    assert "<img" not in page
    assert page.count("<style") == 1, "our own"
    assert not re.search(r"url\(|@import", page.partition("</style>")[0])
    links = re.findall(r'href="([^"]*)"', page)
    assert "https://ok.example/" in links
    assert all(link.startswith(("https://", "http://", "mailto:")) for link in links)


def test_an_image_becomes_a_link_that_nothing_loads() -> None:
    page = to_html("![our menu](https://ok.example/menu.png)")
    assert '<a href="https://ok.example/menu.png"' in page
    assert ">our menu</a>" in page


def test_links_do_not_tell_where_they_were_clicked() -> None:
    assert '<a href="https://ok.example/" rel="noopener noreferrer nofollow">x</a>' in to_html(
        "[x](https://ok.example/)"
    )


@pytest.mark.parametrize("text", ["> " * 5_000 + "deep", "[" * 5_000, "*a " * 5_000, "<" * 20_000])
def test_hostile_depth_ends(text: str) -> None:
    assert to_html(text).endswith("</body></html>\n")
