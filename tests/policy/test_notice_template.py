"""Notices in words: what the usual template says, and what a template of somebody else's cannot do."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from reconciler.model.identity import UnitId
from reconciler.model.notification import Brief, Changes, Consent, Figure, Link, Notice, Severity, Topic
from reconciler.policy import notice_limits
from reconciler.policy.dialects import CARD, HTML, PLAIN, SLACK, Dialect
from reconciler.policy.notice_template import LONGEST, TemplateWrong, check, written

AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
BARE = Notice(id="1", topic=Topic.GIT_LOST, severity=Severity.ERROR, title="Git cannot be asked", at=AT, thread="git")
FULL = replace(
    BARE,
    topic=Topic.ROLLOUT_REVERTED,
    unit=UnitId("shop", "production"),
    version="2.1",
    stage="batch 2 of 4",
    detail="health of web-1 failed",
    changes=Changes(creates=1, updates=2, deletes=3, first=("update file:/etc/shop.conf on web-1",), more=5),
    targets=tuple(f"web-{number}" for number in range(1, 15)),
    figures=(
        Figure(name="error rate", seen="5 %", wanted="at most 1 %", good=False),
        Figure(name="latency", seen="10 ms", wanted="below 20 ms", good=True),
        Figure(name="load", seen="3"),
    ),
    consents=(Consent(author="ann", roles=("sre", "release"), reason="tested", instead_of="bob"),),
    commands=("reconciler explain shop@production",),
)
FULL_IN_WORDS = """\
health of web-1 failed
Unit: shop@production 2.1, batch 2 of 4
Changes: 1 to create, 2 to update, 3 to delete
- update file:/etc/shop.conf on web-1
- and 5 more
Targets: web-1, web-2, web-3, web-4, web-5, web-6, web-7, web-8, web-9, web-10, web-11, web-12 and 2 more
Figures:
- error rate: 5 %, wanted at most 1 %, BAD
- latency: 10 ms, wanted below 20 ms, good
- load: 3
Approved by: ann (sre, release) instead of bob: tested
To act:
reconciler explain shop@production"""


def test_the_usual_words_say_all_that_there_is() -> None:
    assert written("", FULL, PLAIN) == FULL_IN_WORDS


def test_the_usual_words_say_nothing_of_what_is_not_there() -> None:
    assert written("", BARE, PLAIN) == ""
    assert written("", replace(BARE, detail="no route to host"), PLAIN) == "no route to host"


def test_many_in_one_are_told_with_their_times() -> None:
    briefs = (Brief(topic=Topic.DRIFT_FOUND, severity=Severity.WARNING, title="cart has drifted", at=AT),)
    assert written("", replace(BARE, several=briefs, more=2), PLAIN) == "- 03:04 cart has drifted\n- and 2 more"


def test_a_template_has_every_field_of_a_notice_and_ways_to_mark() -> None:
    names = [each.name for each in fields(Notice)]
    check("".join(f"{{% if {name} %}}{{% endif %}}" for name in (*names, "changed", "team")))
    source = "{{ bold('a') }} {{ code('b') }} {{ link('c', 'https://d.example') }} {{ some(targets) }} {{ topic }}"
    told = written(source, replace(FULL, targets=("web-1",)), SLACK)
    assert told == "*a* `b` <https://d.example|c> web-1 rollout.reverted"


@pytest.mark.parametrize("dialect", [PLAIN, SLACK, CARD, HTML], ids=lambda each: each.name)
def test_all_that_is_huge_is_said_in_what_any_channel_takes(dialect: Dialect) -> None:
    text = "&<*`" * 100_000
    notice = replace(
        FULL,
        title=text,
        detail=text,
        reason=text,
        actor=text,
        version=text,
        stage=text,
        changes=Changes(first=(text,) * 1000),
        targets=(text,) * 1000,
        services=(text,) * 1000,
        figures=(Figure(name=text, seen=text, wanted=text),) * 100,
        consents=(Consent(author=text, roles=(text,) * 100, reason=text),) * 100,
        links=(Link(label=text, url="https://a.example/"),) * 100,
        commands=(text,) * 100,
    )
    # Five characters for one is the most that escaping makes of any.
    assert len(written("", notice, dialect)) < 2_000_000


def test_what_was_cut_is_told() -> None:
    shown = notice_limits.bounded(replace(FULL, changes=Changes(first=("x",) * 30, more=5), detail="a" * 9_999))
    assert shown.changes is not None
    assert (len(shown.changes.first), shown.changes.more) == (20, 15)
    assert len(shown.detail) == notice_limits.DETAIL
    assert shown.detail.endswith("a …")


def test_a_notice_of_usual_size_is_told_as_it_is() -> None:
    assert notice_limits.bounded(FULL) == FULL


def test_a_link_that_is_too_long_is_left_out_and_not_cut() -> None:
    whole, long = Link(label="a", url="https://a.example"), Link(label="b", url="https://b.example/" + "b" * 3_000)
    assert notice_limits.bounded(replace(FULL, links=(long, whole))).links == (whole,)


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("{{ title", "unexpected end of template", 1),
        ("\n\n{% if %}", "Expected an expression", 3),
        ("{% include 'x' %}", "cannot include, import or extend", 1),
        ("a\n{% import 'x' as y %}", "cannot include, import or extend", 2),
        ("{% extends 'x' %}", "cannot include, import or extend", 1),
        ("x\n{{ secrets }}", "a notice has no 'secrets'; it has actor, at, bold", 2),
        ("{{ range(9) }}", "a notice has no 'range'", 1),
        ("{{ lipsum() }}", "a notice has no 'lipsum'", 1),
        ("{{ self }}{{ cycler }}", "a notice has no 'cycler'", 1),
        ("{{ title | nonsense }}", "No filter named 'nonsense'", 1),
        ("{{ title | random }}", "No filter named 'random'", 1),
        ("a" * (LONGEST + 1), "it has more than 64 KiB", 0),
        ("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "this template cannot be read", 0),
    ],
)
def test_what_is_no_template_is_told_with_its_line(source: str, message: str, line: int) -> None:
    with pytest.raises(TemplateWrong, match=message) as caught:
        check(source)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ title.__class__.__mro__ }}", "unsafe"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ bold.__globals__ }}", "unsafe"),
        ("{{ bold.__closure__ }}", "unsafe"),
        ("{{ labels.update({'a': 'b'}) }}", "is unsafe"),
        ("{{ targets.append('x') }}", "is unsafe"),
        ("{{ 'a' * 999999999 }}", "more than 16 MiB"),
        ("{{ 9 ** 99999 }}", "too big"),
        ("{{ '%999999999d' % 1 }}", "width"),
        ("{% for a in targets %}" * 9 + "x" + "{% endfor %}" * 9, "too long|too much"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion|RecursionError|too long"),
        ("{{ 'x' * 70000 }}", "it writes more than 64 KiB"),
        ("{{ targets }}", "a list cannot be written"),
        ("{{ changes }}", "a dict cannot be written"),
        ("{{ none }}", "a value is empty"),
        ("{{ commit.id }}", "commit|None"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ bold }}", "cannot be written"),
    ],
)
def test_a_template_can_do_nothing_but_write_a_little(source: str, message: str) -> None:
    with pytest.raises(TemplateWrong, match=message):
        written(source, FULL, PLAIN)


def test_a_template_that_sorts_for_each_letter_of_a_detail_is_ended_long_before_others_wait_for_it() -> None:
    source = "{{% for a in detail[:{}] %}}{{{{ (detail|list|sort)[-1] }}}}{{% endfor %}}"
    notice = replace(BARE, detail="ab" * 2_000)
    with pytest.raises(TemplateWrong, match="too much"):
        written(source.format(4_000), notice, PLAIN)
    assert written(source.format(100), notice, PLAIN) == "b" * 100


@pytest.mark.parametrize("dialect", [SLACK, CARD, HTML], ids=lambda each: each.name)
def test_no_filter_writes_what_is_not_escaped(dialect: Dialect) -> None:
    notice = replace(BARE, title="<!channel> <b>[x](https://e.example)</b>")
    for source in ("{{ title }}", "{{ title | safe }}", "{{ title | e | safe }}", "{{ title ~ title }}"):
        told = written(source, notice, dialect)
        assert "<!channel>" not in told
        assert "<b>" not in told
    assert "[x]" not in written("{{ title }}", notice, CARD)


def test_the_same_template_and_notice_give_the_same_words() -> None:
    assert len({written("{% for key in labels %}{{ key }}{% endfor %}", FULL, HTML) for _ in range(5)}) == 1
