"""`make bench`: everything, one thing after the other, and the report."""

import argparse
import compileall
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench import daemon, job, report, tools
from bench.hosts import Hosts, serving
from bench.run import WentWrong, check, measured, plain, round_of
from bench.tools import TOOLS, Tool
from bench.wire import counting

HERE = Path(__file__).parent
_WIRE_HOSTS = 5
_BOUND = 900.0
"""Seconds after which no peer is begun any more; FULL has four times as many."""


def main() -> None:
    asked = _arguments()
    chosen = [tool for tool in TOOLS if _wanted(tool, asked)]
    results: dict[str, Any] = {
        "when": f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M}Z",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load_before": os.getloadavg()[0],
        "rounds": asked.rounds,
        "peer_rounds": asked.peer_rounds,
        "jobs": {},
        "steady": {},
        "wire": {},
        "daemon": {},
    }
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit("ended from outside; what was measured before is in results.json")
    )
    # An installed program has its byte code; this one may never have been run yet.
    compileall.compile_dir(HERE.parent / "reconciler", quiet=1)
    until = time.monotonic() + (4 * _BOUND if asked.full else _BOUND)
    for count in asked.hosts:
        with _fleet(count) as (hosts, work):
            results["jobs"][count] = _jobs(chosen, hosts, work, (asked, until))
            if not asked.jobs_only:
                results["steady"][count] = _steady(hosts, work)
                results["daemon"][count] = daemon.at_rest(hosts, work, 3)
        _keep(results)
    if not asked.jobs_only:
        for delay in (0, 100):
            results["wire"][delay] = _wire(chosen, delay, until)
        results["simulated"] = _simulated(10_000 if asked.full else 2_000)
    results["load_after"] = os.getloadavg()[0]
    _tell(results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="100 hosts too, three rounds of the peers, 10,000 simulated"
    )
    parser.add_argument("--hosts", type=lambda text: [int(each) for each in text.split(",")], help="such as 10,50")
    parser.add_argument("--tools", type=lambda text: text.split(","), help=",".join(tool.name for tool in TOOLS))
    parser.add_argument("--no-peers", action="store_true", help="only the floor and reconciler")
    parser.add_argument("--jobs-only", action="store_true", help="only the job: no steady state, wire or simulation")
    parser.add_argument("--rounds", type=int, default=3, help="of the floor and reconciler")
    parser.add_argument("--peer-rounds", type=int, help="of the others")
    asked = parser.parse_args()
    asked.hosts = asked.hosts or ([10, 50, 100] if asked.full else [10, 50])
    asked.peer_rounds = asked.peer_rounds or (3 if asked.full else 1)
    return asked


def _wanted(tool: Tool, asked: argparse.Namespace) -> bool:
    if asked.tools:
        return tool.name in asked.tools
    # The idiomatic way of Ansible takes minutes for ten hosts: it is measured when there is time for all.
    return not (tool.peer and asked.no_peers) and (asked.full or tool.name != "ansible")


@contextmanager
def _fleet(count: int) -> Iterator[tuple[Hosts, Path]]:
    with tempfile.TemporaryDirectory(prefix="reconciler-bench-") as folder:
        hosts = Hosts(Path(folder), count)
        with serving(hosts):
            yield hosts, Path(folder)


def _jobs(chosen: list[Tool], hosts: Hosts, work: Path, bounds: tuple[argparse.Namespace, float]) -> dict[str, Any]:
    """Round by round, so that what else goes on on this machine meets all tools alike."""
    asked, until = bounds
    found: dict[str, list[dict[str, Any]]] = {}
    failed: dict[str, Any] = {}
    for number in range(max(asked.rounds, asked.peer_rounds)):
        for tool in chosen:
            enough = number >= (asked.peer_rounds if tool.peer else asked.rounds)
            if enough or tool.name in failed or len(hosts.all) > tool.most_hosts:
                continue
            if tool.peer and time.monotonic() > until:
                failed.setdefault(tool.name, "left out: no time left")
                continue
            _say(f"{len(hosts.all)} hosts, round {number + 1}: {tool.name}")
            try:
                found.setdefault(tool.name, []).append(plain(round_of(tool, hosts, work)))
            except WentWrong as error:
                failed[tool.name] = f"failed: {error}".splitlines()[0]
                print(error, file=sys.stderr)
    return {**{name: _medians(rounds) for name, rounds in found.items() if rounds}, **failed}


def _medians(rounds: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    return {case: {key: median(each[case][key] for each in rounds) for key in rounds[0][case]} for case in rounds[0]}


def _steady(hosts: Hosts, work: Path) -> dict[str, Any]:
    _say(f"{len(hosts.all)} hosts: with connections open")
    for host in hosts.all:
        job.forget(host.root)
    folder = Path(tempfile.mkdtemp(prefix="steady-", dir=work))
    ours, floor = next(t for t in TOOLS if t.name == "reconciler"), next(t for t in TOOLS if t.name == "floor")
    command = [sys.executable, "-m", "bench.steady", str(tools.repository(hosts, folder)), "12"]
    measured(ours, folder, command)
    seen = json.loads((folder / "output").read_text().splitlines()[-1])
    check(ours, hosts, folder, "steady")
    measured(floor, folder, [sys.executable, "-m", "bench.floor", str(tools.fleet_file(hosts, folder)), "13"])
    return {"reconciler": seen, "floor": json.loads((folder / "output").read_text())[1:]}


def _wire(chosen: list[Tool], delay: int, until: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tool in chosen:
        if tool.peer and time.monotonic() > until:
            found[tool.name] = "left out: no time left"
            continue
        _say(f"on the wire, {delay} ms: {tool.name}")
        with tempfile.TemporaryDirectory(prefix="reconciler-bench-") as folder:
            hosts = Hosts(Path(folder), _WIRE_HOSTS)
            hosts.behind = hosts.port + 1
            with serving(hosts), counting(hosts, delay / 2000) as traffic:
                try:
                    found[tool.name] = _counted(tool, hosts, Path(folder), traffic)
                except WentWrong as error:
                    found[tool.name] = f"failed: {error}".splitlines()[0]
    return found


def _counted(tool: Tool, hosts: Hosts, work: Path, traffic: Any) -> dict[str, Any]:
    cases: dict[str, Any] = {}

    def note(case: str, cost: dict[str, float]) -> None:
        each = {key: getattr(traffic, key) / len(hosts.all) for key in ("up", "down", "turns", "connections")}
        cases[case] = {**each, "sessions": cost["sessions"] / len(hosts.all), "wall": cost["wall"]}
        traffic.clear()

    round_of(tool, hosts, work, note)
    return cases


def _simulated(hosts: int) -> dict[str, Any]:
    _say(f"{hosts} simulated hosts")
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-m", "bench.ten_thousand", str(hosts), "3"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        print(f"{hosts} simulated hosts: not done within 600 s", file=sys.stderr)
        return {}
    if done.returncode != 0:
        print(done.stderr[-2000:], file=sys.stderr)
        return {}
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _tell(results: dict[str, Any]) -> None:
    _keep(results)
    print(report.table(json.loads(json.dumps(results))))
    print(f"\nwritten to {HERE / 'results.json'} and results.svg")
    wrong = [cases for jobs in results["jobs"].values() for cases in jobs.values() if isinstance(cases, str)]
    if any(each.startswith("failed") for each in wrong):
        raise SystemExit("not every tool did the job; see above")


def _keep(results: dict[str, Any]) -> None:
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "results.svg").write_text(report.picture(results))


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
