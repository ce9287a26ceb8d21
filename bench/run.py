"""One tool at one number of hosts: the hosts emptied, the job done three times, each result looked at on the disk."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp

from bench import job
from bench.hosts import Hosts
from bench.tools import Tool

CASES = ("first", "no-op", "repair")
LIMIT = 420.0


class WentWrong(Exception):
    """A tool failed, or said that it had done the job and had not."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost: seconds, seconds of CPU and MiB of the tool's processes here, and sessions on all hosts."""

    wall: float
    cpu: float
    peak_mib: float
    sessions: int


def _nothing(case: str, cost: dict[str, float]) -> None:
    """Nobody wants to know."""


def round_of(
    tool: Tool, hosts: Hosts, work: Path, note: Callable[[str, dict[str, float]], None] = _nothing
) -> dict[str, Cost]:
    """Do first, no-op and repair once, and ``note`` the cost of each; raise WentWrong."""
    for host in hosts.all:
        job.forget(host.root)
    folder = Path(mkdtemp(prefix=f"{tool.name}-", dir=work))
    command = tool.prepare(hosts, folder)
    costs = {}
    for case in CASES:
        if case == "repair":
            for host in hosts.all[:: max(1, min(10, len(hosts.all)))]:
                job.drift(host.root)
        costs[case] = once(tool, hosts, folder, command)
        note(case, asdict(costs[case]))
        check(tool, hosts, folder, case)
    return costs


def once(tool: Tool, hosts: Hosts, folder: Path, command: list[str]) -> Cost:
    """Run the tool's command once; raise WentWrong when it fails."""
    before = hosts.sessions()
    cost = measured(tool, folder, command)
    return Cost(cost["wall"], cost["cpu"], cost["peak_mib"], hosts.sessions() - before)


def measured(tool: Tool, folder: Path, command: list[str]) -> dict[str, float]:
    """Run a command in the tool's folder; what it prints goes to ``output`` there."""
    result, output = folder / "cost.json", folder / "output"
    home = folder / "home"
    home.mkdir(exist_ok=True)
    names = ("PATH", "TZ", "LANG", "TERM")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment |= {"HOME": str(home), **tool.environment}
    around = [sys.executable, str(Path(__file__).with_name("measured.py")), str(result), str(LIMIT), *command]
    with output.open("wb") as out, (folder / "errors").open("wb") as errors:
        subprocess.run(
            around, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, check=True
        )
    cost: dict[str, float] = json.loads(result.read_text())
    if cost["status"] != 0:
        raise WentWrong(f"{tool.name} ended with status {cost['status']}: {_last_words(folder)}")
    return cost


def check(tool: Tool, hosts: Hosts, folder: Path, case: str) -> None:
    """Raise WentWrong unless every host is as the job says."""
    wrong = [each for host in hosts.all for each in job.wrong(host.root, host.name)]
    if wrong:
        shown = "; ".join(wrong[:3])
        raise WentWrong(
            f"{tool.name}, {case}: {len(wrong)} things are wrong afterwards: {shown}\n{_last_words(folder)}"
        )


def _last_words(folder: Path) -> str:
    text = (folder / "output").read_text(errors="replace") + (folder / "errors").read_text(errors="replace")
    return text[-1500:]


def plain(costs: dict[str, Cost]) -> dict[str, dict[str, float]]:
    """Return the costs as they go to the results."""
    return {case: asdict(cost) for case, cost in costs.items()}
