"""Findings for a person: one paragraph for all hosts on which the same was found, what is bad at the end."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from reconciler.cli.render.lines import Lines
from reconciler.control.clean import clean
from reconciler.control.phrases import count, listed
from reconciler.daemon.doctor.finding import HERE, Finding, Level
from reconciler.model.canonical import Json

_STYLES = {Level.GOOD: "green", Level.HINT: "yellow", Level.BAD: "bold red"}
_NAMED = 8
"""So many hosts that are well are named; those with something to mend are named all."""


def findings_text(found: Sequence[Finding], width: int) -> Text:
    """Return the findings: this machine, hosts that are well, those with hints, those that are bad; then the counts."""
    lines = Lines(width)
    by_name: dict[str, list[Finding]] = {}
    for each in found:
        by_name.setdefault(each.about, []).append(each)
    alike: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for name, findings in by_name.items():
        alike.setdefault(_same(name, findings), []).append(name)
    groups = sorted(alike.values(), key=lambda names: (names != [HERE], _worst(by_name[names[0]])))
    for names in groups:
        _paragraph(lines, names, by_name[names[0]])
    lines.prose(_counted(by_name))
    return lines.text()


def _same(name: str, findings: Sequence[Finding]) -> tuple[tuple[str, ...], ...]:
    """What two hosts have to share to be told together; how a thing is well does not count."""
    return (
        ("", "" if name != HERE else name),
        *(
            (each.level, each.subject, *(() if each.level is Level.GOOD else (each.said, each.mend)))
            for each in findings
        ),
    )


def _paragraph(lines: Lines, names: Sequence[str], findings: Sequence[Finding]) -> None:
    worst = list(Level)[_worst(findings)]
    lines.prose(listed(names, _NAMED if worst is Level.GOOD else len(names)), "", "  ", "bold")
    well = [each.subject for each in findings if each.level is Level.GOOD]
    if well:
        lines.prose("good  " + ", ".join(dict.fromkeys(well)), "  ", "        ", _STYLES[Level.GOOD])
    for each in findings:
        if each.level is not Level.GOOD:
            lines.prose(f"{each.level:<4}  {each.subject}: {clean(each.said)}", "  ", "        ", _STYLES[each.level])
            if each.mend:
                lines.prose(clean(each.mend), "     -> ", "        ")
    lines.gap()


def _counted(by_name: Mapping[str, Sequence[Finding]]) -> str:
    levels = {name: list(Level)[_worst(findings)] for name, findings in by_name.items()}
    here = levels.pop(HERE, Level.GOOD)
    hosts = list(levels.values())
    parts = ", ".join(f"{number} {level}" for level in Level if (number := hosts.count(level)))
    told = f"{count(len(hosts), 'target')}: {parts}" if parts else "No target was looked at"
    return f"{HERE.capitalize()}: {here}. {told}."


def _worst(findings: Sequence[Finding]) -> int:
    return max(list(Level).index(each.level) for each in findings)


def findings_json(found: Sequence[Finding]) -> list[Json]:
    """Return the findings as JSON objects, in their order."""
    return [
        {"about": each.about, "subject": each.subject, "level": each.level.value, "said": each.said, "mend": each.mend}
        for each in found
    ]
