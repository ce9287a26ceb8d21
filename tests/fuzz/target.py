"""What is fuzzed: a function that reads bytes from outside, and honest inputs to begin with."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

LIMIT = 5.0
"""How many seconds of its own time one input may take. No honest one takes a tenth of a second."""


class Hang(BaseException):
    """It took longer than LIMIT. No ``except Exception`` on the way takes it for an error of the input."""


@dataclass(frozen=True, slots=True)
class Target:
    """``read`` returns, or raises what is then a finding: the errors that are documented it takes for an answer."""

    read: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]

    def run(self, data: bytes) -> None:
        """Read the bytes within the limit; raise what was found."""
        with within_limit(LIMIT):
            self.read(data)


@contextmanager
def within_limit(seconds: float) -> Iterator[None]:
    """Raise Hang after so many seconds of this process; a busy machine counts for nothing."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Hang(f"it took longer than {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def told(error: object) -> None:
    """Fail for a text that cannot be printed, sent or stored."""
    str(error).encode()
