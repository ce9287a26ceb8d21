"""Texts in the lengths that channels take."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.channel import SlackWebhook
from reconciler.policy.dialects import PLAIN, SLACK
from reconciler.providers.channels import content
from tests.providers.channels.notices import BEGUN, REVERTED, outgoing

LINES = st.lists(st.text(alphabet="ab é½", max_size=40), max_size=20).map("\n".join)


def test_a_title_says_how_much_it_matters_on_one_line() -> None:
    assert content.title(replace(REVERTED, title=" it\r\nfailed\t"), 80) == "Error: it failed"
    assert content.title(BEGUN, 80) == "shop@production goes to 2.1"
    assert content.title(replace(REVERTED, title="x" * 99), 20) == "Error: xxxxxxxxxxx …"


def test_a_title_that_nobody_can_see_is_the_name_of_the_event() -> None:
    assert content.title(replace(BEGUN, title="\u200b\u202e \n"), 80) == "rollout.begun"


def test_a_template_that_fails_is_replaced_by_the_usual_words_and_why() -> None:
    told = content.body(outgoing(SlackWebhook(url=""), BEGUN, template="{{ labels.owner }}"), SLACK)
    assert told.startswith(content.body(outgoing(SlackWebhook(url=""), BEGUN), SLACK))
    assert "(the template of the policy cannot be used: 'dict object' has no attribute 'owner'" in told


def test_why_a_template_failed_is_escaped_too() -> None:
    told = content.body(outgoing(SlackWebhook(url=""), BEGUN, template="{{ labels['<!channel>'] }}"), SLACK)
    assert "<!channel>" not in told
    assert "&lt;!channel&gt;" in told


def test_a_template_of_a_policy_is_what_is_said() -> None:
    assert content.body(outgoing(SlackWebhook(url=""), BEGUN, template="{{ unit }}!"), PLAIN) == "shop@production!"


@given(LINES, st.integers(min_value=40, max_value=200))
def test_lines_within_a_limit_are_whole_and_never_more(text: str, longest: int) -> None:
    kept = content.lines_within(text, longest)
    assert len(kept.encode()) <= longest or kept == "…"
    if kept != text:
        assert kept.endswith("…")


@given(LINES, st.integers(min_value=10, max_value=60), st.integers(min_value=1, max_value=5))
def test_pieces_are_within_their_limits_and_say_when_there_is_more(text: str, longest: int, most: int) -> None:
    pieces = content.parts(text, longest, most)
    assert len(pieces) <= most
    assert all(len(each) <= longest for each in pieces)
    whole = content.parts(text, longest, 1_000)
    assert pieces == whole or pieces[-1] == "…"


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_line_that_is_longer_than_everything_is_cut_and_told(size: int) -> None:
    assert content.lines_within("x" * 10_000 + "\n" * size, 400).startswith("xxxx")
