"""A review for a terminal: calm, aligned, what matters first and last."""

from rich.text import Text

from reconciler.cli.render import outline
from reconciler.cli.render.lines import Lines
from reconciler.cli.render.outline import Group
from reconciler.cli.render.words import COLOURS, SIGNS, difference
from reconciler.control.clean import clean, clean_lines
from reconciler.control.phrases import listed, short
from reconciler.control.steps import on_failure, steps
from reconciler.model.assessment import Assessment, Review
from reconciler.model.change import FieldDiff
from reconciler.model.plan import Plan

NAMED_IN_SYNC = 5
_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_NOTE_COLOURS = {"held": "bold red", "waiting": "bold yellow", "not seen": "bold yellow", "drifted": "bold yellow"}
_LABEL = 10


def review_text(review: Review, width: int = 80) -> Text:
    """Return the review as coloured text; only contents and names may be wider than ``width``."""
    lines = Lines(width)
    _refused(lines, review)
    quiet = []
    for assessment in review.assessments:
        if assessment.plan or any(outline.notes(assessment)):
            lines.gap()
            _unit(lines, assessment)
        else:
            quiet.append(assessment)
    if quiet:
        lines.gap()
        names = listed([str(each.unit) for each in quiet], NAMED_IN_SYNC)
        lines.prose(f"In sync: {names}", hang="  ", style="dim")
    lines.gap()
    if caveats := outline.caveats(review):
        lines.prose(caveats, style="yellow")
    lines.prose(outline.summary(review), style="bold")
    return lines.text()


def _refused(lines: Lines, review: Review) -> None:
    if not review.refused:
        return
    lines.prose(
        f"The newest commit was refused; this is about {short(review.commit)}, the last one that was not:",
        style="bold red",
    )
    for problem in review.refused:
        lines.add(f"  {clean(problem)}")


def _unit(lines: Lines, assessment: Assessment) -> None:
    shown = assessment.effective or assessment.wanted
    head = [(clean(str(assessment.unit)), "bold")]
    if shown:
        head.append((f"  {clean(shown.version)}", ""))
    if assessment.plan:
        head.append((f"  {outline.cause(assessment.plan)}", "cyan"))
    lines.add(*head)
    for label, sentence in outline.notes(assessment):
        lines.prose(
            f"{label:<{_LABEL}}{sentence}", indent="  ", hang=" " * (_LABEL + 2), style=_NOTE_COLOURS.get(label, "")
        )
    if assessment.plan:
        _plan(lines, assessment.plan)


def _plan(lines: Lines, plan: Plan) -> None:
    lines.gap()
    for group in outline.groups(plan):
        _group(lines, group, plan)
    lines.gap()
    lines.prose(outline.rules(plan), indent="  ")
    for limit in outline.limits(plan):
        lines.prose(limit, indent="  ", hang="    ")
    for check in outline.checks(plan):
        lines.prose(f"health: {check}", indent="  ", hang="    ")
    for number, step in enumerate(steps(plan), start=1):
        lines.prose(f"{number:>2}. {step}", indent="  ", hang="      ")
    lines.prose(f"on failure: {on_failure(plan)}", indent="  ", hang="    ")


def _group(lines: Lines, group: Group, plan: Plan) -> None:
    colour = COLOURS[group.action]
    other_cause = "" if group.cause is plan.cause else f"  ({group.cause})"
    lines.add(
        "  ",
        (f"{SIGNS[group.action]} {group.action}", colour),
        f" {clean(group.ref)}",
        (f"  on {listed(group.targets, outline.NAMED_TARGETS)}{other_cause}", "dim"),
    )
    aligned = max((len(clean(field.path)) for field in group.fields if not _is_long(field)), default=0)
    for field in group.fields:
        if _is_long(field):
            lines.add(f"      {clean(field.path)}")
            _text_difference(lines, field.text or "")
        else:
            lines.add(f"      {clean(field.path):<{min(aligned, 40)}}  ", difference(group.action, field))


def _is_long(field: FieldDiff) -> bool:
    return field.text is not None and not field.secret


def _text_difference(lines: Lines, text: str) -> None:
    for line in clean_lines(text):
        lines.add("        ", (line, _DIFF_COLOURS.get(line[:1], "")))
