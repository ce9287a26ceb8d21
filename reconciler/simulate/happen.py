"""What a happening does to the simulated world."""

from collections.abc import Callable
from pathlib import Path

from reconciler.desired.load import Invalid
from reconciler.model.access import Login
from reconciler.model.event import (
    AbortRequested,
    DecisionTaken,
    Event,
    Paused,
    Resumed,
    RetryRequested,
)
from reconciler.model.problem import Problem
from reconciler.model.rollout import Decided, Decision, Rollout
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Desired
from reconciler.model.word import ApprovalAsked, ApprovalGiven, ApprovalRefused
from reconciler.simulate.controller import Controller, Surroundings
from reconciler.simulate.figures import Figures
from reconciler.simulate.fleet import Fleet
from reconciler.simulate.repository import Repository
from reconciler.simulate.scenario import Commit, Happening, Person
from reconciler.simulate.world import Fault

_REASON = "as the scenario says"


class Acts:
    """Does what happens, and says so."""

    def __init__(
        self, around: Surroundings, fleet: Fleet, figures: Figures, controller: Controller, repository: Repository
    ) -> None:
        self._around = around
        self._fleet = fleet
        self._figures = figures
        self._controller = controller
        self._repository = repository
        self.folder = Path()
        self.say: Callable[[str, str], None] = lambda about, text: None

    async def do(self, happening: Happening) -> None:
        """Let it happen."""
        if happening.commit:
            self._commit(happening.commit)
        elif happening.person:
            await self._person(happening.person)
        elif happening.unhealthy:
            ill = happening.unhealthy
            self._fleet.ills.append(ill)
            self.say("", f"{ill.app} {ill.version} is {'well again' if ill.well else f'unhealthy on {ill.share}'}")
        elif happening.figure:
            self._figures.said[happening.figure.analysis] = happening.figure
            said = happening.figure
            what = "cannot be asked" if said.away else "has no data" if said.no_data else f"becomes {said.value}"
            self.say("", f"{said.analysis} {what}")
        elif happening.kill:
            self.say("", "the controller is killed")
            self._controller.kill()
        elif happening.hook_refuses:
            self._around.hooks.refused[""] = happening.hook_refuses
            self.say("", f"hooks refuse from now on: {happening.hook_refuses}")
        else:
            self._to_a_host(happening)

    def checked(self, desired: Desired) -> Desired:
        """Return it, when every host and app that the scenario names is there; raise Invalid."""
        unknown = sorted(set(self._repository.versions) - self._repository.apps())
        if unknown:
            raise Invalid((Problem(file=str(self._repository.folder), message=f"there is no app {unknown[0]} here"),))
        return desired

    def _known(self, happening: Happening) -> None:
        """Raise Invalid for a host that is in no commit."""
        named = (
            happening.dies,
            happening.returns,
            happening.refuses,
            happening.reloads,
            happening.loses,
            happening.finds,
        )
        for name in named:
            if name is not None and name not in self._around.commits.targets:
                raise Invalid((Problem(file=str(self._repository.folder), message=f"there is no host {name} here"),))

    def _to_a_host(self, happening: Happening) -> None:
        self._known(happening)
        hosts, routers = self._around.hosts, self._around.routers
        if happening.dies:
            hosts.down.add(happening.dies)
            self.say("", f"{happening.dies} dies")
        elif happening.returns:
            hosts.down.discard(happening.returns)
            self.say("", f"{happening.returns} comes back")
        elif happening.refuses:
            hosts.faults.setdefault(happening.refuses, []).append(Fault.REFUSED)
            self.say("", f"{happening.refuses} will refuse its next change")
        elif happening.reloads:
            self.say("", f"the load balancer {happening.reloads} reloads and forgets its weights")
            routers.reload(happening.reloads)
        elif happening.loses:
            routers.away.add(happening.loses)
            self.say("", f"the load balancer {happening.loses} cannot be reached")
        elif happening.finds:
            routers.away.discard(happening.finds)
            self.say("", f"the load balancer {happening.finds} can be reached again")

    def _commit(self, commit: Commit) -> None:
        if commit.folder:
            self._repository.folder = self.folder / commit.folder
        self._repository.versions.update(commit.versions)
        desired = self.checked(self._repository.commit())
        self._fleet.learn(desired)
        self._around.commits.come(desired)
        what = ", ".join(f"{app} {version}" for app, version in commit.versions.items()) or commit.folder or "as it is"
        self.say("", f"commit {desired.commit[:7]} comes: {what}")

    async def _person(self, person: Person) -> None:
        known = (await self._around.journal.standing()).of(person.unit)
        rollout = known.rollout
        decision = self._decision(person, rollout) if rollout else self._consent(person, known)
        event = _said(person, rollout, decision)
        if event is None:
            self.say(str(person.unit), f"{person.name} says {person.does}, and there is no rollout to say it to")
        else:
            await self._around.journal.append([event], self._around.clock.now())

    def _consent(self, person: Person, known: UnitStanding) -> ApprovalGiven | ApprovalRefused | None:
        """What somebody says of the plan that people were asked about last."""
        asked = [each for each in known.words if isinstance(each, ApprovalAsked)]
        if not asked or person.does not in ("approve", "reject"):
            return None
        unit, plan, at = person.unit, asked[-1].plan, self._around.clock.now()
        if person.does == "reject":
            return ApprovalRefused(unit=unit, plan=plan, author=person.name, reason=_REASON, at=at)
        return ApprovalGiven(
            unit=unit, plan=plan, author=person.name, roles=person.roles, login=Login.LOCAL, at=at, factor=True
        )

    def _decision(self, person: Person, rollout: Rollout) -> DecisionTaken | None:
        if person.does not in {each.value for each in Decided}:
            return None
        decision = Decision(
            rollout=rollout.id,
            plan=rollout.plan,
            index=rollout.cursor,
            decided=Decided(person.does),
            author=person.name,
            reason=_REASON,
            at=self._around.clock.now(),
            roles=person.roles,
        )
        return DecisionTaken(unit=person.unit, decision=decision)


def _said(
    person: Person, rollout: Rollout | None, decision: DecisionTaken | ApprovalGiven | ApprovalRefused | None
) -> Event | None:
    unit, author, reason = person.unit, person.name, _REASON
    match person.does:
        case "pause":
            return Paused(unit=unit, author=author, reason=reason)
        case "resume":
            return Resumed(unit=unit, author=author, reason=reason)
        case "retry":
            return RetryRequested(unit=unit, author=author, reason=reason)
        case "abort" | "leave" if rollout:
            leave = person.does == "leave"
            return AbortRequested(unit=unit, rollout=rollout.id, author=author, reason=reason, leave=leave)
        case _:
            return decision
