"""What people write under policies/: ApprovalPolicy."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from reconciler.desired.fields import Budget, Count, Name, Period, Strict
from reconciler.desired.matching_documents import PlanRule, UnitsSpec
from reconciler.desired.wait_documents import told_at
from reconciler.model.change import Cause
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, AutoApproval, Escalation

_DEFAULT = ApprovalPolicy(name="", stages=(ApprovalStage(),))
_AUTO = AutoApproval()

Flag = Annotated[bool, Field(strict=True)]
Person = Annotated[str, Field(min_length=1)]
"""A person: the name that they log in with, or an address of theirs."""


class StageSpec(Strict):
    """So many different people that have one of the roles or are named. With neither: whoever may approve at all."""

    count: Count = 1
    roles: tuple[Name, ...] = ()
    people: tuple[Person, ...] = ()

    @model_validator(mode="after")
    def _can_be(self) -> "StageSpec":
        for key, named in (("roles", self.roles), ("people", self.people)):
            if len(set(named)) < len(named):
                raise told_at((key,), "this names the same twice", named)
        if self.people and not self.roles and self.count > len(self.people):
            raise told_at(("count",), f"{self.count} of {len(self.people)} people can never approve", self.count)
        return self

    def to_model(self) -> ApprovalStage:
        """Return the stage."""
        return ApprovalStage(count=self.count, roles=self.roles, people=self.people)


class EscalationSpec(Strict):
    """So long after it was asked, people of these roles may approve too."""

    after: Period
    roles: Annotated[tuple[Name, ...], Field(min_length=1)]


class AutoSpec(Strict):
    """What needs nobody. Each that is given is enough: a cause, few targets, a rule that holds.

    Without ``causes``, drift that is healed and reverts need nobody.
    """

    causes: tuple[Literal["commit", "drift", "revert"], ...] = tuple(each.value for each in _AUTO.causes)
    fewer_targets_than: Budget = _AUTO.fewer_targets_than
    when: PlanRule | None = None

    def to_model(self) -> AutoApproval:
        """Return what needs nobody."""
        return AutoApproval(
            causes=tuple(map(Cause, self.causes)), fewer_targets_than=self.fewer_targets_than, when=self.when or ""
        )


class ConsentSpec(Strict):
    """Whose consent a plan needs before it begins; it is bound to the plan: another plan asks again.

    ``stages`` come one after the other. ``separate``: neither authors of the commits nor who asked for it count.
    ``secondFactor``: only approvals with a one-time code count. Nobody within ``within``: the plan is not carried out.
    An approval counts for ``validFor``. ``fromGit``: signed tags and notes in the repository count too.
    """

    stages: Annotated[tuple[StageSpec, ...], Field(min_length=1)]
    separate: Flag = _DEFAULT.separate
    second_factor: Flag = _DEFAULT.second_factor
    within: Period = _DEFAULT.within
    valid_for: Period = _DEFAULT.valid_for
    remind_after: Period | None = None
    escalate: tuple[EscalationSpec, ...] = ()
    auto: AutoSpec = AutoSpec()
    from_git: Flag = _DEFAULT.from_git

    @model_validator(mode="after")
    def _in_time(self) -> "ConsentSpec":
        if self.remind_after and self.remind_after >= self.within:
            raise told_at(("remindAfter",), "nobody is reminded of what is over by then; see within", self.remind_after)
        for index, each in enumerate(self.escalate):
            if each.after >= self.within:
                path = ("escalate", index, "after")
                raise told_at(path, "nobody is asked about what is over by then; see within", each.after)
        if self.second_factor and self.from_git:
            message = "what is in Git comes without a one-time code, so it never counts under secondFactor"
            raise told_at(("fromGit",), message, self.from_git)
        return self

    def consent(self, name: str) -> ApprovalPolicy:
        """Return the policy under this name."""
        return ApprovalPolicy(
            name=name,
            stages=tuple(each.to_model() for each in self.stages),
            separate=self.separate,
            second_factor=self.second_factor,
            within=self.within,
            valid_for=self.valid_for,
            remind_after=self.remind_after,
            escalate=tuple(Escalation(after=each.after, roles=each.roles) for each in self.escalate),
            auto=self.auto.to_model(),
            from_git=self.from_git,
        )


class ApprovalPolicySpec(ConsentSpec):
    """Whose consent plans of the matching units need before they begin. All policies that match have to be satisfied.

    ``stages`` come one after the other. ``separate``: neither authors of the commits nor who asked for it count.
    ``secondFactor``: only approvals with a one-time code count. Nobody within ``within``: the plan is not carried out.
    An approval counts for ``validFor``. ``fromGit``: signed tags and notes in the repository count too.
    """

    match: UnitsSpec = UnitsSpec()
