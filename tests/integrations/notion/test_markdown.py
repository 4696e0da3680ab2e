"""What agents wrote comes out as blocks of a closed list."""

import pytest

from integrations.notion import markdown
from tests.emulators.notion_rules import reaches_out

PLAIN = {
    "a heading": ("## Two", ["## Two"]),
    "the deepest heading": ("###### Six", ["#### Six"]),
    "emphasis": ("a **b** *c* ~~d~~ `e_<f`", ["a **b** *c* ~~d~~ `e_<f`"]),
    "a link": ("[Lume](https://lume.example/a_(b)?c=d&e#f)", ["[Lume](https://lume.example/a_%28b%29?c=d&e#f)"]),
    "an address": ("<https://lume.example/x>", ["[https://lume.example/x](https://lume.example/x)"]),
    "a mail address": ("<marta@example.com>", ["[marta@example.com](mailto:marta@example.com)"]),
    "lines": ("a\nb  \nc", ["a b<br>c"]),
    "a quotation": ("> a\n> b", ["> a b"]),
    "a list": ("- a\n- b\n\n  c", ["- a\n- b\n\tc"]),
    "a numbered list": ("3. a\n4. b\n   - c", ["3. a\n4. b\n\t- c"]),
    "a rule": ("a\n\n---\n\nb", ["a", "---", "b"]),
    "code": ("```py x\na = `b`\n```", ["```py\na = `b`\n```"]),
    "code with fences": ("````\n```\n````", ["````\n```\n````"]),
    "indented code": ("    <b>", ["```\n<b>\n```"]),
    "code with a language of its own": ('```"><img\nx\n```', ["```\nx\n```"]),
    "a table": (
        "| a | b |\n|---|---|\n| 1 | 2 |",
        [
            '<table header-row="true">\n\t<tr>\n\t\t<td>a</td>\n\t\t<td>b</td>\n\t</tr>'
            "\n\t<tr>\n\t\t<td>1</td>\n\t\t<td>2</td>\n\t</tr>\n</table>"
        ],
    ),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "blocks"), PLAIN.values(), ids=PLAIN.keys())
def test_markdown_keeps_its_meaning(text: str, blocks: list[str]) -> None:
    assert markdown.blocks(text) == blocks


HOSTILE = {
    "an image": ("![pixel](https://evil.example/b.png?d=1)", "[pixel](https://evil.example/b.png?d=1)"),
    "an image by reference": ("![a][1]\n\n[1]: https://evil.example/b", "[a](https://evil.example/b)"),
    "an image without a name": ("![](https://evil.example/b)", "[picture](https://evil.example/b)"),
    "an image of data": ("![a](data:image/png;base64,xxxx)", "a"),
    "a call before a link": ("wow\\![a](https://evil.example/b)", "wow! [a](https://evil.example/b)"),
    "a tag of theirs": ('<image source="https://evil.example/b">', r'\<image source="https://evil.example/b"\>'),
    "an embed": ('<embed src="x"/>', r'\<embed src="x"/\>'),
    "a mention": ('<mention-user url="user://1"/> @all', r'\<mention-user url="user://1"/\> @all'),
    "a mention in a tag": ("a <mention-user url=x>b</mention-user>", r"a \<mention-user url=x\>b\</mention-user\>"),
    "a comment": ("<!-- a -->", r"\<!-- a --\>"),
    "a colour": ('text {color="red"}', r'text \{color="red"\}'),
    "an equation": ("$x$", r"\$x\$"),
    "a script's address": ("[a](javascript:alert(1))", r"\[a\](javascript:alert(1))"),
    "a relative address": ("[a](/admin/)", "a"),
    "an address of nothing": ("[a](//[x)", "a"),
    "a heading of text": (r"\# no", r"\# no"),
    "a list of text": (r"1\. no", r"\1. no"),
    "a direction turned": ("a\u202eb\u200bc", "a(U+202E)b(U+200B)c"),
    "a NUL": ("a\x01b", "a(U+0001)b"),
}


@pytest.mark.parametrize(("text", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_reaches_out_of_the_page(text: str, said: str) -> None:
    made = "\n\n".join(markdown.blocks(text))
    assert made == said
    assert not reaches_out(made)


@pytest.mark.parametrize(
    "outer", ["> {}", "- {}", "1. {}", "## {}", "**{}**", "[{}](https://x.example)", "| {} |\n|-|"]
)
def test_nothing_reaches_out_from_within_another_block(outer: str) -> None:
    for text, _ in HOSTILE.values():
        assert not reaches_out("\n".join(markdown.blocks(outer.format(text.split("\n")[0]))))


def test_an_emoji_that_is_joined_stays_whole() -> None:
    assert markdown.blocks("👩‍🍳 cooks") == ["👩‍🍳 cooks"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("# One *two*\n\nText", ("One *two*", "Text")),
        ("\n# One #\nText", ("One", "Text")),
        ("## Two\n\nText", ("", "## Two\n\nText")),
        ("", ("", "")),
    ],
)
def test_the_first_heading_is_the_title(text: str, parts: tuple[str, str]) -> None:
    assert markdown.title(text) == parts


def test_a_text_of_its_own_means_nothing_else() -> None:
    assert markdown.escaped("- <b> [a](b) \u202e") == r"\- \<b\> \[a\](b) (U+202E)"
