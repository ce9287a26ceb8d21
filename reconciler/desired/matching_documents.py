"""Which units a policy speaks of, and the rules over their plans: what people write of both."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from reconciler.desired.fields import Labels, Strict
from reconciler.model.access import Match
from reconciler.policy import condition
from reconciler.policy.condition import ConditionMistake
from reconciler.policy.plan_facts import VARIABLES


class UnitsSpec(Strict):
    """Units whose environment and app have all the labels, and whose name fits one of ``units``. Empty: all of them.

    ``units`` are names such as shop@production, with * where they may differ.
    """

    environments: Labels = Field(default_factory=dict)
    apps: Labels = Field(default_factory=dict)
    units: tuple[str, ...] = ()

    @field_validator("units")
    @classmethod
    def _fit_units(cls, globs: tuple[str, ...]) -> tuple[str, ...]:
        for glob in globs:
            if "@" not in glob and "*" not in glob:
                raise ValueError(f"write app@environment, for example shop@* or *@production; {glob!r} fits nothing")
        return globs

    def to_model(self) -> Match:
        """Return what it matches."""
        return Match(environments=self.environments, apps=self.apps, units=self.units)


def _over_plans(text: str) -> str:
    try:
        condition.compile(text, VARIABLES)
    except ConditionMistake as mistake:
        line = f"line {mistake.line}, " if mistake.line > 1 else ""
        hint = f"; {mistake.suggestion}" if mistake.suggestion else ""
        raise ValueError(f"{line}character {mistake.column}: {mistake}{hint}") from mistake
    return text


PlanRule = Annotated[
    str,
    AfterValidator(_over_plans),
    Field(description="CEL over plan, env, app and unit, for example plan.deletes.size() == 0 || env.name != 'prod'"),
]
"""A condition over a plan, checked when it is read."""
