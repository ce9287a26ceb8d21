"""Findings for a person: what is wrong stands first, what is well is one line a host."""

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from reconciler.cli.render.clean import clean
from reconciler.cli.render.lines import Lines
from reconciler.daemon.doctor.finding import Finding, Level
from reconciler.model.canonical import Json

_STYLES = {Level.GOOD: "green", Level.HINT: "yellow", Level.BAD: "bold red"}


def findings_text(found: Sequence[Finding], width: int) -> Text:
    """Return the findings, one paragraph for this machine and for each host, and a last line that counts them."""
    lines = Lines(width)
    for about, group in groupby(found, key=lambda each: each.about):
        findings = list(group)
        well = [each.subject for each in findings if each.level is Level.GOOD]
        worst = max((each.level for each in findings), key=list(Level).index)
        lines.add((clean(about), "bold"), "  ", (worst.value, _STYLES[worst]))
        if well:
            lines.prose("good: " + ", ".join(dict.fromkeys(well)), "  ", "    ")
        for each in findings:
            if each.level is not Level.GOOD:
                lines.prose(
                    f"{each.level.value}: {each.subject}: {clean(each.said)}", "  ", "    ", _STYLES[each.level]
                )
                if each.mend:
                    lines.prose(clean(each.mend), "    -> ", "       ")
        lines.gap()
    count = {level: sum(each.level is level for each in found) for level in Level}
    lines.add(f"{count[Level.BAD]} bad, {count[Level.HINT]} hints, {count[Level.GOOD]} good")
    return lines.text()


def findings_json(found: Sequence[Finding]) -> list[Json]:
    """Return the findings as JSON objects, in their order."""
    return [
        {"about": each.about, "subject": each.subject, "level": each.level.value, "said": each.said, "mend": each.mend}
        for each in found
    ]
