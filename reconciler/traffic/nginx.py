"""nginx on load balancer hosts: the servers of an upstream are in a file of ours, and a reload takes it over."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from reconciler.model.target import Host
from reconciler.model.traffic import NginxRouter, Route, Share
from reconciler.ports.errors import Broken, Denied, Refused, Unreachable, WorldError
from reconciler.ports.shell import Completed, Question, Script, Shell
from reconciler.traffic import nginx_file as files
from reconciler.traffic.balancers import on_each

LIMIT = timedelta(seconds=15)
CHANGE_LIMIT = timedelta(seconds=60)


class NginxRouters:
    """``ports.router.Routers`` for nginx."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def weights(self, router: NginxRouter, hosts: Mapping[str, Host]) -> Mapping[str, tuple[Route, ...]]:
        """Return what the file says that each nginx works with."""
        return await on_each(router, hosts, partial(self._routes, router))

    async def set_weights(self, router: NginxRouter, shares: Sequence[Share], hosts: Mapping[str, Host]) -> None:
        """Give the members these weights on every nginx; a weight of 0 is ``down``."""
        if shares:
            await on_each(router, hosts, partial(self._weigh, router, shares))

    async def drain(self, router: NginxRouter, servers: Sequence[str], hosts: Mapping[str, Host]) -> None:
        """Send no new requests to the members, on every nginx; workers with requests under way end by themselves."""
        await self.set_weights(router, [Share(server, 0) for server in servers], hosts)

    async def mirror(
        self, router: NginxRouter, servers: Sequence[str], percent: int, hosts: Mapping[str, Host]
    ) -> None:
        """Send copies of so many percent of the requests to the members; Refused where there is no file for it."""
        if router.mirror is None:
            if percent:
                raise Refused("nginx has no file for copies of requests: the App's traffic.nginx.mirror names it")
            return
        change = _composed(files.mirrored(router, servers, percent), router.mirror)
        await on_each(router, hosts, partial(self._change, change, router.mirror))

    async def _look(self, router: NginxRouter, host: Host) -> str:
        reply = await self._shell.ask(host, Question(text=files.look(router.include), limit=LIMIT))
        if reply.completed is None:
            raise Broken(f"{host.name} says that nothing has changed, but it was not asked that")
        return _said(router.include, host, reply.completed)

    async def _routes(self, router: NginxRouter, host: Host) -> tuple[Route, ...]:
        return _routes(router, host, await self._look(router, host))

    async def _weigh(self, router: NginxRouter, shares: Sequence[Share], host: Host) -> None:
        try:
            now = files.read(await self._look(router, host))
            text = files.servers(router, shares, now)
        except ValueError as error:
            raise Broken(f"{host.name}: {router.include}: {error}") from error
        said = await self._change(_composed(text, router.include), router.include, host)
        seen = {route.server: route.weight for route in _routes(router, host, said)}
        wrong = [share.server for share in shares if seen.get(share.server) != share.weight]
        if wrong:
            raise Broken(f"{host.name}: {router.include} was given other weights of {', '.join(wrong)} than it has now")

    async def _change(self, script: str, path: str, host: Host) -> str:
        done = await self._shell.run(host, Script(text=f"exec </dev/null\n{script}", limit=CHANGE_LIMIT))
        return _said(path, host, done)


def _composed(text: str, path: str) -> str:
    return files.change(path, text)


def _routes(router: NginxRouter, host: Host, output: str) -> tuple[Route, ...]:
    try:
        return files.routes(router, output)
    except ValueError as error:
        raise Broken(f"{host.name}: what {router.include} has in it was not told whole: {error}") from error


def _said(path: str, host: Host, done: Completed) -> str:
    if done.status == 0:
        return done.output.decode(errors="replace") + "\n"
    raise _failure(path, host, done)


def _failure(path: str, host: Host, done: Completed) -> WorldError:
    match done.status:
        case files.NO_NGINX:
            return Refused(f"{host.name} has no nginx")
        case files.NOT_RUNNING:
            return Unreachable(f"{host.name}: nginx does not run")
        case files.WRONG:
            return Refused(f"{host.name}: nginx refuses {path}, which is as it was: {_complaint(done)}")
        case files.NOT_ALLOWED:
            return Denied(f"{host.name}: {host.user} may not write {path}: become: sudo, and let its folder be there")
        case files.NO_NEW_WORKERS:
            return Refused(f"{host.name}: nginx did not take {path} over, which is as it was: see nginx's error log")
        case _:
            return Broken(f"{host.name}: changing {path} ended with status {done.status}: {_complaint(done)}")


def _complaint(done: Completed) -> str:
    lines = done.errors.strip().splitlines() or ["it says nothing"]
    return next((line for line in lines if "[emerg]" in line), lines[-1]).removeprefix("nginx: ")
