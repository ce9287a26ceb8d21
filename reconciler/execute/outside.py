"""What execution asks of load balancers, monitoring and hooks; failures of the world come back as answers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from reconciler.execute.effects import transaction_id
from reconciler.execute.entry import Upheld
from reconciler.execute.moves import Direct, Watch
from reconciler.execute.printed import place
from reconciler.execute.side_by_side import SideBySide
from reconciler.execute.steps import hook
from reconciler.execute.steps.traffic import Seen, differing
from reconciler.execute.written.answered import Answers
from reconciler.model.analysis import Analysis, Query
from reconciler.model.output import Stream
from reconciler.model.plan import Drain, Mirror, Plan, Shift
from reconciler.model.rollout import Rollout
from reconciler.model.step import CallHook
from reconciler.model.target import Host, Target
from reconciler.model.traffic import Router, Share
from reconciler.ports.errors import WorldError
from reconciler.ports.hooks import Hooks
from reconciler.ports.metrics import Metrics
from reconciler.ports.outputs import Outputs
from reconciler.ports.router import Routers
from reconciler.verify.analysis import Answer

NO_ROUTER = "the plan sends requests and names no load balancer"


@dataclass(frozen=True, slots=True)
class Outside:
    """What a rollout works with beside its targets."""

    routers: Routers
    metrics: Metrics
    hooks: Hooks
    outputs: Outputs
    side_by_side: SideBySide

    async def direct(self, plan: Plan, move: Direct | Watch) -> Seen | str:
        """Tell the load balancers, unless they are only to be watched, and return what they say, or what is wrong."""
        if plan.router is None:
            return NO_ROUTER
        hosts = _balancers(plan)
        try:
            if isinstance(move, Direct):
                await self._tell(plan.router, move, hosts)
            return await self.routers.weights(plan.router, hosts)
        except WorldError as error:
            return str(error)

    async def uphold(self, plan: Plan, routing: Sequence[Share]) -> Upheld:
        """Have requests sent as they shall be where they are not, and return what that was.

        A load balancer that is away is no reason to stop: the step that needs it fails with it.
        """
        if plan.router is None:
            return Upheld()
        hosts = _balancers(plan)
        try:
            seen = await self.routers.weights(plan.router, hosts)
            servers = differing(routing, seen)
            lost = tuple(share for share in routing if share.server in servers)
            if lost:
                await self._send(plan.router, lost, hosts)
        except WorldError as error:
            return Upheld(trouble=str(error))
        return Upheld(servers)

    async def leave(self, plan: Plan, routing: Sequence[Share]) -> None:
        """Tell every load balancer how requests are to be sent from now on; one that is away finds out later."""
        if plan.router is not None:
            with suppress(WorldError):
                await self._send(plan.router, routing, _balancers(plan))

    async def measure(self, plan: Plan, due: Sequence[Analysis]) -> Answers:
        """Ask for the figures of each analysis once, and for those it is compared with."""
        host = next(iter(_hosts(plan)), None)

        async def one(analysis: Analysis) -> tuple[Answer, Answer | None]:
            answer = await self._read(analysis.query, host)
            compared = analysis.comparison
            return answer, await self._read(compared.baseline, host) if compared else None

        by_name: Mapping[str, Analysis] = {analysis.name: analysis for analysis in due}
        return await self.side_by_side.all(list(by_name), lambda name: one(by_name[name]))

    async def call(self, rollout: Rollout, plan: Plan, step: CallHook) -> hook.Answer:
        """Call the hook once."""
        host, key = next(iter(_hosts(plan)), None), transaction_id(rollout, plan)
        with closing(self.outputs.open(place(rollout, plan), host.name if host else "")) as sink:
            sink.say(Stream.NOTE, f"{step.hook}\n".encode())
            try:
                said = await self.hooks.call(step.hook, hook.payload(rollout, plan), key, host, sink)
            except WorldError as error:
                sink.say(Stream.NOTE, f"{error}\n".encode())
                return hook.NotYet(str(error))
            return hook.Yes(said)

    async def _read(self, query: Query, host: Host | None) -> Answer:
        try:
            return await self.metrics.read(query, host)
        except WorldError as error:
            return str(error)

    async def _tell(self, router: Router, move: Direct, hosts: Mapping[str, Target]) -> None:
        match move.step:
            case Drain():
                await self.routers.drain(router, move.step.servers, hosts)
            case Shift():
                await self.routers.set_weights(router, move.shares, hosts)
            case Mirror():
                await self.routers.mirror(router, move.step.servers, move.step.percent, hosts)

    async def _send(self, router: Router, shares: Sequence[Share], hosts: Mapping[str, Target]) -> None:
        drained = tuple(share.server for share in shares if not share.weight)
        serving = tuple(share for share in shares if share.weight)
        if serving:
            await self.routers.set_weights(router, serving, hosts)
        if drained:
            await self.routers.drain(router, drained, hosts)


def _balancers(plan: Plan) -> Mapping[str, Target]:
    return {host.name: host for host in plan.balancers}


def _hosts(plan: Plan) -> Iterator[Host]:
    return (each for each in plan.targets if isinstance(each, Host))
