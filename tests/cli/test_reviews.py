"""Reviews as a screen, as a comment and as JSON."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.render.review_json import review_json
from reconciler.cli.render.review_markdown import MAX_LENGTH, review_markdown
from reconciler.cli.render.review_text import review_text
from reconciler.model.assessment import Review
from reconciler.model.change import Action, FieldDiff
from reconciler.model.identity import UnitId
from tests.cli import examples, reviews
from tests.cli.golden import require_golden

RENDERINGS: dict[str, Callable[[Review], str]] = {
    "txt": lambda review: review_text(review).plain + "\n",
    "md": review_markdown,
    "json": lambda review: json.dumps(review_json(review), indent=2) + "\n",
}


@pytest.mark.parametrize("rendering", RENDERINGS)
@pytest.mark.parametrize("example", reviews.REVIEWS)
def test_a_review_is_shown_as_accepted(example: str, rendering: str, regolden: bool) -> None:
    seen = RENDERINGS[rendering](reviews.REVIEWS[example]())
    require_golden(f"review-{example}.{rendering}", seen, accept=regolden)


@pytest.mark.parametrize("example", [name for name in reviews.REVIEWS if name != "hostile"])
def test_a_review_fits_80_columns(example: str) -> None:
    assert [line for line in review_text(reviews.REVIEWS[example]()).plain.split("\n") if len(line) > 80] == []


@pytest.mark.parametrize("rendering", RENDERINGS)
@pytest.mark.parametrize("example", reviews.REVIEWS)
def test_no_rendering_shows_a_secret(example: str, rendering: str) -> None:
    shown = RENDERINGS[rendering](reviews.REVIEWS[example]())
    assert "hunter" not in shown
    assert "keyed:" not in shown


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_hostile_content_brings_no_control_characters(rendering: str) -> None:
    shown = RENDERINGS[rendering](examples.hostile())
    assert {char for char in shown if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"} == set()


def test_hostile_content_forges_no_line_of_the_screen() -> None:
    lines = review_text(examples.hostile()).plain.split("\n")
    assert sum(line.startswith("Plan:") for line in lines) == 1
    assert not any(line.startswith(("No changes", "#")) for line in lines)


def test_hostile_content_stays_in_its_fence() -> None:
    fence, tags = None, []
    for line in review_markdown(examples.hostile()).split("\n"):
        run = re.match(r"`{3,}", line)
        if fence is None and run:
            fence = run[0]
        elif fence is not None and line == fence:
            fence = None
        elif fence is None:
            assert not line.startswith("# ")
            assert not re.search(r"(?<!<code>)@|<script|<b>|!\[", line)
            tags += re.findall(r"</?(?:details|code)>", line)
    assert fence is None
    for tag in ("details", "code"):
        assert tags.count(f"<{tag}>") == tags.count(f"</{tag}>")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40), st.text(alphabet="`~<>/\n\x1b#@ x", max_size=60))
def test_any_name_and_content_keep_the_comment_whole(name: str, content: str) -> None:
    shop = examples.unit()
    field = FieldDiff(path=name, before=content, after=name, text=content)
    update = examples.apply(1, examples.change(examples.SHOP, "web-1", f"file:{name}", Action.UPDATE, field))
    shown = review_markdown(
        Review(commit="c1", assessments=(examples.assessment(shop, plan=examples.plan(shop, update)),))
    )
    opened = next(line for line in shown.split("\n") if line.startswith("```"))
    fence = opened.removesuffix("diff")
    after = shown.split(f"\n{fence}\n", 1)[1]
    assert after.startswith(("</details>", "\n</details>"))
    assert shown.count("<details>") == 1 or "<details>" in content


def _large(units: int, changes: int, lines: int) -> Review:
    assessments = []
    for number in range(units):
        of = UnitId(f"app-{number}", "production")
        shop = examples.unit(of)
        text = "\n".join(f"+line {line}" for line in range(lines))
        field = FieldDiff(path="content", before=None, after="sha256:" + "0" * 64, text=text)
        made = [examples.change(of, "web-1", f"file:/etc/{each}", Action.UPDATE, field) for each in range(changes)]
        assessments.append(examples.assessment(shop, plan=examples.plan(shop, examples.apply(1, *made))))
    return Review(commit="c1", assessments=tuple(assessments), refused=("x: y",) * 5000)


@pytest.mark.parametrize(("units", "changes", "lines"), [(1, 1, 20_000), (1, 3000, 1), (50, 10, 200), (2000, 1, 1)])
def test_a_comment_of_any_size_fits_and_says_what_was_cut(units: int, changes: int, lines: int) -> None:
    shown = review_markdown(_large(units, changes, lines))
    assert len(shown) <= MAX_LENGTH
    assert "**Cut to fit:**" in shown
    assert "Plan: 0 to create" in shown.split("\n")[-2].replace("&#58;", ":")


def test_units_are_named_before_the_differences_of_the_first_fill_the_comment() -> None:
    shown = review_markdown(_large(50, 10, 200))
    assert all(f"app-{number}&#64;production" in shown for number in range(50))


def test_a_review_says_whether_it_would_change_anything() -> None:
    from reconciler.cli.render.outline import has_changes

    assert has_changes(examples.rolling())
    assert not has_changes(examples.nothing())
    no_plan = replace(examples.rolling(), assessments=())
    assert not has_changes(no_plan)
