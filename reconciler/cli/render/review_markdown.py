"""A review for a pull request comment: short at first sight, differences folded, never longer than a forge accepts.

Contents are quoted so that nothing in them can end the quotation: code fences are longer than any run of backticks,
names and every word with an ``@`` are HTML-escaped ``<code>``, which keeps them from calling a user of that name.
"""

import re
from collections.abc import Iterator
from html import escape

from reconciler.cli.render import outline
from reconciler.cli.render.outline import Group
from reconciler.cli.render.words import SIGNS, difference
from reconciler.control.clean import clean, clean_lines, shortened
from reconciler.control.phrases import count, listed, short
from reconciler.control.steps import on_failure, steps
from reconciler.model.assessment import Assessment, Review
from reconciler.model.plan import Plan

MAX_LENGTH = 64_000
MAX_LINE = 300
NAMED_IN_SYNC = 20
MAX_ITEMS = 24

_RUNS = re.compile(r"`+")


def review_markdown(review: Review) -> str:
    """Return the review as GitHub-flavoured markdown of at most MAX_LENGTH characters; it says what was cut.

    When room is short, the units come before the differences of the first of them.
    """
    loud = [each for each in review.assessments if each.plan or any(outline.notes(each))]
    quiet = [each for each in review.assessments if each not in loud]
    top = "".join(_top(review))
    bottom = "".join(_bottom(quiet, review))
    room = MAX_LENGTH - len(top) - len(bottom) - 300
    heads: list[str] = []
    for assessment in loud:
        head = "".join(_head(assessment))
        if room < len(head):
            break
        room -= len(head)
        heads.append(head)
    body, cut = _with_details(loud[: len(heads)], heads, room)
    return top + body + _cut(len(loud) - len(heads), cut) + bottom


def _with_details(shown: list[Assessment], heads: list[str], room: int) -> tuple[str, int]:
    parts, cut = [], 0
    for assessment, head in zip(shown, heads, strict=True):
        parts.append(head)
        for group in outline.groups(assessment.plan) if assessment.plan else ():
            details = "".join(_details(group))
            if len(details) > room:
                cut += 1
                continue
            room -= len(details)
            parts.append(details)
    return "".join(parts), cut


def _cut(units: int, differences: int) -> str:
    if not (units or differences):
        return ""
    left_out = [count(units, "unit")] if units else []
    left_out += [f"the differences of {count(differences, 'change')}"] if differences else []
    return f"\n> **Cut to fit:** {' and '.join(left_out)}. All of it: <code>reconciler plan --unit NAME</code>\n"


def _top(review: Review) -> Iterator[str]:
    yield f"### reconciler plan for {code(short(review.commit))}\n\n"
    yield f"**{text(outline.summary(review))}**\n"
    if review.refused:
        yield "\n> **The newest commit was refused.** This is about the last one that was not.\n"
        yield from _some([f"> - {code(shortened(clean(problem), MAX_LINE))}\n" for problem in review.refused], "> - ")


def _bottom(quiet: list[Assessment], review: Review) -> Iterator[str]:
    if quiet:
        yield f"\nIn sync: {code(listed([str(each.unit) for each in quiet], NAMED_IN_SYNC))}\n"
    yield f"\n{text(f'{outline.caveats(review)} {outline.summary(review)}'.strip())}\n"


def _head(assessment: Assessment) -> Iterator[str]:
    shown = assessment.effective or assessment.wanted
    version = f" {code(shown.version)}" if shown else ""
    why = f" ({text(outline.cause(assessment.plan))})" if assessment.plan else ""
    yield f"\n#### {code(str(assessment.unit))}{version}{why}\n\n"
    yield from _some([f"- **{label}:** {_line(sentence)}\n" for label, sentence in outline.notes(assessment)], "- ")
    if assessment.plan:
        yield from _plan(assessment.plan)


def _plan(plan: Plan) -> Iterator[str]:
    yield f"\n{text(outline.rules(plan))}\n\n"
    yield from _some([f"- {_line(limit)}\n" for limit in outline.limits(plan)], "- ")
    yield from _some([f"- health: {_line(check)}\n" for check in outline.checks(plan)], "- ")
    yield "\n"
    yield from _some([f"{number}. {_line(step)}\n" for number, step in enumerate(steps(plan), start=1)], "- ")
    yield f"\nOn failure: {text(on_failure(plan))}\n"


def _some(items: list[str], bullet: str) -> Iterator[str]:
    yield from items[:MAX_ITEMS]
    if len(items) > MAX_ITEMS:
        yield f"{bullet}and {len(items) - MAX_ITEMS} more\n"


def _line(sentence: str) -> str:
    return text(shortened(sentence, 2 * MAX_LINE))


def _details(group: Group) -> Iterator[str]:
    targets = text(listed(group.targets, outline.NAMED_TARGETS))
    yield f"\n<details><summary><code>{SIGNS[group.action]} {group.action}</code> "
    yield f"{code(group.ref)} on {targets}</summary>\n\n"
    rows = []
    for field in group.fields:
        path = shortened(clean(field.path), MAX_LINE)
        if field.text is None or field.secret:
            rows.append(f"  {path}: {difference(group.action, field)}")
        else:
            rows.append(f"  {path}:")
            rows += clean_lines(field.text)
    yield f"{_fenced(rows)}\n</details>\n"


def _fenced(rows: list[str]) -> str:
    text = "\n".join(rows)
    longest = max((len(run) for run in _RUNS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}diff\n{text}\n{fence}\n"


def code(text: str) -> str:
    """Return a name or a value as markdown that shows just it."""
    return f"<code>{_escaped(clean(text))}</code>"


def text(said: str) -> str:
    """Return a sentence as markdown that shows just it, and calls nobody."""
    words = re.split(r"(\s+|[,;()]+(?:\s+|$))", said)
    return "".join(f"<code>{_escaped(word)}</code>" if "@" in word else _escaped(word) for word in words)


def _escaped(text: str) -> str:
    """Escape what markdown or HTML would read, as character references: they are shown as they are, everywhere."""
    return re.sub(r"[\\`*_{}\[\]#|~@]|!(?=\[)|:(?=\S)", lambda found: f"&#{ord(found[0])};", escape(text, quote=False))
