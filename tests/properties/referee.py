"""Watches a simulated rollout and says what was against the rules, as it happens."""

from dataclasses import dataclass, field

from reconciler.model.change import Cause
from reconciler.model.event import Event, StepEnded, StepStarted
from reconciler.model.plan import Plan
from reconciler.model.policy import RevertPace
from reconciler.model.rollout import Rollout, State, StepState
from reconciler.policy.availability import at_once
from reconciler.ports.targets import Transaction
from reconciler.simulate.journal import Entry, MemoryJournal
from reconciler.simulate.routers import SimRouters
from tests.properties.requests import while_changed


@dataclass(slots=True)
class Referee:
    """``told`` is for a ``SimWorld``, ``heard`` for a journal. ``wrong`` is what was against the rules.

    ``watches``: nobody but us tells the load balancers anything, so who is changed must have no requests.
    """

    journal: MemoryJournal | None = None
    routers: SimRouters | None = None
    watches: bool = True
    wrong: list[str] = field(default_factory=list)
    blind: set[str] = field(default_factory=set)
    begun: int = 0

    def told(self, what: str, target: str, transaction: Transaction | None) -> None:
        match what:
            case "unseen":
                self.blind.add(target)
            case "seen" | "done":
                self.blind.discard(target)
            case "begins" if transaction and transaction.operations:
                self._begins(target, transaction)
            case "lost":
                self.blind.add(target)

    def _begins(self, target: str, transaction: Transaction) -> None:
        self.begun += 1
        name, _, rest = transaction.id.partition("-")
        plan_id, _, cursor = rest.rpartition("-")
        rollout = self.journal.rollouts.get(name)
        if rollout is None:
            self.wrong.append(f"{transaction.id} on {target}: there is no such rollout")
            return
        plan = self.journal.plans[rollout.plan]
        # What only takes away is done again without a look; a target that has done it does nothing.
        if target in self.blind and transaction.after:
            self.wrong.append(f"{transaction.id} on {target}: nobody knows how it is there")
        if rollout.state not in (State.RUNNING, State.REVERTING):
            self.wrong.append(f"{transaction.id} on {target}: the rollout is {rollout.state}")
        if plan_id not in plan.id or int(cursor) != rollout.cursor:
            self.wrong.append(f"{transaction.id} on {target}: its plan is at {rollout.plan} {rollout.cursor}")
        step = rollout.step
        if step is None or step.state is not StepState.STARTED or step.index != rollout.cursor:
            self.wrong.append(f"{transaction.id} on {target}: the step was not written down before")
        if target in {one.target for one in plan.left_out}:
            self.wrong.append(f"{transaction.id} on {target}: the plan leaves it out")
        self.wrong += while_changed(target, rollout, plan, self.routers) if self.routers and self.watches else ()
        self._available(rollout, plan)

    def _available(self, rollout: Rollout, plan: Plan) -> None:
        """No more targets are taken out of service at once than the plan allows, failed and unseen ones included.

        A revert that minds availability takes what is a batch of its policy, those that failed among them.
        """
        step = plan.steps[rollout.cursor]
        here = {one.target for one in step.targets}
        if getattr(step, "slot", ""):
            return  # The other slot serves meanwhile; requests are looked at above.
        tier = next((each for each in plan.tiers if here & {*each.targets}), None)
        if plan.cause is Cause.REVERT:
            most = at_once(plan.policy.strategy, len(tier.targets if tier else plan.unit.targets))
            if plan.policy.revert_pace is RevertPace.AVAILABLE and len(here) > most:
                self.wrong.append(f"{len(here)} targets are taken back at once, {most} may be: {sorted(here)}")
            return
        if tier is None or tier.may_be_down is None:
            return
        out = {one.target for one in (*rollout.failures, *plan.left_out)} & {*tier.targets} | here
        allowed = max(tier.may_be_down, len(here) if tier.may_be_down == 0 else tier.may_be_down)
        if len(out) > allowed:
            self.wrong.append(f"{len(out)} targets out of service, {allowed} allowed: {sorted(out)}")

    def heard(self, entry: Entry) -> None:
        event: Event = entry.event
        if isinstance(event, StepStarted | StepEnded) and event.record.index < 0:
            self.wrong.append("a step has no number")
