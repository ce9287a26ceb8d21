"""Whether rules were kept, change by change: kept, broken, or nobody can tell, which is not kept either. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.canonical import Json
from reconciler.model.compliance import Over, Pack, Rule
from reconciler.policy import condition
from reconciler.policy.condition import Fault, Sort

Facts = Mapping[str, Json]

_VARIABLES = {Over.CHANGES: "change", Over.JOURNAL: "journal"}


class Kept(StrEnum):
    """How one rule stands to one change."""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """A change (or the journal) that does not keep a rule, or of which nobody can tell, and why."""

    subject: Facts
    stands: Kept
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What came of one rule. ``exceptions`` are all that did not keep it, in the order of the changes."""

    rule: Rule
    kept: int
    exceptions: tuple[Finding, ...]

    @property
    def asked(self) -> int:
        """About how many it was asked."""
        return self.kept + len(self.exceptions)

    @property
    def rate(self) -> float | None:
        """Which part kept it, None where it was asked about nothing."""
        return self.kept / self.asked if self.asked else None

    @property
    def holds(self) -> bool:
        """Whether as many kept it as have to."""
        return self.rate is None or self.rate >= self.rule.at_least


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a pack over so many changes."""

    pack: Pack
    changes: int
    ruled: tuple[Ruled, ...]

    @property
    def holds(self) -> bool:
        """Whether every rule holds."""
        return all(each.holds for each in self.ruled)


def check(pack: Pack, changes: Sequence[Facts], journal: Facts) -> Checked:
    """Ask every rule of the pack about every change, or about the journal."""
    return Checked(pack, len(changes), tuple(_ruled(rule, changes, journal) for rule in pack.rules))


def _ruled(rule: Rule, changes: Sequence[Facts], journal: Facts) -> Ruled:
    kept, exceptions = 0, []
    for subject in changes if rule.over is Over.CHANGES else [journal]:
        found = _asked(rule, subject)
        if found is None:
            continue
        if found.stands is Kept.KEPT:
            kept += 1
        else:
            exceptions.append(found)
    return Ruled(rule=rule, kept=kept, exceptions=tuple(exceptions))


def _asked(rule: Rule, subject: Facts) -> Finding | None:
    """How one subject stands to the rule; None where the rule is not about it."""
    variable = _VARIABLES[rule.over]
    given = {variable: dict(subject)}
    try:
        if rule.applies and not _holds(rule.applies, variable, given):
            return None
        if rule.unknown and _holds(rule.unknown, variable, given):
            return Finding(subject, Kept.UNKNOWN, _because(rule, variable, given))
        if _holds(rule.rule, variable, given):
            return Finding(subject, Kept.KEPT, "")
    except Fault as fault:
        return Finding(subject, Kept.UNKNOWN, f"the rule has no value here: {fault}")
    return Finding(subject, Kept.BROKEN, _because(rule, variable, given))


def _holds(text: str, variable: str, given: Mapping[str, Json]) -> bool:
    return condition.compile(text, {variable: Sort.JSON}).holds(given)


def _because(rule: Rule, variable: str, given: Mapping[str, Json]) -> str:
    """Why it is so, in the rule's own words; a reason that cannot be told hides nothing."""
    if not rule.because:
        return rule.title
    try:
        said = condition.expression(rule.because, (variable, Sort.JSON)).value(given)
    except Fault as fault:
        return f"{rule.title} (the reason has no value here: {fault})"
    return said if isinstance(said, str) else rule.title
