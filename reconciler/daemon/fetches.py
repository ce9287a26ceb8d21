"""Archives are fetched before the rollout that needs them begins: one that cannot be had is no fault of a commit."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from reconciler.model.carried import archives_of
from reconciler.model.content import Artifact
from reconciler.model.plan import Apply, Plan
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.errors import Unreachable, WorldError

AT_HAND = 0.5
"""So many seconds a pass waits for archives: those that are here already take no other pass."""

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Missed:
    reason: str
    times: int
    until: datetime


class Fetches:
    """What is being fetched now, and what could not be."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._tasks: dict[Artifact, asyncio.Task[Path]] = {}
        self._missed: dict[Artifact, _Missed] = {}

    @property
    def busy(self) -> bool:
        """Whether anything is being fetched."""
        return any(not task.done() for task in self._tasks.values())

    async def missing(self, plan: Plan, artifacts: Artifacts, now: datetime) -> WaitingOn | None:
        """Return what the plan waits for before it can begin; None when all its archives are here.

        What is not here is fetched from now on, and it rings when that has ended. An archive that was had and is wrong
        is not waited for: to say so is the rollout's.
        """
        wanted = tuple(dict.fromkeys(archives(plan)))
        for artifact in wanted:
            missed = self._missed.get(artifact)
            if artifact not in self._tasks and (missed is None or missed.until <= now):
                self._tasks[artifact] = asyncio.create_task(artifacts.fetch(artifact), name=f"fetching {artifact.url}")
        if tasks := [self._tasks[artifact] for artifact in wanted if artifact in self._tasks]:
            await asyncio.wait(tasks, timeout=AT_HAND)
        waits = [self._waits(artifact, now) for artifact in wanted]
        return next((each for each in waits if each), None)

    async def stop(self) -> None:
        """Fetch no more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    def _waits(self, artifact: Artifact, now: datetime) -> WaitingOn | None:
        task = self._tasks.get(artifact)
        if task and not task.done():
            task.remove_done_callback(self._ended)
            task.add_done_callback(self._ended)
            return WaitingOn(Reason.BLOCKED, f"fetching {artifact.url}")
        if task:
            del self._tasks[artifact]
            self._note(artifact, task, now)
        missed = self._missed.get(artifact)
        return WaitingOn(Reason.BLOCKED, f"{missed.reason}; it is tried again", missed.until) if missed else None

    def _note(self, artifact: Artifact, task: "asyncio.Task[Path]", now: datetime) -> None:
        before = self._missed.pop(artifact, None)
        try:
            task.result()
        except Unreachable as error:
            times = before.times + 1 if before else 0
            wait = min(_FIRST_WAIT * 2 ** min(times, 10), _LONGEST_WAIT)
            self._missed[artifact] = _Missed(str(error), times, now + wait)
        except WorldError:
            # It is met again, and told, when the host is changed.
            return

    def _ended(self, _: "asyncio.Task[Path]") -> None:
        self._ring()


def archives(plan: Plan) -> Iterator[Artifact]:
    """Yield the archives that a plan needs and that do not come with the repository."""
    applied = (target for step in plan.steps if isinstance(step, Apply) for target in step.targets)
    # What comes with the repository is stored together with the plan.
    yield from (
        artifact
        for target in applied
        for artifact in archives_of(target.operations)
        if not artifact.url.startswith("repo:")
    )
