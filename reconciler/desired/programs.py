"""Programs of this machine that make texts from files of the repository: in a folder of their own, and not for long.

They see nothing of ours: neither environment nor network settings nor the home folder. What a program printed for the
same files and arguments is remembered. It is run twice, for a program that prints something else each time would make
every start of the daemon a new version of the app.
"""

import os
import resource
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.desired.memory import Memory
from reconciler.model.canonical import digest, digest_bytes
from reconciler.ports.kind import InputError
from reconciler.ports.program import Program

LIMIT = 60.0
"""The most seconds that a program may take."""

OUTPUT_LIMIT = 16 * 1024 * 1024
"""The most bytes that it may print, and that any file that it writes may have."""

_SHOWN_AT_MOST = 2000
_NOWHERE = "http://127.0.0.1:9"


class NotRun(Exception):
    """A program is not run, for the commit is not trusted. The text says which, and what it waits for."""


class _Failed(Exception):
    """It made no text, and will make none of the same inputs; the text here says why."""


def remembered(program: Program, memory: Memory) -> str:
    """Return what the program printed for the same inputs when it was run last; raise NotRun, it is not run now."""
    path = shutil.which(program.command)
    made = memory.known(("output", _key(program, path))) if path else None
    if made is None or isinstance(made, _Failed):
        raise NotRun(f"{program.command} is not run with what is only proposed")
    return str(made)


def output(program: Program, memory: Memory) -> str:
    """Return what the program prints; raise InputError. Only what is the machine's fault is tried again."""
    path = shutil.which(program.command)
    if path is None:
        message = f"the command {program.command} is not installed here: {program.install}"
        raise InputError(program.key, message)
    key = _key(program, path)
    called = " ".join((program.command, *program.arguments))
    try:
        made: str | _Failed = memory.of(("output", key), lambda: _made(program, path))
    except (OSError, subprocess.TimeoutExpired) as error:
        late = isinstance(error, subprocess.TimeoutExpired)
        why = f"it has not ended after {LIMIT:.0f} s" if late else f"it cannot be run: {error}"
        raise InputError(program.key, f"{called}: {why}") from error
    if isinstance(made, _Failed):
        raise InputError(program.key, f"{called}: {made}")
    return made


def _key(program: Program, path: str) -> str:
    files = {name: digest_bytes(data) for name, data in sorted(program.files.items())}
    return digest({"command": path, "arguments": program.arguments, "files": files})


def _made(program: Program, path: str) -> str | _Failed:
    try:
        first, second = _printed(program, path), _printed(program, path)
        if first != second:
            why = "it prints something else each time, thus nobody could tell what is new"
            return _Failed(f"{why}; do without the time and random values in it, or give them as values")
        return first.decode()
    except UnicodeDecodeError:
        return _Failed("what it prints is no text in UTF-8")
    except _Failed as failed:
        return failed


def _printed(program: Program, path: str) -> bytes:
    with TemporaryDirectory(prefix="reconciler-") as made:
        folder = Path(made) / "files"
        for name, data in program.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        written, errors = Path(made) / "output", Path(made) / "errors"
        status = _run((path, *program.arguments), folder, (written, errors))
        if written.stat().st_size >= OUTPUT_LIMIT:
            raise _Failed(f"it prints more than {OUTPUT_LIMIT // 1024 // 1024} MiB")
        if status:
            said = errors.read_bytes()[:_SHOWN_AT_MOST].decode(errors="replace").replace(f"{folder}/", "").strip()
            raise _Failed(said or f"it ended with status {status} and said nothing")
        return written.read_bytes()


def _run(command: tuple[str, ...], folder: Path, written: tuple[Path, Path]) -> int:
    folder.mkdir(exist_ok=True)
    with written[0].open("wb") as output, written[1].open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - no shell, and nothing of it is looked up but the command
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=folder,
            env=_environment(folder.parent),
            start_new_session=True,
        )
        try:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (OUTPUT_LIMIT, OUTPUT_LIMIT))
            return process.wait(LIMIT)
        except ProcessLookupError:
            return process.wait(LIMIT)
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it with all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(home: Path) -> dict[str, str]:
    """All that it is told; proxies that are not there, and no way for git, so that nothing is fetched by accident."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LC_ALL": "C.UTF-8",
        "KUBECONFIG": os.devnull,
        "GIT_ALLOW_PROTOCOL": "none",
        **proxies,
    }
