"""What people write under ``strategy``: how changes travel through a fleet."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from reconciler.desired.analysis_documents import Library, no_library
from reconciler.desired.fields import Any0, Labels, OrEmpty, Pause, Some, Strict
from reconciler.desired.wait_documents import Waits, WaitSpec, told_at
from reconciler.desired.words import nearest
from reconciler.model.policy import (
    AllAtOnce,
    Amount,
    BlueGreen,
    Canary,
    CanaryStep,
    MirrorTo,
    Portion,
    Progressive,
    Recreate,
    Ring,
    Rolling,
    SetTargets,
    SetWeight,
    Strategy,
)

_ROLLING = Rolling()
_BLUE_GREEN = BlueGreen()
_EVERYTHING = Amount(100, percent=True)

Percent = Annotated[int, Field(strict=True, ge=1, le=100)]
Truth = Annotated[bool, Field(strict=True)]


class AllAtOnceSpec(Strict):
    """Every target in one batch."""

    def to_model(self, _: Library) -> AllAtOnce:
        """Return the strategy."""
        return AllAtOnce()


class RecreateSpec(Strict):
    """Stop the app everywhere, then change it everywhere: it is down in between, and never runs in two versions."""

    def to_model(self, _: Library) -> Recreate:
        """Return the strategy."""
        return Recreate()


class RollingSpec(Strict):
    """Batch after batch; each must be healthy before the next.

    Percentages are of all of the unit's targets. ``maxSurge`` rounds up and ``maxUnavailable`` down; when both are
    nothing, one may be unavailable: that is Kubernetes' rule. Targets that cannot be seen, or are not healthy, count as
    unavailable; those that are not healthy are changed first. A host has no place for one more of an app, so
    ``maxSurge`` counts only for an app with ``slots``. Without the two, the batch size alone says how many are changed
    at once (1); with one of them it is as many as they allow.
    """

    batch_size: Some | None = None
    max_surge: Any0 | None = None
    max_unavailable: Any0 | None = None
    pause_between_batches: Pause | None = None
    pause: Annotated[Pause | None, Field(description="the same as pauseBetweenBatches")] = None
    order_by: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _paused_once(self) -> "RollingSpec":
        if self.pause is not None and self.pause_between_batches is not None:
            raise told_at(("pause",), "this says the same as pauseBetweenBatches; write one of them", self.pause)
        return self

    def to_model(self, _: Library = no_library) -> Rolling:
        """Return the strategy."""
        bounded = self.max_surge is not None or self.max_unavailable is not None
        size = self.batch_size or (_EVERYTHING if bounded else _ROLLING.batch_size)
        pause = self.pause_between_batches or self.pause or _ROLLING.pause
        return Rolling(size, pause, self.max_surge, self.max_unavailable, self.order_by)


class CanaryStepSpec(WaitSpec):
    """One step of a canary: exactly one of the keys; ``autoPromote`` goes with setWeight and setTargets.

    With a router, ``setWeight: 10`` changes as many targets as carry 10 % (rounded up, never all) and gives them 10 %
    of the requests together. Without one, the number of changed targets is the weight: that nearest to it, the greater
    one on a tie, never none and never all below 100 (Argo Rollouts' rule). ``mirror`` copies requests and drops the
    answers; nginx can do it, HAProxy cannot.
    """

    set_weight: Percent | None = None
    set_targets: Some | None = None
    mirror: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    auto_promote: Truth = True

    @model_validator(mode="after")
    def _promotes_what(self) -> "CanaryStepSpec":
        if not self.auto_promote and self.set_weight is None and self.set_targets is None:
            raise told_at(("autoPromote",), "only setWeight and setTargets are promoted; write pause: {}", None)
        return self

    def to_model(self, library: Library) -> CanaryStep:
        """Return the step."""
        if self.set_weight is not None:
            return SetWeight(self.set_weight, self.auto_promote)
        if self.set_targets is not None:
            return SetTargets(self.set_targets, self.auto_promote)
        return self.wait(library) if self.mirror is None else MirrorTo(self.mirror)


def _rising(steps: Sequence[CanaryStepSpec]) -> Sequence[CanaryStepSpec]:
    weight, targets = 0, Amount(0)
    for index, step in enumerate(steps):
        if step.set_weight is not None:
            if step.set_weight <= weight:
                message = f"the weight has to rise from step to step; it is {weight} already"
                raise told_at((index, "setWeight"), message, step.set_weight)
            weight = step.set_weight
        if step.set_targets is not None:
            if step.set_targets.percent is targets.percent and step.set_targets.value <= targets.value:
                message = f"the number of targets has to rise from step to step; it is {targets} already"
                raise told_at((index, "setTargets"), message, step.set_targets)
            targets = step.set_targets
    if not weight and not targets.value and not any(step.mirror for step in steps):
        raise ValueError("expected a step that changes something: setWeight, setTargets or mirror")
    return steps


class CanarySpec(Strict):
    """A part of the targets and of the requests first, step by step; then all the rest, in batches as ``rest`` says.

    A newer commit begins again at the first step; the base of comparison stays the last good version. On the first
    deployment the steps are skipped: there is nothing to compare with.
    """

    steps: Annotated[tuple[CanaryStepSpec, ...], Field(min_length=1), AfterValidator(_rising)]
    rest: RollingSpec = RollingSpec()

    def to_model(self, library: Library) -> Canary:
        """Return the strategy."""
        return Canary(tuple(step.to_model(library) for step in self.steps), self.rest.to_model())


class PortionSpec(Strict):
    """So many percent of the requests to the new side, for so long."""

    weight: Annotated[int, Field(strict=True, ge=1, le=99)]
    duration: Annotated[Pause, Field(alias="for")] = timedelta(0)


def _portions(portions: Sequence[PortionSpec]) -> Sequence[PortionSpec]:
    for index, (before, each) in enumerate(pairwise(portions), start=1):
        if each.weight <= before.weight:
            message = f"the weight has to rise from portion to portion; it is {before.weight} already"
            raise told_at((index, "weight"), message, each.weight)
    return portions


class BlueGreenSpec(Strict):
    """The side that serves nobody gets the new version and is verified; then the requests are switched.

    The sides are the app's two ``slots`` on each target, or two sets of targets by the value of the label
    ``sideLabel``. The old side stays as it is for ``retireAfter``, for an instant switch back, and gets the new version
    then. A first deployment brings both sides at once.
    """

    side_label: Annotated[str, Field(min_length=1)] = _BLUE_GREEN.side_label
    warm_up: Pause = _BLUE_GREEN.warm_up
    verify: Waits = ()
    auto_switch: Truth = _BLUE_GREEN.auto_switch
    shift: Annotated[tuple[PortionSpec, ...], AfterValidator(_portions)] = ()
    retire_after: Pause = _BLUE_GREEN.retire_after

    def to_model(self, library: Library) -> BlueGreen:
        """Return the strategy."""
        return BlueGreen(
            side_label=self.side_label,
            warm_up=self.warm_up,
            verify=tuple(each.wait(library) for each in self.verify),
            auto_switch=self.auto_switch,
            shift=tuple(Portion(each.weight, each.duration) for each in self.shift),
            retire_after=self.retire_after,
        )


class RingStrategySpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """How the targets of one ring are changed: exactly one of the keys."""

    all_at_once: Annotated[AllAtOnceSpec | None, OrEmpty] = None
    rolling: Annotated[RollingSpec | None, OrEmpty] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "RingStrategySpec":
        if (self.all_at_once is None) == (self.rolling is None):
            raise ValueError("expected exactly one of allAtOnce or rolling")
        return self


def _one_label(value: Any) -> Any:
    """``{zone: a}`` says the same as ``{labels: {zone: a}}``; a word that is nearly a key of ours is a mistake."""
    known = [field.alias or name for name, field in RingSpec.model_fields.items()]
    if not isinstance(value, dict) or any(key in _WHO for key in value):
        return value
    others = [key for key in value if key not in known]
    if len(others) != 1 or not isinstance(value[others[0]], str) or nearest(str(others[0]), known):
        return value
    return {**{key: each for key, each in value.items() if key in known}, "labels": {others[0]: value[others[0]]}}


_WHO = ("targets", "percent", "labels", "environment", "all")


class RingSpec(Strict, json_schema_extra={"additionalProperties": {"type": "string"}}):
    """A part of the fleet: of the targets that are left, so many, so many percent of all, those with labels, or all.

    ``{zone: a}`` is short for ``{labels: {zone: a}}``. ``environment`` is no part of this unit: the same app has to be
    good there, at this commit, for ``bake``. A ring is done when its targets are still as the plan wants them after its
    ``bake``, and healthy.
    """

    targets: Annotated[int, Field(strict=True, ge=1)] | None = None
    percent: Percent | None = None
    labels: Annotated[Labels, Field(min_length=1)] | None = None
    environment: str | None = None
    all: Truth = False
    strategy: RingStrategySpec = RingStrategySpec(allAtOnce=AllAtOnceSpec())
    bake: Pause = timedelta(0)
    then: Waits = ()

    @model_validator(mode="after")
    def _one_part(self) -> "RingSpec":
        if sum(bool(getattr(self, name)) for name in _WHO) != 1:
            raise ValueError(
                "expected exactly one of targets, percent, labels (or one label), environment or all: true"
            )
        if self.environment and self.then:
            raise told_at(("then",), "a ring of another environment is only waited for; write bake", self.then)
        return self

    def to_model(self, library: Library) -> Ring:
        """Return the ring."""
        amount = Amount(self.targets) if self.targets else Amount(self.percent or 0, percent=True)
        return Ring(
            amount=amount if self.targets or self.percent else None,
            labels=tuple(sorted((self.labels or {}).items())),
            environment=self.environment,
            strategy=self.strategy.rolling.to_model() if self.strategy.rolling else AllAtOnce(),
            bake=self.bake,
            then=tuple(each.wait(library) for each in self.then),
        )


Rings = Annotated[tuple[Annotated[RingSpec, BeforeValidator(_one_label)], ...], Field(min_length=1)]


def _to_the_end(rings: Sequence[RingSpec]) -> Sequence[RingSpec]:
    here = [index for index, each in enumerate(rings) if each.environment is None]
    for index, each in enumerate(rings):
        if each.environment and here and index > here[0]:
            message = "rings of other environments come first: they are waited for before anything is changed here"
            raise told_at((index, "environment"), message, each.environment)
        if _whole(each) and index < len(rings) - 1:
            raise told_at((index + 1,), "nothing is left for this ring: the one before takes all", None)
    if not here or not _whole(rings[here[-1]]):
        raise ValueError("the last ring has to be {all: true}: what no ring names would never be changed")
    return rings


def _whole(ring: RingSpec) -> bool:
    return ring.all or ring.percent == _EVERYTHING.value


class ProgressiveSpec(Strict):
    """Ring after ring, each with its own strategy, bake and gates."""

    rings: Annotated[Rings, AfterValidator(_to_the_end)]

    def to_model(self, library: Library) -> Progressive:
        """Return the strategy."""
        return Progressive(tuple(each.to_model(library) for each in self.rings))


class StrategySpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """How changes travel: exactly one of the keys."""

    all_at_once: Annotated[AllAtOnceSpec | None, OrEmpty] = None
    recreate: Annotated[RecreateSpec | None, OrEmpty] = None
    rolling: Annotated[RollingSpec | None, OrEmpty] = None
    canary: CanarySpec | None = None
    blue_green: Annotated[BlueGreenSpec | None, OrEmpty] = None
    progressive: ProgressiveSpec | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "StrategySpec":
        if len(list(self._given())) != 1:
            raise ValueError("expected exactly one of allAtOnce, recreate, rolling, canary, blueGreen or progressive")
        return self

    def _given(self) -> Iterable[Any]:
        return (each for name in type(self).model_fields if (each := getattr(self, name)) is not None)

    def to_model(self, library: Library = no_library) -> Strategy:
        """Return the strategy, with its analyses as they are for one unit."""
        (given,) = self._given()
        found: Strategy = given.to_model(library)
        return found
