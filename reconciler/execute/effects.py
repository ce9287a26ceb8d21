"""The three things execution does to the world: change targets, look at them again, ask their checks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import TypeVar

from reconciler.execute.outcome import Changed, Outcome, outcome
from reconciler.execute.recovery import CannotSee, Recovered, decide, under_way, wanted
from reconciler.model.canonical import Digest
from reconciler.model.change import LEAVING
from reconciler.model.health import CheckProgress, CheckResult
from reconciler.model.operation import SetPassword, WriteFile
from reconciler.model.plan import Plan, Probe, TargetChanges
from reconciler.model.resource import Survey
from reconciler.model.rollout import Rollout
from reconciler.ports.errors import WorldError
from reconciler.ports.kind import Kind
from reconciler.ports.targets import Targets, Transaction

AT_ONCE = 50
"""How many targets are worked on side by side."""

TRANSACTION_LIMIT = timedelta(minutes=5)

T = TypeVar("T")
R = TypeVar("R")


def transaction_id(rollout: Rollout, plan: Plan) -> str:
    """Return the id of what the step at the cursor does on each target; the same whenever it is tried again."""
    return f"{rollout.id}-{plan.id.rpartition(':')[2][:12]}-{rollout.cursor}"


def blobs_of(changes: Sequence[TargetChanges]) -> tuple[Digest, ...]:
    """Return the contents the changes write."""
    operations = (operation for target in changes for operation in target.operations)
    contents = (one.content for one in operations if isinstance(one, WriteFile | SetPassword))
    return tuple(dict.fromkeys(content.blob for content in contents if content is not None))


def transaction(rollout: Rollout, plan: Plan, changes: TargetChanges, contents: Mapping[Digest, bytes]) -> Transaction:
    """Return what has to happen to one target in the step at the cursor."""
    resources = {resource.id: resource for resource in plan.unit.resources}
    return Transaction(
        id=transaction_id(rollout, plan),
        operations=changes.operations,
        after=wanted(changes, resources),
        removed=tuple(change.resource.ref for change in changes.changes if change.action in LEAVING),
        contents={blob: contents[blob] for blob in blobs_of([changes])},
        limit=TRANSACTION_LIMIT,
        fence=plan.fences.get(changes.target, 0),
    )


class Effects:
    """What a plan's steps do to its hosts, side by side and bounded; failures of the world come back as answers."""

    def __init__(self, targets: Targets, kinds: Mapping[str, Kind]) -> None:
        self._targets = targets
        self._kinds = kinds
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def change(
        self, plan: Plan, transactions: Mapping[str, Transaction]
    ) -> AsyncGenerator[Mapping[str, Outcome], None]:
        """Run a transaction on each target named; yield how it ended, as soon as it has.

        When the caller stops early, what is under way is ended with the error it stopped for.
        """
        hosts = {host.name: host for host in plan.hosts}

        async def one(name: str) -> Outcome:
            try:
                await self._targets.apply(hosts[name], transactions[name])
            except WorldError as error:
                return outcome(error)
            return Changed()

        async with aclosing(self._side_by_side(list(transactions), one)) as waves:
            async for wave in waves:
                yield wave

    async def look(self, plan: Plan, changes: Sequence[TargetChanges], transaction: str) -> Mapping[str, Recovered]:
        """Look again at targets on which that transaction was begun, and return what is known of each."""
        hosts = {host.name: host for host in plan.hosts}
        resources = {resource.id: resource for resource in plan.unit.resources}
        by_target = {one.target: one for one in changes}

        async def one(name: str) -> Recovered:
            left_behind = wanted(by_target[name], resources)
            if not left_behind:
                return decide(left_behind, Survey({}), self._kinds)
            try:
                # All of them, since what one owes (a restart) may depend on how another is.
                there = [one for one in plan.unit.resources if one.id.target == name]
                survey = await self._targets.survey(hosts[name], there)
            except WorldError as error:
                return CannotSee(str(error))
            return under_way(transaction, survey.grounds.get(name)) or decide(left_behind, survey, self._kinds)

        return await self._all(list(by_target), one)

    async def ask(self, plan: Plan, step: Probe, due: Sequence[CheckProgress]) -> Mapping[CheckProgress, CheckResult]:
        """Ask each check once."""
        hosts = {host.name: host for host in plan.hosts}

        async def one(progress: CheckProgress) -> CheckResult:
            try:
                return await self._targets.check(hosts[progress.target], step.checks[progress.check])
            except WorldError as error:
                return CheckResult(healthy=False, detail=str(error))

        return await self._all(due, one)

    async def _all(self, items: Sequence[T], work: Callable[[T], Awaitable[R]]) -> dict[T, R]:
        results: dict[T, R] = {}
        async with aclosing(self._side_by_side(items, work)) as waves:
            async for wave in waves:
                results.update(wave)
        return {item: results[item] for item in items}

    async def _side_by_side(
        self, items: Sequence[T], work: Callable[[T], Awaitable[R]]
    ) -> AsyncGenerator[dict[T, R], None]:
        async def bounded(item: T) -> R:
            async with self._slots:
                return await work(item)

        tasks = {asyncio.create_task(bounded(item)): item for item in items}
        try:
            waiting = set(tasks)
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                yield {item: task.result() for task, item in tasks.items() if task in done}
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
