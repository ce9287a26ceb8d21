"""What text from people cannot say in the writing of each channel."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.dialects import CARD, HTML, PLAIN, PLAIN_CHAT, SLACK, Dialect, clean

ALL = (PLAIN, SLACK, CARD, HTML)
HOSTILE = st.text(alphabet=st.sampled_from("<>&*_~`[]()!|@#\\'\" \nabc:/.\u202e\u200b\x00\r"), max_size=40)


@pytest.mark.parametrize(
    ("dialect", "text", "said"),
    [
        (SLACK, "<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        (SLACK, "*bold* _it_ ~no~ `x`", "\u200b*bold\u200b* \u200b_it\u200b_ \u200b~no\u200b~ \u200b`x\u200b`"),
        (CARD, "<at>all</at> **b** [x](y)", r"\<at\>all\</at\> \*\*b\*\* \[x\](y)"),
        (HTML, "<script>\"'&", "&lt;script&gt;&quot;&#x27;&amp;"),
        (PLAIN, "<b> *x*", "<b> *x*"),
        (PLAIN_CHAT, "@everyone @HERE shop@production", "@\u200beveryone @\u200bHERE shop@production"),
    ],
    ids=lambda each: each.name if isinstance(each, Dialect) else None,
)
def test_what_marks_is_made_harmless(dialect: Dialect, text: str, said: str) -> None:
    assert dialect.escape(text) == said


@pytest.mark.parametrize(
    ("dialect", "bold", "code", "link"),
    [
        (PLAIN, "a", "b", "c: https://d.example/?e=1"),
        (SLACK, "*a*", "`b`", "<https://d.example/?e=1|c>"),
        (CARD, "**a**", "`b`", "[c](https://d.example/?e=1)"),
        (HTML, "<strong>a</strong>", "<code>b</code>", '<a href="https://d.example/?e=1">c</a>'),
    ],
    ids=lambda each: each.name if isinstance(each, Dialect) else None,
)
def test_each_channel_has_its_own_marks(dialect: Dialect, bold: str, code: str, link: str) -> None:
    assert dialect.bold("a") == bold
    assert dialect.code("b") == code
    assert dialect.link("c", "https://d.example/?e=1") == link


@pytest.mark.parametrize("dialect", [SLACK, CARD, HTML], ids=lambda each: each.name)
@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "https://a.example/>|<!channel", "https://a.example/)[x](b", "//x", ""],
)
def test_what_is_no_address_of_the_web_is_no_link(dialect: Dialect, url: str) -> None:
    assert dialect.link("c", url) == dialect.escape(f"c {url}")


@given(HOSTILE)
def test_in_slack_nobody_is_mentioned_and_nothing_is_linked_by_what_people_wrote(text: str) -> None:
    for said in (SLACK.escape(text), SLACK.bold(text), SLACK.code(text), SLACK.link(text, text)):
        assert "<" not in said
        assert ">" not in said


@given(HOSTILE)
def test_in_html_there_are_no_marks_by_what_people_wrote(text: str) -> None:
    assert not set(HTML.escape(text)) & set("<>\"'")
    assert html.unescape(HTML.escape(text)) == text
    assert HTML.bold(text).count("<") == HTML.code(text).count("<") == 2


@given(HOSTILE)
def test_in_cards_every_mark_of_people_stands_for_itself(text: str) -> None:
    said = CARD.escape(text)
    assert said.replace("\\\\", "").replace("\\*", "").count("*") == 0
    assert "](" not in said.replace("\\]", "").replace("\\(", "")
    assert CARD.code(text).count("`") == 2


@given(st.text(max_size=60))
def test_what_nobody_sees_is_gone_and_lines_stay(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned.count("\n") == text.count("\n")
    cleaned.encode()


def test_halves_and_turned_text_are_gone() -> None:
    assert clean("a\u202eb\x00c\ud800d\r\ne\tf\ufeff") == "abcd\ne\tf"
