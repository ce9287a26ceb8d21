"""Scenarios as people write them: what happens when, and what is expected. Read like every other document."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from reconciler.desired import mistakes
from reconciler.desired.fields import Budget, Name, Pause, Some, Strict, Version
from reconciler.desired.load import Invalid
from reconciler.desired.tree import Document, read
from reconciler.model.identity import UnitId
from reconciler.model.policy import Amount
from reconciler.model.problem import Problem
from reconciler.model.rollout import State


def _unit(value: Any) -> UnitId:
    if not isinstance(value, str):
        raise ValueError("expected a unit such as shop@production")  # noqa: TRY004 - pydantic wants it so
    return UnitId.parse(value)


Unit = Annotated[UnitId, BeforeValidator(_unit), WithJsonSchema({"type": "string", "pattern": "^[^@]+@[^@]+$"})]
StepWord = Literal[
    "apply", "stop", "probe", "confirm", "drain", "shift", "mirror", "bake", "analyse",
    "await_promotion", "await_approval", "call_hook",
]  # fmt: skip


class When(Strict):
    """A moment of a rollout: a step of that sort begins, it comes to that state, the new version has that weight."""

    unit: Unit | None = None
    step: StepWord | None = None
    state: State | None = None
    weight: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "When":
        _exactly_one(self, ("step", "state", "weight"))
        return self


class Commit(Strict):
    """A commit comes: other versions of apps, or all that another folder says."""

    versions: dict[str, Version] = Field(default_factory=dict)
    folder: str | None = None


class Illness(Strict):
    """A version of an app answers its health checks badly, on a share of its targets; ``well`` ends it."""

    app: Name
    version: Version
    share: Some = Amount(100, percent=True)
    well: bool = False


class Figure(Strict):
    """What an analysis is told from now on: a number, nothing (``noData``), or that monitoring is ``away``."""

    analysis: Name
    value: float | None = None
    no_data: bool = False
    away: bool = False


class Person(Strict):
    """What somebody does, to a unit. Without a rollout they pause, resume, retry, or consent to a plan that waits.

    ``roles`` are those that they have then.
    """

    does: Literal[
        "promote", "promote-fully", "approve", "reject", "abort", "leave", "pause", "resume", "retry"
    ]  # fmt: skip
    unit: Unit
    name: str = "somebody"
    roles: tuple[Name, ...] = ()


class Happening(Strict):
    """Something happens, at a time or when a rollout gets somewhere. ``after`` is how long after ``when``."""

    at: Pause | None = None
    when: When | None = None
    after: Pause = timedelta(0)
    commit: Commit | None = None
    dies: Name | None = None
    returns: Name | None = None
    refuses: Name | None = None
    unhealthy: Illness | None = None
    figure: Figure | None = None
    reloads: Name | None = None
    loses: Name | None = None
    finds: Name | None = None
    kill: Literal["controller"] | None = None
    person: Person | None = None
    hook_refuses: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Happening":
        _exactly_one(self, ("at", "when"))
        _exactly_one(self, ACTS)
        return self


ACTS = (
    "commit", "dies", "returns", "refuses", "unhealthy", "figure", "reloads", "loses", "finds", "kill", "person",
    "hook_refuses",
)  # fmt: skip


class Expectation(Strict):
    """How a unit shall end. What is not said is not looked at; ``within`` counts from the beginning."""

    unit: Unit
    state: State | None = None
    version: Version | None = None
    unavailable: Budget | None = None
    within: Pause | None = None


class ScenarioSpec(Strict):
    """A story for a fleet. ``deployed`` are the versions that run when it begins, of the apps that differ."""

    repository: str = "."
    deployed: dict[str, Version] = Field(default_factory=dict)
    fresh: bool = False
    seed: Annotated[int, Field(strict=True, ge=0)] = 0
    change_takes: Pause = timedelta(seconds=5)
    limit: Pause = timedelta(days=7)
    happens: list[Happening] = Field(default_factory=list)
    expect: list[Expectation] = Field(default_factory=list)


class Metadata(Strict):
    """The scenario's name."""

    name: str


class Scenario(Strict):
    """One file."""

    api_version: Literal["reconciler/v1"] = "reconciler/v1"
    kind: Literal["Scenario"]
    metadata: Metadata
    spec: ScenarioSpec


def read_scenario(path: Path) -> tuple[Scenario, Document]:
    """Return the scenario of a file, and where it stands; raise Invalid, OSError."""
    documents, problems = read(
        {path.name if path.suffix in (".yaml", ".yml") else f"{path.name}.yaml": path.read_bytes()}
    )
    if not problems and len(documents) != 1:
        problems = [Problem(file=path.name, message=f"expected one Scenario in the file, got {len(documents)}")]
    if problems:
        raise Invalid(tuple(problems))
    (document,) = documents
    try:
        return Scenario.model_validate(document.data), document
    except ValidationError as error:
        raise Invalid(tuple(mistakes.problems(error, Scenario, document))) from error


def _exactly_one(part: Strict, names: tuple[str, ...]) -> None:
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) != 1:
        words = ", ".join(_written(names))
        raise ValueError(f"expected exactly one of {words}; got {', '.join(_written(given)) or 'none of them'}")


def _written(names: tuple[str, ...] | list[str]) -> Iterator[str]:
    for name in names:
        first, *rest = name.split("_")
        yield first + "".join(each.title() for each in rest)
