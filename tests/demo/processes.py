"""Processes that the demo starts, and the signals that end it; nothing it started is left when it leaves."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, TypeVar, cast

Seen = TypeVar("Seen")

GRACE = 10.0
"""Seconds that a process has to leave by itself."""

PACE = 0.5
"""Seconds between two looks at something that is waited for."""

SHORT = 0.02
"""The same, for the end of a process."""


class Interrupted(BaseException):
    """Somebody wants the demo to end now."""


class NotInTime(Exception):
    """Something did not come about before its deadline; the only argument is what was seen last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all processes get: the folder they start in, and their environment."""

    folder: Path
    environment: Mapping[str, str]


class Processes:
    """Starts processes, each the leader of a group of its own, so that Ctrl-C reaches the demo alone.

    A signal is only noted when it comes, and raised as Interrupted where the demo waits: no process can be lost
    between its start and its entry here.
    """

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._asked_to_end = False

    def listen(self) -> None:
        """Note the signals that ask the demo to end."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def start(
        self, words: Sequence[str | Path], around: Surroundings, into: IO[bytes] | int | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process; its output goes where ours goes, or into the file."""
        process = subprocess.Popen(
            words,
            cwd=around.folder,
            env=around.environment,
            stdin=subprocess.DEVNULL,
            stdout=into,
            stderr=into if into is None else subprocess.STDOUT,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def ended(self, process: subprocess.Popen[bytes], within: float) -> int:
        """Return the exit status of a process when it has ended; raise NotInTime or Interrupted."""
        code = self.level(process.poll, lambda code: code is not None, within, SHORT)
        self._started.remove(process)
        return cast("int", code)

    def level(
        self, look: Callable[[], Seen], is_there: Callable[[Seen], bool], within: float, pace: float = PACE
    ) -> Seen:
        """Look until it is there, and return what was seen; raise NotInTime or Interrupted."""
        deadline = time.monotonic() + within  # noqa: TID251 - the demo happens in the real world
        while not is_there(seen := look()):
            if self._asked_to_end:
                raise Interrupted
            if time.monotonic() > deadline:  # noqa: TID251
                raise NotInTime(seen)
            time.sleep(pace)
        return seen

    def end_all(self) -> None:
        """End whatever still runs, the youngest first: ask, and after a grace make it."""
        for process in reversed(self._started):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._started.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_end = True
