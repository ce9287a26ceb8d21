"""What was made out of inputs that may come again. It can be thrown away at any time, and nothing but time is lost."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Work:
    """How much was made anew, and how much was remembered, since it was asked last."""

    made: int = 0
    remembered: int = 0


class Memory:
    """Remembers what the load before this one used, and no more: it is as large as one commit.

    Loads use it one at a time. What is kept under a key has to follow from the key, or from inputs that are kept beside
    it and compared.
    """

    def __init__(self) -> None:
        self._before: dict[Hashable, Any] = {}
        self._now: dict[Hashable, Any] = {}
        self._one_at_a_time = threading.Lock()
        self.work = Work()

    @contextmanager
    def load(self) -> Iterator[None]:
        """Be used by one load."""
        with self._one_at_a_time:
            self._before, self._now, self.work = self._now, {}, Work()
            yield

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what follows from the key alone, made once."""
        found: T | None = self._before.get(key)
        if found is None:
            found = make()
            self.work.made += 1
        else:
            self.work.remembered += 1
        self._now[key] = found
        return found

    def known(self, key: Hashable) -> Any:
        """Return what followed from the key before, None when it was not made."""
        found = self._before.get(key)
        if found is not None:
            self._now[key] = found
        return found

    def again(self, key: Hashable, inputs: Any, make: Callable[[], T]) -> T:
        """Return what follows from the inputs, made anew when they are others than before."""
        found: T | None = self.recall(key, inputs, _right)
        if found is None:
            found = make()
            self.keep(key, inputs, found)
        return found

    def recall(self, key: Hashable, inputs: Any, right: Callable[[Any], bool]) -> Any:
        """Return what was kept under the key with the same inputs, None when there is nothing that is right still."""
        kept = self._before.get(key)
        if kept is None or kept[0] != inputs or not right(kept[1]):
            self.work.made += 1
            return None
        self.work.remembered += 1
        self._now[key] = kept
        return kept[1]

    def keep(self, key: Hashable, inputs: Any, value: Any) -> None:
        """Keep a value that follows from the inputs."""
        self._now[key] = (inputs, value)


def _right(_: Any) -> bool:
    return True
