"""What people write about plans as they should be: Guardrail documents, with examples that are run when they load."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from reconciler.desired.approval_documents import StageSpec
from reconciler.desired.fields import OrEmpty, Strict
from reconciler.desired.matching_documents import PlanRule, UnitsSpec
from reconciler.desired.wait_documents import told_at
from reconciler.model.governance import ApprovalPolicy, AutoApproval, Effect, Guardrail
from reconciler.policy.condition import Fault
from reconciler.policy.guardrails import holds
from reconciler.policy.plan_facts import imagined

Flag = Annotated[bool, Field(strict=True)]
Facts = Annotated[dict[str, Any], OrEmpty]


class ExampleSpec(Strict):
    """A plan that the rule holds for, or not. What is not said of it is empty; ``unit`` is as text."""

    plan: Facts = Field(default_factory=dict)
    env: Facts = Field(default_factory=dict)
    app: Facts = Field(default_factory=dict)
    unit: str = "app@environment"
    holds: Flag

    def problem(self, rule: str) -> str | None:
        """Return why the rule does not do as the example says; None when it does."""
        try:
            held = holds(rule, imagined(self.plan, self.env, self.app, self.unit))
        except Fault as fault:
            return None if not self.holds else f"the rule has no value for this example: {fault}"
        if held is self.holds:
            return None
        return f"the rule {'holds' if held else 'does not hold'} for this example, and it says the contrary"


class GuardrailSpec(Strict):
    """A rule over plans of the matching units, in CEL, that holds for each plan as it should be.

    Where it does not hold, or cannot be evaluated: ``warn`` says so, ``approve`` asks people, ``refuse`` keeps the plan
    from beginning. ``message`` is what they read. ``reverts``: it is asked about ways back too.
    """

    match: UnitsSpec = UnitsSpec()
    rule: PlanRule
    effect: Literal["warn", "approve", "refuse"] = "refuse"
    message: Annotated[str, Field(min_length=1, max_length=500)]
    approve: StageSpec | None = None
    reverts: Flag = False
    examples: tuple[ExampleSpec, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "GuardrailSpec":
        if self.approve is not None and self.effect != "approve":
            raise told_at(("approve",), f"nobody is asked with the effect {self.effect}", self.approve)
        for index, example in enumerate(self.examples):
            if wrong := example.problem(self.rule):
                raise told_at(("examples", index), wrong, example.holds)
        return self

    def to_model(self, name: str) -> Guardrail:
        """Return the guardrail under this name."""
        return Guardrail(
            name=name,
            rule=self.rule,
            effect=Effect(self.effect),
            message=self.message,
            approval=self._consent(name) if self.effect == "approve" else None,
            reverts=self.reverts,
        )

    def _consent(self, name: str) -> ApprovalPolicy:
        """Nothing of what a rule objects to needs nobody: that is why it asks."""
        stage = (self.approve or StageSpec()).to_model()
        return ApprovalPolicy(name=name, stages=(stage,), auto=AutoApproval(causes=()))
