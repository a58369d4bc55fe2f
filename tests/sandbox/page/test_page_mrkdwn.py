"""Mrkdwn: what is typed, and what a reader gets to see. Every example is one line of the table."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.sandbox.page.markdown import markdown
from integrations.sandbox.page.mrkdwn import mrkdwn, plain
from integrations.sandbox.page.reader import Reader
from integrations.sandbox.page.rich_text import rich_text

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OMAR = Reader(
    id="U0OMAR",
    tz=ZoneInfo("Europe/Berlin"),
    now=NOON,
    people={"U0OMAR": "Omar Haddad", "U0RUTH": "Ruth <Okafor>"},
    channels={"C0RELEASES": "releases"},
    groups={"S0QA": "qa", "S0CAB": "cab"},
    own_groups=frozenset({"S0QA"}),
    base="/as/omar",
)
LINK = 'target="_blank" rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("*bold* _italic_ ~struck~", "<b>bold</b> <i>italic</i> <s>struck</s>"),
        ("*bold _both_*", "<b>bold <i>both</i></b>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("* not bold* and ** neither", "* not bold* and ** neither"),
        ("*R-12*: ready", "<b>R-12</b>: ready"),
        ("`*code* :tada:`", "<code>*code* :tada:</code>"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("```\n*pre* :tada:\n  two\n```", "<pre>*pre* :tada:\n  two</pre>"),
        ("before\n```x```\nafter", "before<pre>x</pre>after"),
        ("> quoted *b*\n> more\nnot", "<blockquote>quoted <b>b</b><br>more</blockquote>not"),
        ("&gt; quoted", "<blockquote>quoted</blockquote>"),
        (">>> all\nof it", "<blockquote>all<br>of it</blockquote>"),
        ("a\nb", "a<br>b"),
        ("a\n  b", "a<br>\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}b"),
        ("a\n\nb", 'a<br><span class="gap"></span>b'),
        ("- one", '<span class="item item-0"><span class="bullet">•</span><span>one</span></span>'),
        ("      ◦ two", '<span class="item item-2"><span class="bullet">◦</span><span>two</span></span>'),
        ("12. twelve", '<span class="item item-0"><span class="bullet">12.</span><span>twelve</span></span>'),
        (
            "<https://a.example/?x=1&amp;y=2|the *log*>",
            f'<a href="https://a.example/?x=1&amp;y=2" {LINK}>the <b>log</b></a>',
        ),
        ("<https://a.example>", f'<a href="https://a.example" {LINK}>https://a.example</a>'),
        ("see https://a.example/x_y_z.", f'see <a href="https://a.example/x_y_z" {LINK}>https://a.example/x_y_z</a>.'),
        ("<mailto:o@a.example|Omar>", f'<a href="mailto:o@a.example" {LINK}>Omar</a>'),
        ("<https://a.example|`9f3c2ab`>", f'<a href="https://a.example" {LINK}><code>9f3c2ab</code></a>'),
        ("<@U0OMAR>", '<span class="mention mention-own">@Omar Haddad</span>'),
        ("<@U0RUTH|ruth>", '<span class="mention">@Ruth &lt;Okafor&gt;</span>'),
        ("<@U0NOBODY|nobody>", '<span class="mention">@nobody</span>'),
        ("<!subteam^S0QA>", '<span class="mention mention-own">@qa</span>'),
        ("<!subteam^S0CAB|@cab>", '<span class="mention">@cab</span>'),
        ("<#C0RELEASES>", '<a class="mention" href="/as/omar/c/releases">#releases</a>'),
        ("<#C0SECRET>", '<span class="mention">private channel</span>'),
        ("<!here>", '<span class="mention mention-own">@here</span>'),
        (":rocket: :+1::skin-tone-3: :no_such_thing: 10:30:45", "🚀 👍 :no_such_thing: 10:30:45"),
        ("a &amp; b &lt;c&gt;", "a &amp; b &lt;c&gt;"),
        ("&amp;lt;", "&amp;lt;"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<javascript:alert(1)|press>", "&lt;javascript:alert(1)|press&gt;"),
        ('<https://a.example/"onmouseover="x|y>', f'<a href="https://a.example/&#34;onmouseover=&#34;x" {LINK}>y</a>'),
        ('it\'s "so"', "it&#39;s &#34;so&#34;"),
        ("a\x00 0\x00", "a 0"),
        ("", ""),
    ],
)
def test_mrkdwn_is_shown_as_slack_shows_it(typed, shown):
    assert str(mrkdwn(typed, OMAR)) == shown


@pytest.mark.parametrize(
    ("token", "zone", "shown"),
    [
        ("<!date^1795442400^{date_short_pretty} {time}|soon>", "Europe/Berlin", "Today 15:00"),
        ("until <!date^1795442400^{date_short_pretty} {time}|soon>", "Europe/Berlin", "today 15:00"),
        ("until <!date^1795442400^{date_pretty}, {time}|soon>", "Asia/Tokyo", "today, 23:00"),
        ("until <!date^1795446000^{date_pretty}, {time}|soon>", "Asia/Tokyo", "tomorrow, 00:00"),
        ("<!date^1795442400^{date}|x>", "America/New_York", "November 23rd, 2026"),
        ("<!date^1795442400^{date_long}|x>", "America/New_York", "Monday, November 23rd, 2026"),
        ("<!date^1795442400^{date_num} {time_secs}|x>", "America/New_York", "2026-11-23 09:00:00"),
        ("<!date^1795356000^{date_short_pretty}|x>", "Europe/Berlin", "Yesterday"),
        ("<!date^1793800800^{date_short_pretty}|x>", "Europe/Berlin", "Nov 4, 2026"),
        ("in <!date^1795442400^{ago}|x>", "Europe/Berlin", "in 2 hours"),
        ("<!date^1795442400^on {nonsense}|x>", "Europe/Berlin", "On {nonsense}"),
    ],
)
def test_a_date_is_written_for_the_readers_own_clock(token, zone, shown):
    reader = Reader(id="U1", tz=ZoneInfo(zone), now=NOON)
    found = re.search(r"<time [^>]*>(.*)</time>", str(mrkdwn(token, reader)))
    assert found is not None
    assert found[1] == shown


@pytest.mark.parametrize(
    "token",
    [
        "<!date^soon^{time}|at noon>",
        "<!date^^{time}|at noon>",
        "<!date^99999999999999^{time}|at noon>",
        "<!date^12|at noon>",
    ],
)
def test_a_date_that_is_none_shows_its_fallback(token):
    assert str(mrkdwn(token, OMAR)) == "at noon"


def test_a_date_may_be_a_link():
    shown = str(mrkdwn("<!date^1795442400^{date_num}^https://a.example/cal|x>", OMAR))
    assert shown.startswith(f'<a href="https://a.example/cal" {LINK}><time ')


ALLOWED = {"b", "i", "s", "code", "pre", "blockquote", "br", "span", "a", "time"}


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab*_~`<>&|@#!^:/ \n\"'-{}0;=hrefjavscipt.U\x00"), max_size=60))
def test_whatever_is_typed_only_known_markup_comes_out(text):
    shown = str(mrkdwn(text, OMAR))
    tags = re.findall(r"<(/?)([a-z]*)([^>]*)>", shown)
    assert shown.count("<") == len(tags)
    assert {name for _, name, _ in tags} <= ALLOWED
    assert not any(re.search(r"\son\w+=|javascript:", attributes) for _, _, attributes in tags)
    assert "\x00" not in shown


def test_plain_text_has_no_markup_but_pictures():
    assert str(plain("*a* <b> :tada:\nnext")) == "*a* &lt;b&gt; 🎉<br>next"
    assert str(plain(":tada:", emoji=False)) == ":tada:"


def test_standard_markdown_is_shown_and_stays_harmless():
    shown = str(
        markdown(
            "# Notes\n\n- [ ] one :tada:\n- [x] two\n\n| a |\n|--:|\n| 1 |\n\n"
            "<b>x</b> [y](javascript:1) ![pic](http://a/b) [ok](https://a.example)"
        )
    )
    assert "<h1>Notes</h1>" in shown
    assert "☐ one 🎉" in shown
    assert "☑ two" in shown
    assert '<td class="align-right">1</td>' in shown
    assert "&lt;b&gt;x" in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown
    assert f'<a href="https://a.example" {LINK}>ok</a>' in shown


@pytest.mark.parametrize(
    ("elements", "shown"),
    [
        (
            [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "a<b", "style": {"bold": True, "italic": True}}],
                }
            ],
            "<p><i><b>a&lt;b</b></i></p>",
        ),
        (
            [{"type": "rich_text_section", "elements": [{"type": "link", "url": "javascript:1", "text": "x"}]}],
            "<p>x</p>",
        ),
        (
            [{"type": "rich_text_section", "elements": [{"type": "link", "url": "https://a.example"}]}],
            f'<p><a href="https://a.example" {LINK}>https://a.example</a></p>',
        ),
        (
            [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "user", "user_id": "U0OMAR"}, {"type": "usergroup", "usergroup_id": "S0CAB"}],
                }
            ],
            '<p><span class="mention mention-own">@Omar Haddad</span><span class="mention">@cab</span></p>',
        ),
        (
            [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "emoji", "name": "tada"}, {"type": "emoji", "name": "ours"}],
                }
            ],
            "<p>🎉:ours:</p>",
        ),
        (
            [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "broadcast", "range": "here"},
                        {"type": "channel", "channel_id": "C0RELEASES"},
                    ],
                }
            ],
            (
                '<p><span class="mention mention-own">@here</span>'
                '<a class="mention" href="/as/omar/c/releases">#releases</a></p>'
            ),
        ),
        (
            [{"type": "rich_text_section", "elements": [{"type": "date", "timestamp": "x", "fallback": "then"}]}],
            "<p>then</p>",
        ),
        ([{"type": "rich_text_quote", "elements": [{"type": "text", "text": "q"}]}], "<blockquote>q</blockquote>"),
        ([{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "$ make"}]}], "<pre>$ make</pre>"),
        (
            [
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "indent": 1,
                    "offset": 2,
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "three"}]}],
                }
            ],
            '<ol class="indent-1" start="3"><li>three</li></ol>',
        ),
        ([{"type": "rich_text_list", "style": "bullet", "elements": []}], '<ul class="indent-0"></ul>'),
    ],
)
def test_rich_text_is_shown_part_by_part(elements, shown):
    assert str(rich_text({"type": "rich_text", "elements": elements}, OMAR)) == shown
