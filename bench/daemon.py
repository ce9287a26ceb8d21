"""The daemon as a process, at rest: what it keeps in memory, and how soon a commit reaches a host."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench import job, tools
from bench.hosts import Hosts
from bench.memory import mebibytes
from bench.run import WentWrong

LIMIT = 120.0
_STEP = 0.005


def at_rest(hosts: Hosts, work: Path, commits: int) -> dict[str, float]:
    """Return MiB resident after the first rollout, and seconds from a commit to the first byte and to the last host."""
    for host in hosts.all:
        job.forget(host.root)
    folder = Path(tempfile.mkdtemp(prefix="daemon-", dir=work))
    settings = tools.repository(hosts, folder)
    with _running(settings, folder) as process:
        _until(lambda: all(not job.wrong(host.root, host.name) for host in hosts.all), folder)
        _quiet(process.pid)
        first, last = [], []
        for number in range(commits):
            text = f"# commit {number}\n"
            template = folder / "repository" / "desired-state" / "templates" / job.FILES[0]
            template.write_text(job.template(job.FILES[0], "target.name") + text)
            began = time.monotonic()
            tools.commit(folder / "repository")
            _until(partial(_arrived, hosts, text, any), folder)
            first.append(time.monotonic() - began)
            _until(partial(_arrived, hosts, text, all), folder)
            last.append(time.monotonic() - began)
            _quiet(process.pid)
        resident = mebibytes("VmRSS:", process.pid)
    return {"rss_mib": resident, "commit_to_first_byte": median(first), "commit_to_last_host": median(last)}


def _arrived(hosts: Hosts, text: str, how_many: Callable[[Iterable[bool]], bool]) -> bool:
    files = (host.root / job.FOLDER / job.FILES[0] for host in hosts.all)
    return how_many(file.read_text().endswith(text) for file in files)


@contextmanager
def _running(settings: Path, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "reconciler", "run", "--config", str(settings)]
    environment = {**os.environ, "PYTHONPATH": str(tools.HERE.parent)}
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(asked: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + LIMIT
    while not asked():
        if time.monotonic() > deadline:
            log = (folder / "daemon.log").read_text(errors="replace")[-1500:]
            raise WentWrong(f"the daemon did not get there within {LIMIT:g} s; it said: {log}")
        time.sleep(_STEP)


def _quiet(pid: int) -> None:
    """Return when the process has hardly used the CPU for half a second."""
    deadline, before = time.monotonic() + LIMIT, -1.0
    while time.monotonic() < deadline:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        now = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        if now - before < 0.03:
            return
        before = now
        time.sleep(0.5)
