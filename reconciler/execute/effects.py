"""What execution does to targets: change them, look at them again, ask their checks."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from datetime import timedelta

from reconciler.execute.outcome import Changed, Outcome, outcome
from reconciler.execute.printed import place
from reconciler.execute.recovery import Again, CannotSee, Done, Recovered, decide, tells_all, under_way, wanted
from reconciler.execute.side_by_side import SideBySide
from reconciler.execute.steps.confirm import Inspected, NotSeen, concerned, inspect
from reconciler.execute.written.marked import marks
from reconciler.model.canonical import Digest
from reconciler.model.carried import blobs_of
from reconciler.model.change import LEAVING
from reconciler.model.health import CheckProgress, CheckResult, hiding
from reconciler.model.output import Stream
from reconciler.model.plan import Plan, Probe, TargetChanges
from reconciler.model.resource import Survey
from reconciler.model.rollout import Rollout
from reconciler.ports.errors import WorldError
from reconciler.ports.kind import Kind
from reconciler.ports.outputs import Outputs
from reconciler.ports.targets import Targets, Transaction

TRANSACTION_LIMIT = timedelta(minutes=5)


def transaction_id(rollout: Rollout, plan: Plan) -> str:
    """Return the id of what the step at the cursor does on each target; the same whenever it is tried again."""
    return f"{rollout.id}-{plan.id.rpartition(':')[2][:12]}-{rollout.cursor}"


def transaction(rollout: Rollout, plan: Plan, changes: TargetChanges, contents: Mapping[Digest, bytes]) -> Transaction:
    """Return what has to happen to one target in the step at the cursor."""
    resources = {resource.id: resource for resource in plan.unit.resources}
    return Transaction(
        id=transaction_id(rollout, plan),
        operations=changes.operations,
        after=wanted(changes, resources),
        removed=tuple(change.resource.ref for change in changes.changes if change.action in LEAVING),
        contents={blob: contents[blob] for blob in blobs_of(changes.operations)},
        limit=TRANSACTION_LIMIT,
        fence=plan.fences.get(changes.target, 0),
        guard=changes.guard,
        marks=marks(rollout, plan, changes),
    )


class Effects:
    """What a plan's steps do to its targets, side by side and bounded; failures of the world come back as answers."""

    def __init__(self, targets: Targets, kinds: Mapping[str, Kind], outputs: Outputs, side_by_side: SideBySide) -> None:
        self._targets = targets
        self._kinds = kinds
        self._outputs = outputs
        self._side_by_side = side_by_side

    async def change(
        self, rollout: Rollout, plan: Plan, transactions: Mapping[str, Transaction]
    ) -> AsyncGenerator[Mapping[str, Outcome], None]:
        """Run a transaction on each target named; yield how it ended, as soon as it has. What they print is kept.

        When the caller stops early, what is under way is ended with the error it stopped for.
        """
        targets = {each.name: each for each in plan.targets}
        where = place(rollout, plan)

        async def one(name: str) -> Outcome:
            with closing(self._outputs.open(where, name)) as sink:
                try:
                    wanted = replace(transactions[name], output=sink, secrets=where.secrets)
                    await self._targets.apply(targets[name], wanted)
                except WorldError as error:
                    sink.say(Stream.NOTE, f"{error}\n".encode())
                    return outcome(error)
                return Changed()

        async with aclosing(self._side_by_side.waves(list(transactions), one)) as waves:
            async for wave in waves:
                yield wave

    async def look(self, plan: Plan, changes: Sequence[TargetChanges], transaction: str) -> Mapping[str, Recovered]:
        """Look again at targets on which that transaction was begun, and return what is known of each."""
        targets = {each.name: each for each in plan.targets}
        resources = {resource.id: resource for resource in plan.unit.resources}
        by_target = {one.target: one for one in changes}

        async def one(name: str) -> Recovered:
            left_behind = wanted(by_target[name], resources)
            if not left_behind:
                return decide(left_behind, Survey({}), self._kinds)
            try:
                # All of them, since what one owes (a restart) may depend on how another is.
                there = [one for one in plan.unit.resources if one.id.target == name]
                survey = await self._targets.survey(targets[name], there)
            except WorldError as error:
                return CannotSee(str(error))
            found = under_way(transaction, survey.grounds.get(name)) or decide(left_behind, survey, self._kinds)
            return found if tells_all(by_target[name], targets[name]) or not isinstance(found, Done) else Again()

        return await self._side_by_side.all(list(by_target), one)

    async def ask(
        self, rollout: Rollout, plan: Plan, step: Probe, due: Sequence[CheckProgress]
    ) -> Mapping[CheckProgress, CheckResult]:
        """Ask each check once. What they print is kept."""
        targets = {each.name: each for each in plan.targets}
        where = place(rollout, plan)

        async def one(progress: CheckProgress) -> CheckResult:
            check = hiding(step.checks[progress.check], where.secrets)
            try:
                result = await self._targets.check(targets[progress.target], check)
            except WorldError as error:
                return CheckResult(healthy=False, detail=str(error))
            if result.printed:
                with closing(self._outputs.open(where, progress.target)) as sink:
                    for stream, data in result.printed:
                        sink.say(stream, data)
            return result

        return await self._side_by_side.all(due, one)

    async def inspect(self, plan: Plan, targets: Sequence[str]) -> Mapping[str, Inspected]:
        """Look whether these targets are as the plan wants them."""
        there = {each.name: each for each in plan.targets}

        async def one(name: str) -> Inspected:
            resources = [each for each in plan.unit.resources if each.id.target == name]
            try:
                survey = await self._targets.survey(there[name], resources)
            except WorldError as error:
                return NotSeen(str(error))
            return inspect(concerned(plan, name), survey, self._kinds)

        return await self._side_by_side.all(targets, one)
