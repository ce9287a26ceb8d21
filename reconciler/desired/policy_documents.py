"""What people write under policies/: RolloutPolicy."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from reconciler.desired.analysis_documents import BackgroundField, Library, background, no_library
from reconciler.desired.fields import Any0, Budget, Labels, Period, Some, Strict
from reconciler.desired.guard_documents import GuardSpec
from reconciler.desired.strategy_documents import AllAtOnceSpec, StrategySpec
from reconciler.desired.vigil_documents import VigilSpec
from reconciler.model.policy import (
    FailureBudget,
    Healing,
    IgnoreRule,
    OnFailure,
    OnMany,
    Prune,
    PruneMode,
    RevertPace,
    RolloutPolicy,
)
from reconciler.model.resource import DriftMode

_DEFAULT = RolloutPolicy(name="default")


class MatchSpec(Strict):
    """Which units a policy governs: those whose environment and app have all the labels. Empty: all units."""

    environments: Labels = Field(default_factory=dict)
    apps: Labels = Field(default_factory=dict)


class FailureBudgetSpec(Strict):
    """How many targets may fail, in the whole rollout and in one batch."""

    total: Budget = 0
    per_batch: Budget = 0


class RevertSpec(Strict):
    """How a failed rollout is taken back, and how long the health checks may take then.

    ``available``: no more targets at once than the strategy may have out of service. Neither of the two waits for
    anything but health.
    """

    strategy: Literal["available", "all-at-once"] = "available"
    within: Period = _DEFAULT.revert_within


def _fits_refs(glob: str) -> str:
    if ":" not in glob and "*" not in glob:
        raise ValueError(f"write kind:name, with * where it may differ, for example file:/srv/*; {glob!r} fits nothing")
    return glob


Glob = Annotated[str, AfterValidator(_fits_refs)]
"""A glob over refs, ``kind:name``; one that can fit none is a mistake."""


class IgnoreSpec(Strict):
    """Differences that do not count: fields of resources whose ref (kind:name) fits the glob."""

    resource: Glob
    fields: Annotated[tuple[str, ...], Field(min_length=1)]


class PruneSpec(Strict):
    """What happens to resources of ours that are no longer asked for, and the most that one plan may delete.

    ``confirm`` are globs over refs (kind:name) of what a person has to confirm under mode delete.
    """

    mode: Literal["delete", "keep", "confirm"] = "keep"
    at_most: Any0 = _DEFAULT.prune.at_most
    confirm: tuple[Glob, ...] = ()


class DriftSpec(Strict):
    """What happens to drift, on how many hosts at once, and what when most hosts of a unit drift alike."""

    mode: Literal["heal", "report", "hold"] = "heal"
    at_once: Some | None = None
    on_many: Literal["slow", "hold"] = "slow"


class _ModeAlone:
    """``drift: heal`` says the same as ``drift: {mode: heal}``."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def whole(value: Any) -> Any:
            return {"mode": value} if isinstance(value, str) else value

        return core_schema.no_info_before_validator_function(whole, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"enum": [mode.value for mode in DriftMode]}, handler(schema)]}


class RolloutPolicySpec(Strict):
    """How changes of the matching units travel, and what happens when they go wrong."""

    match: MatchSpec = MatchSpec()
    strategy: StrategySpec = StrategySpec(allAtOnce=AllAtOnceSpec())
    failure_budget: FailureBudgetSpec = FailureBudgetSpec()
    progress_deadline: Period = _DEFAULT.progress_deadline
    on_failure: Literal["revert", "hold", "continue"] = "revert"
    revert: RevertSpec = RevertSpec()
    drift: Annotated[DriftSpec, _ModeAlone()] = DriftSpec()
    ignore: tuple[IgnoreSpec, ...] = ()
    prune: PruneSpec = PruneSpec()
    guard: GuardSpec = GuardSpec()
    background: tuple[BackgroundField, ...] = ()
    health: VigilSpec = VigilSpec()

    @model_validator(mode="after")
    def _can_go_back(self) -> "RolloutPolicySpec":
        self.health.fits(self.on_failure)
        return self

    def to_model(self, name: str, library: Library = no_library) -> RolloutPolicy:
        """Return the policy; analyses it names are taken from the library, which renders them for one unit."""
        return RolloutPolicy(
            name=name,
            strategy=self.strategy.to_model(library),
            failure_budget=FailureBudget(self.failure_budget.total, self.failure_budget.per_batch),
            progress_deadline=self.progress_deadline,
            on_failure=OnFailure(self.on_failure),
            revert_within=self.revert.within,
            revert_pace=RevertPace(self.revert.strategy),
            drift=DriftMode(self.drift.mode),
            healing=Healing(self.drift.at_once, OnMany(self.drift.on_many)),
            ignore=tuple(IgnoreRule(rule.resource, rule.fields) for rule in self.ignore),
            prune=Prune(PruneMode(self.prune.mode), self.prune.at_most, self.prune.confirm),
            guarding=self.guard.to_model(),
            background=background(self.background, library),
            vigil=self.health.to_model(),
        )
