"""Templates: what is quick is the same as what is whole, and secrets stay what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from reconciler.desired.templates import OUTPUT_LIMIT, TemplateMistake, Templates
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN

VARIABLES = {
    "app": "shop",
    "vars": {"n": 8, "f": 1.5, "yes": True, "items": "own", "list": [1]},
    "target": {"name": "w"},
}
DB = f"{SECRET_OPEN}db{SECRET_CLOSE}"

plain = st.text(st.characters(codec="utf-8", exclude_characters="{}#%\r" + SECRET_OPEN + SECRET_CLOSE), max_size=8)
lookup = st.sampled_from(["{{ app }}", "{{vars.n}}", "{{ vars.f }}", "{{ vars.yes }}", "{{  target.name}}"])


@given(st.lists(st.one_of(plain, lookup), max_size=6).map("".join))
def test_names_are_looked_up_as_the_whole_engine_would(source: str) -> None:
    expected = Environment(keep_trailing_newline=True, autoescape=False).from_string(source).render(VARIABLES)

    assert Templates().render(source, VARIABLES).text == expected


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ vars.items }}", "own"),
        ("{{ vars.list }}", "[1]"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
        ("{{ 2 ** 8 }}{{ 'ab' * 2 }}", "256abab"),
        ("{{ vars.none | default('x') }}", "x"),
        ("{% raw %}{{ app }}{% endraw %}\n", "{{ app }}\n"),
        ("no template at all }}", "no template at all }}"),
    ],
)
def test_a_template_says(source: str, text: str) -> None:
    assert Templates().render(source, VARIABLES).text == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ secrets.db }}",
        "{% set x = secrets.db %}{{ x }}",
        "{% set x %}{{ secrets.db }}{% endset %}{{ x }}",
        "{% macro m() %}{{ secrets.db }}{% endmacro %}{{ m() }}",
        "{{ secrets.db | default('x') }}",
        "{{ secrets['db'] }}",
    ],
)
def test_a_secret_that_is_only_written_stands_as_its_marker(source: str) -> None:
    made = Templates().render(source, VARIABLES, frozenset({"db"}))

    assert (made.text, made.secrets) == (DB, {"db"})


@pytest.mark.parametrize(
    "source",
    [
        f"{{{{ secrets.db | {name} }}}}"
        for name in (
            "upper",
            "lower",
            "length",
            "urlencode",
            "trim",
            "tojson",
            "list",
            "string",
            "e",
            "replace('d', 'e')",
        )
    ]
    + [
        "{{ secrets.db ~ 'x' }}",
        "{{ secrets.db == 'x' }}",
        "{{ secrets.db in 'x' }}",
        "{% if secrets.db %}x{% endif %}",
        "{% for c in secrets.db %}x{% endfor %}",
        "{{ secrets.db[0] }}",
        "{{ '%s' | format(secrets.db) }}",
        "{{ [secrets.db] }}",
        "{{ secrets }}",
        "{{ secrets.db.name }}",
        "{{ secrets.db.marker() }}",
        "{% filter upper %}{{ secrets.db }}{% endfilter %}",
        "{% filter urlencode %}{{ secrets.db }}{% endfilter %}{{ secrets.db }}",
        "{% set x %}{{ secrets.db }}{% endset %}{{ x[1:] }}",
        "{{ secrets.db }}{{ '\\ue000aZ0:db\\ue001' | upper }}",
    ],
)
def test_anything_else_with_a_secret_is_a_mistake(source: str) -> None:
    with pytest.raises(TemplateMistake):
        Templates().render(source, VARIABLES, frozenset({"db"}))


@pytest.mark.parametrize(
    "source",
    ["{{ app.upper }}", "{{ range }}", "{{ joiner() }}", "{{ cycler('a') }}", "{{ app | random }}", "{{ now() }}"],
)
def test_what_could_differ_from_one_rendering_to_the_next_is_a_mistake(source: str) -> None:
    with pytest.raises(TemplateMistake):
        Templates().render(source, VARIABLES)


def test_a_template_that_writes_too_much_is_stopped() -> None:
    source = "{% for a in range(40) %}{{ big }}{% endfor %}"

    with pytest.raises(TemplateMistake, match="more than 16 MiB"):
        Templates().render(source, {"big": "x" * (OUTPUT_LIMIT // 32)})


def test_a_mistake_knows_its_line_however_deep() -> None:
    with pytest.raises(TemplateMistake) as mistake:
        Templates().render("a\n{% macro m() %}\n{{ nope }}{% endmacro %}\n\n{{ m() }}", VARIABLES)

    assert mistake.value.line == 3


@pytest.mark.parametrize(
    "source", ["{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"]
)
def test_depth_without_end_is_a_mistake_and_no_crash(source: str) -> None:
    with pytest.raises(TemplateMistake, match="recursion"):
        Templates().render(source, VARIABLES)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% for a in l * 900 %}{% for b in l * 900 %}{% endfor %}{% endfor %}", "this template does too much"),
        ("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}", "does too much"),
        ("{% set x = 'xxxx' %}" + "{% set x = x ~ x %}" * 40, "more than 16 MiB"),
        ("{% set x = 'xxxx' %}" + "{% set x = x + x %}" * 40, "more than 16 MiB"),
        ("{{ 'x' * 99999999 }}", "more than 16 MiB"),
        ("{{ l * 99999999 }}", "more than 16 MiB"),
        ("{{ '%099999d' % 1 }}", "a format may have no width of more than four digits"),
        ("{{ '%*d' % (99999, 1) }}", "a format may have no width of more than four digits"),
        ("{{ '{:>{w}}'.format(1, w=99999) }}", "a format may have no width of more than four digits"),
        (
            "{{ '{:>99999}' | format }}{{ '{:>99999}'.format(1) }}",
            "a format may have no width of more than four digits",
        ),
        ("{{ 'x' | center(99999) }}", "center is asked for more than 10000"),
        ("{{ 'x'.ljust(99999) }}", "ljust is asked for more than 10000"),
        ("{{ l | tojson(indent=99999) }}", "tojson is asked for more than 10000"),
        ("{{ 1.5 | round(99999) }}", "nothing can be rounded"),
        ("{{ [l] | sum(start=[]) }}", "sum adds numbers only"),
        ("{{ ('x' * 9000) | replace('x', 'x' * 9000) }}", "more than 16 MiB"),
        ("{% set ns = namespace(x=7) %}{% for a in l * 9 %}{% set ns.x = ns.x * ns.x %}{% endfor %}", "too big"),
    ],
)
def test_what_would_take_too_long_or_too_much_is_refused_before_it_is_done(source: str, message: str) -> None:
    with pytest.raises(TemplateMistake, match=message):
        Templates().render(source, {"l": [1, 2, 3, 4]})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "{{ x | default(5368709120) }} {{ 5368709120 + 1 }} {{ [5368709120] | max }}",
            "5368709120 5368709121 5368709120",
        ),
        ("{{ (lines | join('\n')) | indent(4) | length }}", "88876"),
        ("{{ '{{\"port\": {}}}'.format(8080) }} {{ '%s-%03d' % ('a', 7) }}", '{"port": 8080} a-007'),
        ("{% for each in lines if each is ne('9') %}{{ each ~ ',' }}{% endfor %}", None),
        ("{{ [1, 2] | sum }} {{ 'a' | center(5) }}| {{ 1.25 | round(1) }}", "3   a  | 1.2"),
    ],
)
def test_what_is_large_but_honest_is_done(source: str, text: str | None) -> None:
    lines = [str(number) for number in range(9_999)]
    given = {"lines": lines, "x": 5368709120}
    expected = "".join(f"{each}," for each in lines if each != "9") if text is None else text
    assert Templates().render(source, given).text == expected
