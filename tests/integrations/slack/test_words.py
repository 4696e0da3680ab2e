"""Slack's marks become words, and words become no marks."""

import pytest

from integrations.slack.words import escaped, plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Look at <https://example.com/a?b=1&amp;c=2>", "Look at https://example.com/a?b=1&c=2"),
        ("Look at <https://example.com|the page>", "Look at the page (https://example.com)"),
        ("Write to <mailto:a@example.com|a@example.com>", "Write to a@example.com"),
        ("<@U0BOT> please  ask <@U2|tom>, <@U3>", "please  ask @tom, @U3"),
        ("in <#C1|desk> and <#C2>", "in #desk and #C2"),
        ("<!here> <!subteam^S1|@team> <!channel>", "@here @team @channel"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2, &amp;lt;", "1 < 2 && 3 > 2, &lt;"),
        (" <@U0BOT>\n two \n", "two"),
    ],
)
def test_what_slack_wrote_is_read_as_a_person_read_it(written: str, read: str) -> None:
    assert plain(written, own="U0BOT") == read


@pytest.mark.parametrize("text", ["<!channel> now", "<@U1>", "<https://evil.example|bank.example>", "a & b"])
def test_our_text_holds_no_mark_and_reads_the_same(text: str) -> None:
    assert "<" not in escaped(text)
    assert ">" not in escaped(text)
    assert plain(escaped(text)) == text
