"""Programs that print secrets: no shell, bounded in time and output, and nothing that they print is told."""

import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import IO

from reconciler.ports.clock import Clock
from reconciler.ports.secrets import SecretUnknown
from reconciler.providers.secret_reading import LARGEST, Raw, StoreAway, versionless

_AT_ONCE = 64 * 1024


class Command:
    """A program of this machine that is given the path as its last word and prints the value."""

    def __init__(self, name: str, program: Sequence[str], runner: "Runner") -> None:
        self._name = name
        self._program = program
        self._runner = runner

    def read(self, path: str, version: str) -> Raw:
        """Return what the program prints, with status 0; no status says that there is no value."""
        versionless(self._name, version)
        return self._runner.output((*self._program, path), b"", {})


class Runner:
    """Runs programs for secrets, each within the limit. The words of a command are seen by all: no value is in them."""

    def __init__(self, limit: timedelta, clock: Clock, environment: Mapping[str, str]) -> None:
        self._limit = limit
        self._clock = clock
        self._told = {name: environment[name] for name in ("PATH", "HOME", "USER", "LANG") if name in environment}

    def output(self, command: Sequence[str], given: bytes, beside: Mapping[str, str]) -> bytes:
        """Return what the command prints, which is given bytes to read and variables beside; raise SecretUnknown.

        What it says on its way is not told: it may hold what nobody may read.
        """
        with tempfile.TemporaryFile() as source:
            source.write(given)
            source.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603 - no shell; the words come from the settings of this machine
                    command,
                    stdin=source,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={"LC_ALL": "C.UTF-8", **self._told, **beside},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                raise StoreAway(f"cannot run {command[0]}: {error.strerror}") from None
        try:
            if process.stdout is None:
                raise AssertionError("internal error: what a program prints is always read")
            data = self._read(process.stdout, command[0])
            status = process.wait(self._limit.total_seconds())
        except subprocess.TimeoutExpired:
            raise self._late(command[0]) from None
        finally:
            _end(process)
        if status != 0:
            raise SecretUnknown(f"{command[0]} ended with status {status}; run it by hand to see why")
        return data

    def _read(self, output: IO[bytes], program: str) -> bytes:
        until, data = self._clock.now() + self._limit, b""
        with selectors.DefaultSelector() as waiting:
            waiting.register(output, selectors.EVENT_READ)
            while True:
                left = (until - self._clock.now()).total_seconds()
                if left <= 0 or not waiting.select(left):
                    raise self._late(program)
                more = os.read(output.fileno(), _AT_ONCE)
                if not more:
                    return data
                data += more
                if len(data) > LARGEST:
                    raise SecretUnknown(f"{program} prints more than {LARGEST // 1024 // 1024} MiB, which is no secret")

    def _late(self, program: str) -> StoreAway:
        return StoreAway(f"{program} has not ended within {self._limit.total_seconds():g} s")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it with all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
