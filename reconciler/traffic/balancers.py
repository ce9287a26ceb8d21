"""What all routers have in common: each load balancer is asked side by side, and errors name it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from reconciler.model.target import Target
from reconciler.model.traffic import BalancerRouter, Router
from reconciler.ports.errors import Unreachable, WorldError

T = TypeVar("T")
On = TypeVar("On", bound=Target)


async def on_each(router: Router, hosts: Mapping[str, On], do: Callable[[On], Awaitable[T]]) -> Mapping[str, T]:
    """Do it on every load balancer side by side; raise a WorldError that names all on which it could not be done.

    The others have been told by then. Its class is that of the first, in the order of names.
    """

    async def one(name: str) -> T | WorldError:
        if name not in hosts:
            what = f"the load balancer {name} is no longer a host" if on_hosts else f"{name} is no longer a cluster"
            return Unreachable(f"{what} in Git")
        try:
            return await do(hosts[name])
        except WorldError as error:
            return error

    on_hosts, names = isinstance(router, BalancerRouter), sorted(router.hosts)
    answers = dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))
    errors = {name: answer for name, answer in answers.items() if isinstance(answer, WorldError)}
    if errors:
        first = next(iter(errors.values()))
        raise type(first)("; ".join(_named(name, error) for name, error in errors.items()))
    return {name: answer for name, answer in answers.items() if not isinstance(answer, WorldError)}


def _named(name: str, error: WorldError) -> str:
    text = str(error)
    return text if name in text else f"{name}: {text}"
