"""Steps of a plan that only wait for something: time, a person, figures, somebody else's answer.

Policies are written with them and plans are made of them.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from reconciler.model.analysis import Analysis

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bake:
    """Let time pass; background analyses go on meanwhile."""

    duration: timedelta
    step: Literal["bake"] = "bake"


@dataclass(frozen=True, slots=True)
class Analyse:
    """Measure until every analysis has come to an end.

    One that failed or could not be measured fails the step. One that is inconclusive waits for a person, ``within`` at
    most. ``passes_at`` is the least score (0 to 100, weighed) where several are judged together; None: each must pass.
    """

    analyses: tuple[Analysis, ...]
    passes_at: int | None = None
    within: timedelta = DAY
    step: Literal["analyse"] = "analyse"


@dataclass(frozen=True, slots=True)
class AwaitPromotion:
    """Wait until a person says ``promote``; not promoted within that time is a failure of the step."""

    within: timedelta = DAY
    step: Literal["await_promotion"] = "await_promotion"


@dataclass(frozen=True, slots=True)
class AwaitApproval:
    """Wait for the approval of so many different people; ``approvers`` are who may (empty: anybody who may decide)."""

    count: int = 1
    approvers: tuple[str, ...] = ()
    within: timedelta = DAY
    step: Literal["await_approval"] = "await_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpHook:
    """POST what is going on, as JSON, to a URL; a status of 200 to 299 is the answer to go on.

    ``token`` is the reference of a secret that is sent as a bearer token.
    """

    url: str
    token: str | None = None
    timeout: timedelta = timedelta(seconds=30)
    hook: Literal["http"] = "http"

    def __str__(self) -> str:
        return f"POST {self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandHook:
    """A command on one target (the first of the rollout) that ends with status 0."""

    command: tuple[str, ...]
    timeout: timedelta = timedelta(seconds=30)
    hook: Literal["command"] = "command"

    def __str__(self) -> str:
        return " ".join(self.command)


Hook: TypeAlias = HttpHook | CommandHook


@dataclass(frozen=True, slots=True)
class CallHook:
    """Ask somebody else's program, which may be asked more than once; what it refuses ``attempts`` times has failed."""

    hook: Hook
    attempts: int = 3
    step: Literal["call_hook"] = "call_hook"


Wait: TypeAlias = Bake | Analyse | AwaitPromotion | AwaitApproval | CallHook
