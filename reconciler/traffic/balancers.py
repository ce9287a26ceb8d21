"""What all routers on load balancer hosts have in common: each host is asked side by side, and errors name it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from reconciler.model.target import Host
from reconciler.model.traffic import Router
from reconciler.ports.errors import Unreachable, WorldError

T = TypeVar("T")


async def on_each(router: Router, hosts: Mapping[str, Host], do: Callable[[Host], Awaitable[T]]) -> Mapping[str, T]:
    """Do it on every load balancer side by side; raise a WorldError that names all on which it could not be done.

    The others have been told by then. Its class is that of the first, in the order of names.
    """

    async def one(name: str) -> T | WorldError:
        if name not in hosts:
            return Unreachable(f"the load balancer {name} is no longer a host in Git")
        try:
            return await do(hosts[name])
        except WorldError as error:
            return error

    names = sorted(router.hosts)
    answers = dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))
    errors = {name: answer for name, answer in answers.items() if isinstance(answer, WorldError)}
    if errors:
        first = next(iter(errors.values()))
        raise type(first)("; ".join(_named(name, error) for name, error in errors.items()))
    return {name: answer for name, answer in answers.items() if not isinstance(answer, WorldError)}


def _named(name: str, error: WorldError) -> str:
    text = str(error)
    return text if name in text else f"{name}: {text}"
