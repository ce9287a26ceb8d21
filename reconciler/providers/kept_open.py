"""What is kept open for targets, by what each was made from."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

_UNUSED_FOR = 15 * 60.0


class Closes(Protocol):
    """Something that is open until it is closed."""

    def close(self) -> Awaitable[None]:
        """Close it."""
        ...


T = TypeVar("T", bound=Closes)


@dataclass(slots=True)
class _One(Generic[T]):
    made_from: Any
    thing: T
    used: float


class Kept(Generic[T]):
    """Things by key and by what they are made from, made when they are first asked for.

    When what is said of a target changes, what is under way goes on with it as it was: the thing that was made from
    that is closed when nobody has asked for it in fifteen minutes.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, list[_One[T]]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, key: Hashable, made_from: object, make: Callable[[], T]) -> T:
        """Return the thing that was made from just that; whatever ``make`` raises."""
        now = asyncio.get_running_loop().time()
        there = self._kept.setdefault(key, [])
        found = next((each for each in there if each.made_from == made_from), None)
        if found is None:
            found = _One(made_from, make(), now)
            there.append(found)
        found.used = now
        for each in [each for each in there if now - each.used > _UNUSED_FOR]:
            there.remove(each)
            self._close(each.thing)
        return found.thing

    async def close(self) -> None:
        """Close all of them."""
        kept, self._kept = [each for some in self._kept.values() for each in some], {}
        await asyncio.gather(*(each.thing.close() for each in kept), *self._closing)

    def _close(self, thing: T) -> None:
        async def closed() -> None:
            await thing.close()

        closing = asyncio.create_task(closed())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
