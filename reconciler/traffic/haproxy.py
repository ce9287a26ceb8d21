"""HAProxy on load balancer hosts, through the runtime API on its stats socket. Nothing of it survives a reload."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from reconciler.model.target import Host
from reconciler.model.traffic import HaproxyRouter, Route, Share
from reconciler.ports.errors import Broken, Denied, Refused, Unreachable, WorldError
from reconciler.ports.shell import Completed, Question, Script, Shell
from reconciler.traffic import haproxy_talk as talk
from reconciler.traffic.balancers import on_each

LIMIT = timedelta(seconds=15)


class HaproxyRouters:
    """``ports.router.Routers`` for HAProxy."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def weights(self, router: HaproxyRouter, hosts: Mapping[str, Host]) -> Mapping[str, tuple[Route, ...]]:
        """Return what each HAProxy says of the members."""
        return await on_each(router, hosts, partial(self._look, router))

    async def set_weights(self, router: HaproxyRouter, shares: Sequence[Share], hosts: Mapping[str, Host]) -> None:
        """Give the members these weights on every HAProxy, and read them back."""
        if shares:
            expected = {share.server: share.weight for share in shares}
            await self._tell(router, lambda: talk.weighing(router, shares), expected, hosts)

    async def drain(self, router: HaproxyRouter, servers: Sequence[str], hosts: Mapping[str, Host]) -> None:
        """Send no new requests to the members, on every HAProxy."""
        if servers:
            await self._tell(router, lambda: talk.draining(router, servers), dict.fromkeys(servers, 0), hosts)

    async def mirror(
        self, router: HaproxyRouter, servers: Sequence[str], percent: int, hosts: Mapping[str, Host]
    ) -> None:
        """HAProxy cannot: Refused, unless there is nothing to mirror."""
        if percent:
            raise Refused("HAProxy cannot send copies of requests")

    async def _look(self, router: HaproxyRouter, host: Host) -> tuple[Route, ...]:
        reply = await self._shell.ask(host, Question(text=_composed(lambda: talk.look(router)), limit=LIMIT))
        if reply.completed is None:
            raise Broken(f"{host.name} says that nothing has changed, but it was not asked that")
        return _routes(router, host, _said(router, host, reply.completed))

    async def _tell(
        self,
        router: HaproxyRouter,
        commands: Callable[[], Sequence[str]],
        expected: Mapping[str, int],
        hosts: Mapping[str, Host],
    ) -> None:
        text = _composed(lambda: talk.told(router, commands()))

        async def tell(host: Host) -> None:
            done = await self._shell.run(host, Script(text=f"exec </dev/null\n{text}", limit=LIMIT))
            try:
                rest, complaints = talk.complaints(_said(router, host, done))
            except talk.Senseless as error:
                raise Broken(f"{host.name}: HAProxy: {error}") from error
            if complaints:
                raise Refused(f"{host.name}: HAProxy refuses for the backend {router.backend}: {complaints[0]}")
            seen = {route.server: route.weight for route in _routes(router, host, rest)}
            wrong = [server for server, weight in expected.items() if seen.get(server) != weight]
            if wrong:
                raise Broken(f"{host.name}: HAProxy was told other weights of {', '.join(wrong)} than it has now")

        await on_each(router, hosts, tell)


def _composed(compose: Callable[[], str]) -> str:
    try:
        return compose()
    except ValueError as error:
        raise Refused(str(error)) from error


def _said(router: HaproxyRouter, host: Host, done: Completed) -> str:
    if done.status == 0:
        return done.output.decode(errors="replace") + "\n"
    raise _failure(router, host, done)


def _failure(router: HaproxyRouter, host: Host, done: Completed) -> WorldError:
    where, socket = host.name, router.socket
    match done.status:
        case talk.NO_TALKER:
            return Refused(f"{where} has no program to talk to HAProxy's socket with: install {talk.TALKERS}")
        case talk.NO_SOCKET:
            return Unreachable(
                f"{where}: HAProxy has no socket {socket}: it does not run, or its configuration lacks "
                f"'stats socket {socket} level admin'"
            )
        case talk.NOT_ALLOWED:
            return Denied(f"{where}: {host.user} may not write to {socket}: become: sudo, or be in the socket's group")
        case talk.NO_ANSWER:
            return Unreachable(f"{where}: HAProxy does not answer on {socket}: {_last(done)}")
        case _:
            return Broken(f"{where}: asking HAProxy ended with status {done.status}: {_last(done)}")


def _last(done: Completed) -> str:
    return (done.errors.strip().splitlines() or ["it says nothing"])[-1]


def _routes(router: HaproxyRouter, host: Host, output: str) -> tuple[Route, ...]:
    try:
        return talk.routes(router, output)
    except talk.Missing as error:
        raise Refused(f"{host.name}: {error}") from error
    except talk.Senseless as error:
        raise Broken(f"{host.name}: HAProxy: {error}") from error
